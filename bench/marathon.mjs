// What a deploy costs beside what Marathon needs for it: a pass with nothing to do over many apps, and the time from the
// mirror's `.ref` to the request at Marathon for one app of many. `npm run bench:marathon [-- --noop 5000 --one 10000]`;
// the numbers also go to build/bench-marathon.json.
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { freePorts, startConsul } from './lib/consul.mjs';
import { commits, manifest, nameOf } from './lib/repository.mjs';

const RUNS = Number(process.env.BENCH_RUNS ?? 15);
const program = path.resolve(import.meta.dirname, '../dist/towline.js');
const { values: given } = parseArgs({
  options: {
    noop: { type: 'string', default: '5000' },
    one: { type: 'string', default: '10000' },
    log: { type: 'boolean' },
  },
});
const results = [];
const report = (row) => {
  results.push(row);
  console.log(
    `${String(row.apps).padStart(6)}  ${row.what.padEnd(52)} ${row.ms.toFixed(0).padStart(6)} ms  ${row.bound}${row.more ?? ''}`,
  );
};
const now = () => performance.timeOrigin + performance.now();

const folder = await mkdtemp(path.join(os.tmpdir(), 'towline-bench-'));
const consul = await startConsul();
try {
  await noop(Number(given.noop));
  await one(Number(given.one));
} finally {
  await consul.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}
await mkdir('build', { recursive: true });
await writeFile('build/bench-marathon.json', `${JSON.stringify(results, null, 2)}\n`);

/** The environment with all apps live, owned and on record. */
async function world(count, name, edits) {
  const bare = path.join(folder, `${name}.git`);
  const history = await commits(bare, count, edits);
  const double = await startDouble();
  const home = path.join(folder, name);
  await mkdir(home);
  const [port] = await freePorts(1);
  await writeFile(
    path.join(home, 'towline.yaml'),
    [
      'version: 1',
      `repository: { url: ${bare} }`,
      `consul: { address: '${consul.url}', prefix: ${name}/ }`,
      'environments:',
      '  bench:',
      '    folder: jobs',
      `    schedulers: { marathon: { url: '${double.url}' } }`,
      '    deploy: { concurrency: 64, soakSeconds: 0, prune: { maxCount: 100000, maxShare: 1 } }',
      `server: { listen: '127.0.0.1:${port}' }`,
      'poll: { intervalSeconds: 3600, reconcileSeconds: 3600 }',
    ].join('\n'),
  );
  const towline = (...args) =>
    spawn(
      process.execPath,
      [...(process.env.BENCH_NODE_ARGS ?? '').split(' ').filter(Boolean), program, ...args],
      {
        cwd: home,
        stdio: ['ignore', 'ignore', given.log ? 'inherit' : 'ignore'],
        env: { ...process.env, TOWLINE_LOG_LEVEL: given.log ? 'debug' : 'error' },
      },
    );
  const move = (commit) => writeFile(path.join(bare, 'refs/heads/main'), `${commit}\n`);
  await move(history[0]);
  return { double, towline, move, history, port, name, close: () => double.close() };
}

async function startDouble() {
  const child = fork(path.join(import.meta.dirname, 'lib/marathon-double.mjs'), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [{ port }] = await once(child, 'message');
  const told = [];
  const waiting = [];
  child.on('message', (message) => {
    told.push(message);
    for (const each of waiting.splice(0)) each();
  });
  return {
    url: `http://127.0.0.1:${port}`,
    told,
    /** The first message after a time that fits. */
    async next(fits) {
      for (;;) {
        const found = told.find(fits);
        if (found !== undefined) return found;
        await new Promise((resolve) => waiting.push(resolve));
      }
    },
    async close() {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** A whole pass that finds everything as it should be, as a process of its own. */
async function noop(count) {
  const { double, towline, close } = await world(count, `noop-${count}`, []);
  try {
    await ended(towline('mirror', '--once'));
    await ended(towline('deploy', '--once'));
    if (double.told.filter(({ wrote }) => wrote !== undefined).length !== count)
      throw new Error('not all were deployed');
    const times = [];
    let peak = 0;
    for (let run = 0; run < 5; run++) {
      double.told.length = 0;
      const child = towline('deploy', '--once');
      const watching = setInterval(
        () => void peakOf(child.pid).then((mib) => (peak = Math.max(peak, mib))),
        20,
      );
      await ended(child);
      const finished = now();
      clearInterval(watching);
      const { listed } = double.told.find((message) => message.listed !== undefined);
      if (double.told.some(({ wrote }) => wrote !== undefined)) throw new Error('it changed something');
      times.push(finished - listed);
    }
    report({
      apps: count,
      what: 'nothing to do: from the list to the end of the process',
      ms: median(times),
      bound: '1000 ms',
      more: `, peak ${peak} MiB, no changing call`,
    });
  } finally {
    await close();
  }
}

/** From `.ref` to the request for the one app that a commit changes, in a daemon. */
async function one(count) {
  const edits = Array.from({ length: RUNS + 2 }, (_, n) => [[nameOf(100 + n), manifest(100 + n, n + 1)]]);
  const { double, towline, move, history, port, name, close } = await world(count, `one-${count}`, edits);
  let daemon;
  let mirror;
  try {
    await ended(towline('mirror', '--once'));
    await ended(towline('deploy', '--once'));
    mirror = towline('run', 'mirror');
    daemon = towline('run', 'deploy', '--no-server');
    await double.next(
      ({ listed }) => listed !== undefined && double.told.filter((m) => m.listed !== undefined).length > 1,
    );
    await new Promise((resolve) => setTimeout(resolve, 4000));
    const times = [];
    for (const commit of history.slice(1)) {
      const from = now();
      await move(commit);
      const ref = refOf(`${name}/bench/.ref`, commit);
      const poked = await fetch(`http://127.0.0.1:${port}/reconcile`, { method: 'POST' });
      await poked.arrayBuffer();
      const at = await ref;
      const { wrote } = await double.next((message) => message.wrote > from);
      times.push(wrote - at);
      await new Promise((resolve) => setTimeout(resolve, 1500));
    }
    report({
      apps: count,
      what: 'one app changed: from .ref to the request',
      ms: median(times.slice(2)),
      bound: '100 ms',
      more: `, of ${RUNS}: ${times
        .slice(2)
        .map((t) => t.toFixed(0))
        .sort((a, b) => a - b)
        .join(' ')}; peak ${await peakOf(daemon.pid)} MiB`,
    });
  } finally {
    for (const child of [daemon, mirror].filter((each) => each !== undefined)) {
      const end = once(child, 'exit');
      child.kill('SIGTERM');
      await end;
    }
    await close();
  }
}

/** When `.ref` had a commit, as a blocking query tells it: what a reader could know at the earliest. */
async function refOf(key, commit) {
  for (let index = 0; ;) {
    const answer = await fetch(
      `${consul.url}/v1/kv/${key}?raw&wait=60s${index === 0 ? '' : `&index=${index}`}`,
    );
    index = Number(answer.headers.get('x-consul-index') ?? 0);
    if ((await answer.text()).includes(commit)) return now();
  }
}

async function ended(child) {
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`towline ended with ${code}`);
}

async function peakOf(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
}

function median(times) {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)];
}
