// How long a push takes to stand in Consul KV, beside the least that git and Consul ask for, all in one run.
// `npm run bench:mirror [-- 1000 10000 100000]`; the numbers also go to build/bench-mirror.json.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { freePorts, startConsul, waitForText, writeRaw } from './lib/consul.mjs';
import { commits, manifest, nameOf, readAll, readBlobs, run } from './lib/repository.mjs';

const RUNS = 11;
const program = path.resolve(import.meta.dirname, '../dist/towline.js');
const sizes = process.argv.slice(2).map(Number);
const results = [];
const report = (row) => {
  results.push(row);
  const { files, what, ms, floorMs, bound } = row;
  const ratio = floorMs === undefined ? '' : `floor ${floorMs.toFixed(0)} ms, ${(ms / floorMs).toFixed(2)} ×`;
  console.log(
    `${String(files).padStart(6)}  ${what.padEnd(44)} ${ms.toFixed(0).padStart(7)} ms  ${ratio.padEnd(26)} ${bound}${row.more ?? ''}`,
  );
};

const folder = await mkdtemp(path.join(os.tmpdir(), 'towline-bench-'));
const consul = await startConsul();
try {
  for (const files of sizes.length > 0 ? sizes : [1000, 10_000]) await benchmark(files);
} finally {
  await consul.close();
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}
await mkdir('build', { recursive: true });
await writeFile('build/bench-mirror.json', `${JSON.stringify(results, null, 2)}\n`);

async function benchmark(files) {
  const bare = path.join(folder, `${files}.git`);
  const changes = [
    ...Array.from({ length: 2 * RUNS }, (_, n) => [[nameOf(7 + n), manifest(7 + n, n + 1)]]),
    ...Array.from({ length: 2 * RUNS }, (_, n) => mixed(n)),
  ];
  const [first, ...rest] = await commits(bare, files, changes);
  for (const remote of [false, true]) {
    const name = `bench-${files}-${remote ? 'remote' : 'place'}`;
    const daemon = await startDaemon(name, remote ? `file://${bare}` : bare, files);
    try {
      if (!remote) await firstMirror(files, bare, first, daemon);
      else await daemon.push(bare, first);
      const half = (list) => list.slice(remote ? RUNS : 0, remote ? 2 * RUNS : RUNS);
      // Both halves are mirrored one after the other, so that every commit is a change of the one before.
      const [ones, hundreds] = [rest.slice(0, 2 * RUNS), rest.slice(2 * RUNS)];
      if (remote) await daemon.push(bare, ones[RUNS - 1]);
      await changesOf(files, bare, 'one file', half(ones), remote, daemon);
      await daemon.push(bare, remote ? hundreds[RUNS - 1] : ones.at(-1));
      await changesOf(files, bare, '100 files, mixed', half(hundreds), remote, daemon);
      if (!remote) await idle(files, daemon);
    } finally {
      await daemon.close();
    }
    if (!remote) await restart(files, daemon.config);
  }
}

/** 100 changes: adds, edits, deletes, renames. */
function mixed(n) {
  const of = (at) => 100 + ((n * 100 + at) % 800);
  const list = [];
  for (let at = 0; at < 25; at++) list.push([`jobs/new/${n}-${at}.json`, manifest(at, n)]);
  for (let at = 25; at < 75; at++) list.push([nameOf(of(at)), manifest(of(at), n + 1000)]);
  for (let at = 75; at < 100 && n > 0; at++) list.push([`jobs/new/${n - 1}-${at - 75}.json`, null]);
  return list;
}

async function firstMirror(files, bare, commit, daemon) {
  const floors = [];
  for (let at = 0; at < 3; at++)
    floors.push(
      await timed(async () => writeRaw(consul.url, `floor-${files}-${at}/`, await readAll(bare, commit))),
    );
  const ms = await timed(() => daemon.push(bare, commit));
  const peak = await daemon.peakMiB();
  report({
    files,
    what: 'first mirror',
    ms,
    floorMs: median(floors),
    bound: 'at most 1.5 ×',
    more: `; peak ${peak} MiB`,
  });
}

