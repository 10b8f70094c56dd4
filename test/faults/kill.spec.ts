import { afterAll, beforeAll, expect, it } from '@jest/globals';
import path from 'node:path';
import { consulKvStore } from '../../src/consul/index.js';
import { kvLayout } from '../../src/domain/source/kv-layout.js';
import { parseMirrorChanges } from '../../src/domain/source/mirror-ref.js';
import { readMirror } from '../../src/queries/desired.js';
import { silentLog } from '../../src/runtime/log.js';
import { appsOf, idle, openWorld, type World } from '../e2e/world.js';
import { until, type Running } from '../scenario/processes.js';
import { withServer } from '../servers/index.js';

const FILES = 300;
const KILLS = 10;
const signal = new AbortController().signal;
const layout = kvLayout('towline/', 'test');

withServer('consul', 'kill -9 during a commit of 300 files', () => {
  let world: World;
  let store: ReturnType<typeof consulKvStore>;
  const names = Array.from({ length: FILES }, (_, at) => `group-${at % 10}/app-${at}`);
  // Large enough that the mirror needs many transactions.
  const files = (version: string) =>
    Object.fromEntries(
      names.map((name) => [
        `jobs/${name}.json`,
        idle(`/${name}`, { env: { VERSION: version, PADDING: 'x'.repeat(6000) } }),
      ]),
    );

  beforeAll(async () => {
    world = await openWorld();
    store = consulKvStore({ address: world.consul.url, log: silentLog() });
    await world.write(files('1'));
    await world.push('Three hundred apps');
    expect((await world.towline('mirror', '--once')).code).toBe(0);
    const deployed = await world.towline('deploy', '--once');
    if (deployed.code !== 0) throw new Error(deployed.stderr + deployed.stdout.slice(-2000));
  }, 300_000);
  afterAll(async () => {
    await store?.close();
    await world?.close();
  }, 60_000);

  const start = (command: string): Promise<Running> =>
    world.processes.start(process.execPath, [world.program, '--config', world.configFile, command], {
      cwd: world.folder,
      logFile: path.join(world.folder, `${command}.log`),
    });
  const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  const push = async (version: string): Promise<string> => {
    await world.write(files(version));
    return world.push(`Version ${version}`);
  };
  const live = async (): Promise<Map<string, { version: string; versions: number }>> =>
    new Map(
      (await appsOf(world.marathonUrl)).map(({ id, env, versions }) => [
        id,
        { version: env?.['VERSION'] ?? '', versions },
      ]),
    );
  const mirrorIsWriting = async (): Promise<boolean> => {
    const entry = await store.get(layout.changes, { signal });
    return entry !== undefined && parseMirrorChanges(entry.value)?.state === 'writing';
  };
  /** Every other time at any moment of its life, else in the middle of its work. */
  const killAtRandom = async (
    command: string,
    round: number,
    lifeMs: number,
    isWorking: () => Promise<boolean>,
  ): Promise<void> => {
    const running = await start(command);
    if (round % 2 === 0) await pause(Math.random() * lifeMs);
    else {
      const limit = Date.now() + 20_000;
      while (!(await isWorking()) && Date.now() < limit) await pause(2);
      await pause(Math.random() * 60);
    }
    await running.kill();
  };

  it('leaves the mirror exact, whatever the moment, and the deployer acts on no half of it', async () => {
    const deployer = await start('deploy');
    const whole = new Set(['1']);
    let interrupted = 0;
    let revision = '';
    for (let kill = 0; kill < KILLS; kill++) {
      const version = String(kill + 2);
      revision = await push(version);
      await killAtRandom('mirror', kill, 900, mirrorIsWriting);
      const state = await readMirror(store, layout, { signal, full: true });
      expect(state.kind).not.toBe('tampered');
      if (state.kind === 'incomplete') interrupted += 1;
      else if (state.kind === 'whole' && state.mirrorRef.revision === revision) whole.add(version);
      for (const app of (await live()).values()) expect(whole).toContain(app.version);
    }
    // Or the test has proved nothing.
    expect(interrupted).toBeGreaterThan(0);
    await deployer.kill();
    const mirror = await start('mirror');
    await until('the mirror is whole', async () => {
      const state = await readMirror(store, layout, { signal, full: true });
      return state.kind === 'whole' && state.mirrorRef.revision === revision;
    });
    await mirror.stop();
    const entry = await store.get(layout.ref, { signal });
    expect(JSON.parse(Buffer.from(entry?.value ?? []).toString())).toMatchObject({ revision });
    const { value } = await store.list(layout.config, { signal });
    expect(new Map(value.map(({ key, value: bytes }) => [key, Buffer.from(bytes).toString()]))).toEqual(
      new Map(
        Object.entries(files(String(KILLS + 1))).map(([name, text]) => [
          layout.config + name.slice('jobs/'.length),
          text,
        ]),
      ),
    );
  }, 240_000);

  it('leaves every job deployed once, whenever the deployer dies', async () => {
    const settled = await world.towline('deploy', '--once');
    if (settled.code !== 0) throw new Error(settled.stderr + settled.stdout.slice(-2000));
    const before = await live();
    await push('last');
    expect((await world.towline('mirror', '--once')).code).toBe(0);
    const someDone = async (): Promise<boolean> => {
      const count = [...(await live()).values()].filter(({ version }) => version === 'last').length;
      return count > 0 && count < FILES;
    };
    for (let kill = 0; kill < KILLS; kill++) await killAtRandom('deploy', kill, 1800, someDone);
    const result = await world.towline('deploy', '--once');
    if (result.code !== 0) throw new Error(result.stderr + result.stdout.slice(-2000));
    const after = await live();
    expect([...after.keys()].sort()).toEqual(names.map((name) => `/${name}`).sort());
    // One more version each: every job was sent, and none twice.
    expect([...after].map(([id, { version, versions }]) => [id, version, versions])).toEqual(
      [...after.keys()].map((id) => [id, 'last', (before.get(id)?.versions ?? 0) + 1]),
    );
    const [status] = JSON.parse((await world.towline('status', 'test', '--output', 'json')).stdout) as {
      ledger: { openIntents: string[] };
      jobs: { state: string }[];
    }[];
    expect(status?.ledger.openIntents).toEqual([]);
    expect(status?.jobs.every((job) => job.state === 'applied')).toBe(true);
    expect((await world.towline('plan', 'test')).code).toBe(0);
  }, 240_000);
});
