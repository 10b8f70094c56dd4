import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { consulKvStore } from '../../src/consul/index.js';
import { kvLayout } from '../../src/domain/source/kv-layout.js';
import { parseMirrorChanges } from '../../src/domain/source/mirror-ref.js';
import { readMirror } from '../../src/queries/desired.js';
import { silentLog } from '../../src/runtime/log.js';
import { GitSandbox } from '../fakes/git-sandbox.js';
import { Processes, until, type Running } from '../scenario/processes.js';
import { startConsul, withServer, type ConsulServer } from '../servers/index.js';

const FILES = 5000;
const signal = new AbortController().signal;
const layout = kvLayout('towline/', 'test');
const program = path.resolve(import.meta.dirname, '../../dist/towline.js');

withServer('consul', 'a change of 5,000 files', () => {
  let consul: ConsulServer;
  let sandbox: GitSandbox;
  let processes: Processes;
  let store: ReturnType<typeof consulKvStore>;
  beforeAll(async () => {
    consul = await startConsul();
    sandbox = new GitSandbox();
    store = consulKvStore({ address: consul.url, log: silentLog() });
    processes = new Processes({
      PATH: process.env['PATH'] ?? '',
      HOME: sandbox.root,
      CONSUL_HTTP_ADDR: consul.url,
      TOWLINE_REPOSITORY_URL: sandbox.bare,
      TOWLINE_POLL_SECONDS: '1',
    });
    writeFileSync(
      path.join(sandbox.root, 'towline.yaml'),
      `version: 1\nenvironments:\n  test:\n    folder: jobs\n    schedulers: { marathon: { url: 'http://127.0.0.1:1' } }\n`,
    );
  }, 60_000);
  afterAll(async () => {
    await processes?.stopAll();
    await store?.close();
    await consul?.close();
    sandbox?.remove();
  }, 60_000);

  const start = (name: string): Promise<Running> =>
    processes.start(process.execPath, [program, 'mirror'], {
      cwd: sandbox.root,
      logFile: path.join(sandbox.root, `${name}.log`),
    });
  const push = (version: string): string => {
    sandbox.write(
      Object.fromEntries(
        Array.from({ length: FILES }, (_, at) => [
          `jobs/group-${at % 50}/${at}.json`,
          `{"at": ${at}, "version": "${version}", "pad": "${'x'.repeat(800)}"}\n`,
        ]),
      ),
    );
    const id = sandbox.commit(`Version ${version}`);
    sandbox.push('--force', 'origin', 'HEAD:main');
    return id;
  };
  const isWriting = async (): Promise<boolean> => {
    const entry = await store.get(layout.changes, { signal });
    return entry !== undefined && parseMirrorChanges(entry.value)?.state === 'writing';
  };
  const versionsIn = (files: readonly { bytes: Uint8Array }[]): Set<string> =>
    new Set(
      files.map(({ bytes }) => /"version": "(\w+)"/.exec(Buffer.from(bytes).toString())?.[1] ?? 'none'),
    );
  const mirrored = (id: string) =>
    until(
      `${id} is mirrored`,
      async () => {
        const state = await readMirror(store, layout, { signal, full: true });
        return state.kind === 'whole' && state.mirrorRef.revision === id ? state : undefined;
      },
      { limitMs: 120_000, pauseMs: 50 },
    );

  it('is seen as a whole or not at all, by a reader that never stops looking, over several crashes', async () => {
    let mirror = await start('first');
    await mirrored(push('v0'));
    const seen: string[] = [];
    let looks = 0;
    let reading = true;
    const reader = (async () => {
      while (reading) {
        const state = await readMirror(store, layout, { signal, full: true });
        looks += 1;
        if (state.kind === 'tampered') throw new Error(`tampered: ${state.reason}`);
        if (state.kind !== 'whole') continue;
        const versions = versionsIn(state.files);
        if (versions.size !== 1) throw new Error(`a mix: ${[...versions].join(', ')}`);
        seen.push(...versions);
      }
    })();
    let crashed = 0;
    let last = '';
    // A slow machine looks less often: then there are more of them.
    for (let crash = 1; crash <= 3 || (looks <= 20 && crash <= 12); crash++) {
      last = `v${crash}`;
      const id = push(last);
      await until('it writes', isWriting, { limitMs: 60_000, pauseMs: 1 });
      await mirror.kill();
      if (await isWriting()) crashed += 1;
      mirror = await start(`after-${crash}`);
      await mirrored(id);
    }
    reading = false;
    await reader;
    await mirror.stop();
    // Or nothing was proved.
    expect(crashed).toBeGreaterThan(0);
    expect(looks).toBeGreaterThan(20);
    expect([...new Set(seen)].at(-1)).toBe(last);
  }, 300_000);

  it('is written by one mirror: one that slept over the end of its lock writes nothing any more', async () => {
    const sleeper = await start('sleeper');
    await mirrored(push('w0'));
    const successor = await start('successor');
    push('w1');
    await until('the first one writes', isWriting, { limitMs: 60_000, pauseMs: 1 });
    process.kill(sleeper.pid, 'SIGSTOP');
    try {
      // Or it sleeps with nothing left to write, and the test proves nothing.
      expect(await isWriting()).toBe(true);
      const id = push('w2');
      const state = await mirrored(id);
      expect(versionsIn(state.files)).toEqual(new Set(['w2']));
      const before = await store.list(layout.config, { signal });
      process.kill(sleeper.pid, 'SIGCONT');
      await until('the sleeper notices', async () => /lost the lock/.test(sleeper.output()), {
        limitMs: 60_000,
      });
      expect((await store.list(layout.config, { signal })).index).toBe(before.index);
      expect((await mirrored(id)).files).toHaveLength(FILES);
    } finally {
      await sleeper.kill();
      await successor.stop();
    }
  }, 300_000);
});
