import { afterAll, beforeAll, expect, it } from '@jest/globals';
import path from 'node:path';
import { consulKvStore } from '../../src/consul/index.js';
import { kvKey, kvLayout } from '../../src/domain/source/kv-layout.js';
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
  const killAfter = async (command: string, ms: number): Promise<void> => {
    const running = await start(command);
    await new Promise((resolve) => setTimeout(resolve, ms));
    await running.kill();
  };
  const revisionInKv = async (): Promise<string> => {
    const entry = await store.get(layout.ref, { signal });
    return (JSON.parse(Buffer.from(entry?.value ?? []).toString()) as { revision: string }).revision;
  };
  const versionsLive = async (): Promise<Set<string>> =>
    new Set((await appsOf(world.marathonUrl)).map((app) => app.env?.['VERSION'] ?? ''));

  it('leaves the mirror exact, whatever the moment, and the deployer acts on no half of it', async () => {
    await world.write(files('2'));
    const revision = await world.push('All of them change');
    const deployer = await start('deploy');
    for (let kill = 0; kill < KILLS; kill++) {
      await killAfter('mirror', 200 + Math.random() * 500);
      const state = await readMirror(store, layout, { signal, full: true });
      expect(state.kind).not.toBe('tampered');
      if (state.kind === 'whole' && state.mirrorRef.revision === revision) break;
      expect(await versionsLive()).toEqual(new Set(['1']));
    }
    await deployer.kill();
    const mirror = await start('mirror');
    await until('the mirror is whole', async () => {
      const state = await readMirror(store, layout, { signal, full: true });
      return state.kind === 'whole' && state.mirrorRef.revision === revision;
    });
    await mirror.stop();
    expect(await revisionInKv()).toBe(revision);
    const { value } = await store.list(layout.config, { signal });
    expect(value).toHaveLength(FILES);
    for (const name of names) {
      const entry = await store.get(kvKey(`${layout.config}${name}.json`), { signal });
      expect(Buffer.from(entry?.value ?? []).toString()).toBe(files('2')[`jobs/${name}.json`]);
    }
  }, 240_000);

  it('leaves every job deployed once, whenever the deployer dies', async () => {
    for (let kill = 0; kill < KILLS; kill++) await killAfter('deploy', 300 + Math.random() * 1500);
    const result = await world.towline('deploy', '--once');
    if (result.code !== 0) throw new Error(result.stderr + result.stdout.slice(-2000));
    const apps = await appsOf(world.marathonUrl);
    expect(apps).toHaveLength(FILES);
    expect(new Set(apps.map((app) => app.env?.['VERSION']))).toEqual(new Set(['2']));
    // One version from the first deploy and one from the second: nothing was sent twice.
    expect(apps.filter((app) => app.versions !== 2).map((app) => app.id)).toEqual([]);
    const [status] = JSON.parse((await world.towline('status', 'test', '--output', 'json')).stdout) as {
      ledger: { openIntents: string[] };
      jobs: { state: string }[];
    }[];
    expect(status?.ledger.openIntents).toEqual([]);
    expect(status?.jobs.every((job) => job.state === 'applied')).toBe(true);
    expect((await world.towline('plan', 'test')).code).toBe(0);
  }, 240_000);
});