async function changesOf(files, bare, what, ids, remote, daemon) {
  const times = [];
  const floors = [];
  let before = (await run('git', ['rev-parse', 'main'], { cwd: bare })).toString().trim();
  for (const id of ids) {
    if (remote) floors.push(await floorOf(bare, before, id, files));
    times.push(await timed(() => daemon.push(bare, id)));
    before = id;
  }
  const one = what === 'one file';
  report({
    files,
    what: `${what}, ${remote ? 'fetched from a remote' : 'repository in place'}`,
    ms: median(times),
    ...(remote ? { floorMs: median(floors) } : {}),
    bound: remote ? 'at most 1.5 ×' : `at most ${one ? 30 : 60} ms`,
  });
}

/** What git and Consul take for a change when nothing is done twice: fetch, diff-tree, cat-file, one transaction. */
async function floorOf(bare, from, to, files) {
  const copy = path.join(folder, `floor-${files}.git`);
  await run('git', ['init', '-q', '--bare', copy]).catch(() => undefined);
  if (!floorOf.ready?.has(files)) {
    await run('git', ['fetch', '-q', bare, `+${from}:refs/heads/main`], { cwd: copy });
    (floorOf.ready ??= new Set()).add(files);
    return floorOf(bare, from, to, files);
  }
  const begun = performance.now();
  await run('git', ['fetch', '-q', bare, `+${to}:refs/heads/main`], { cwd: copy });
  const raw = (
    await run('git', ['diff-tree', '-r', '-z', '--no-renames', from, to, '--', 'jobs'], { cwd: copy })
  )
    .toString()
    .split('\0');
  const entries = [];
  for (let at = 0; at + 1 < raw.length; at += 2)
    if (!raw[at].endsWith('D')) entries.push({ id: raw[at].split(' ')[3], path: raw[at + 1] });
  await writeRaw(consul.url, `floor-change-${files}/`, await readBlobs(copy, entries));
  return performance.now() - begun;
}

async function restart(files, config) {
  const times = [];
  for (let at = 0; at < 3; at++)
    times.push(await timed(() => run(process.execPath, [program, '--config', config, 'mirror', '--once'])));
  report({
    files,
    what: 'restart with nothing to do, whole process',
    ms: median(times),
    bound: files === 10_000 ? 'under 1500 ms' : '',
  });
}

async function idle(files, daemon) {
  // What the last change has left to clean up is not idleness: V8 gives memory back once, some 20 s later.
  await new Promise((resolve) => setTimeout(resolve, 30_000));
  const before = await daemon.cpuMs();
  const seconds = 30;
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const share = ((await daemon.cpuMs()) - before) / (seconds * 10);
  report({
    files,
    what: 'idle for 30 s: time of a processor',
    ms: share * seconds * 10,
    bound: `${share.toFixed(2)} % of a core, under 0.5 %`,
  });
}

async function startDaemon(name, location, files) {
  const home = path.join(folder, name);
  await mkdir(home);
  const config = path.join(home, 'towline.yaml');
  await writeFile(
    config,
    `version: 1\nrepository: { url: '${location}' }\nconsul: { address: '${consul.url}', prefix: ${name}/ }\nenvironments:\n  test: { folder: jobs, schedulers: { marathon: { url: 'http://127.0.0.1:1' } } }\nlog: { level: warn }\n`,
  );
  const [port] = await freePorts(1);
  const child = spawn(
    process.execPath,
    [program, '--config', config, 'run', 'mirror', '--listen', `127.0.0.1:${port}`],
    { cwd: home, stdio: ['ignore', 'ignore', 'ignore'] },
  );
  const url = `http://127.0.0.1:${port}`;
  for (let tries = 0; (await fetch(`${url}/healthz`).catch(() => undefined)) === undefined; tries++) {
    if (tries > 200) throw new Error('towline does not come up');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await new Promise((resolve) => setTimeout(resolve, 1500));
  return {
    config,
    files,
    /** Moves the branch and tells, as post-receive does; ends when KV says that it has the commit. */
    async push(bare, commit) {
      await writeFile(path.join(bare, 'refs/heads/main'), `${commit}\n`);
      const done = waitForText(consul.url, `${name}/test/.ref`, commit);
      const answer = await fetch(`${url}/webhook/test`, { method: 'POST', body: '{}' });
      if (!answer.ok) throw new Error(`the webhook answered ${answer.status}`);
      await answer.arrayBuffer();
      await done;
    },
    async peakMiB() {
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
      return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
    },
    async cpuMs() {
      const stat = (await readFile(`/proc/${child.pid}/stat`, 'utf8')).split(') ')[1].split(' ');
      return (Number(stat[11]) + Number(stat[12])) * 10;
    },
    async close() {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function timed(work) {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

function median(values) {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
}
