import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { consulKvStore } from '../../src/consul/index.js';
import { kvLayout } from '../../src/domain/source/kv-layout.js';
import { readMirror } from '../../src/queries/desired.js';
import { silentLog } from '../../src/runtime/log.js';
import { GitSandbox } from '../fakes/git-sandbox.js';
import { Processes, until, type Running } from '../scenario/processes.js';
import { freePorts, startConsul, withServer, type ConsulServer } from '../servers/index.js';
import { random, writeHistory } from './random-history.js';

const COMMITS = 500;
const KILLS = 4;
const RESTARTS = 9;
const signal = new AbortController().signal;
const layout = kvLayout('towline/', 'test');
const program = path.resolve(import.meta.dirname, '../../dist/towline.js');

withServer('consul', 'a mirror over 500 random commits', () => {
  let consul: ConsulServer;
  let sandbox: GitSandbox;
  let processes: Processes;
  let store: ReturnType<typeof consulKvStore>;
  let port = 0;
  beforeAll(async () => {
    consul = await startConsul();
    sandbox = new GitSandbox();
    store = consulKvStore({ address: consul.url, log: silentLog() });
    [port = 0] = await freePorts(1);
    processes = new Processes({
      PATH: process.env['PATH'] ?? '',
      HOME: sandbox.root,
      CONSUL_HTTP_ADDR: consul.url,
      TOWLINE_REPOSITORY_URL: sandbox.bare,
      TOWLINE_POLL_SECONDS: '2',
    });
    writeFileSync(
      path.join(sandbox.root, 'towline.yaml'),
      `version: 1\nenvironments:\n  test:\n    folder: jobs\n    mirror: { deletes: { maxCount: 1000, maxShare: 1 } }\n    schedulers: { marathon: { url: 'http://127.0.0.1:1' } }\n`,
    );
  }, 60_000);
  afterAll(async () => {
    await processes?.stopAll();
    await store?.close();
    await consul?.close();
    sandbox?.remove();
  }, 60_000);

  const start = (): Promise<Running> =>
    processes.start(process.execPath, [program, 'run', 'mirror', '--listen', `127.0.0.1:${port}`], {
      cwd: sandbox.root,
      logFile: path.join(sandbox.root, 'mirror.log'),
    });
  const poke = (): Promise<unknown> =>
    fetch(`http://127.0.0.1:${port}/webhook/test`, { method: 'POST', body: '{}' }).catch(() => undefined);

  it('holds the tree of every commit, byte for byte, whatever happens in between', async () => {
    const seed = Number(process.env['TOWLINE_TEST_SEED'] ?? Date.now() % 1_000_000);
    const next = random(seed + 1);
    const history = writeHistory(sandbox.bare, COMMITS, seed);
    const every = (times: number, at: number): boolean => at % Math.floor(COMMITS / (times + 1)) === 7;
    let mirror = await start();
    for (const [at, { id, tree }] of history.entries()) {
      writeFileSync(path.join(sandbox.bare, 'refs/heads/main'), `${id}\n`);
      await poke();
      if (every(KILLS, at)) {
        await new Promise((resolve) => setTimeout(resolve, next() * 30));
        await mirror.kill();
        mirror = await start();
      } else if (every(RESTARTS, at + 20)) {
        await consul.stop();
        await consul.start();
      }
      // A commit in between may be passed over, as a push that follows another one at once is.
      if (next() < 0.1 && at + 1 < COMMITS) continue;
      const state = await until(
        `commit ${at} of seed ${seed} is mirrored`,
        async () => {
          const read = await readMirror(store, layout, { signal, full: true }).catch(() => undefined);
          // Whatever is whole is a commit of this history: the one before, or this one.
          if (read?.kind === 'whole' && read.mirrorRef.revision === id) return read;
          await poke();
          return undefined;
        },
        { limitMs: 90_000, pauseMs: 5 },
      );
      const held = new Map(state.files.map((file) => [file.path, Buffer.from(file.bytes).toString()]));
      expect({ seed, at, held }).toEqual({ seed, at, held: new Map([...tree].sort()) });
    }
    await mirror.stop();
  }, 400_000);
});
