// How long a push takes to stand in Consul KV, beside the least that git and Consul ask for, all in one run.
// `npm run bench:mirror [-- 1000 10000 100000] [--git2consul FOLDER]`; the numbers also go to build/bench-mirror.json.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { git2consul, timesOf, towline } from './lib/compare.mjs';
import { freePorts, startConsul, waitForText, writeRaw } from './lib/consul.mjs';
import { commits, manifest, nameOf, readAll, readBlobs, run } from './lib/repository.mjs';

const RUNS = 11;
const program = path.resolve(import.meta.dirname, '../dist/towline.js');
const { values: given, positionals } = parseArgs({
  allowPositionals: true,
  options: { git2consul: { type: 'string' } },
});
const sizes = positionals.map(Number);
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
  if (files <= 10_000) await compare(files, bare, first, rest);
}

/** One configuration of git2consul, by whom it is given. */
async function compare(files, bare, first, rest) {
  const programs = { towline: towline(program) };
  if (given.git2consul !== undefined) programs.git2consul = git2consul(path.resolve(given.git2consul));
  for (const [name, command] of Object.entries(programs)) {
    const times = async (changes, what) =>
      timesOf(command, { consul, bare, folder, first, changes, name: `${name}-${files}-${what}` });
    // Each kind of change follows the first commit: the times of the one are not those of the other.
    const ones = await times(rest.slice(0, RUNS), 'one');
    report({
      files,
      what: `${name}: first mirror, from its start`,
      ms: ones.firstMs,
      bound: '',
      more: `peak ${ones.peakMiB} MiB`,
    });
    report({ files, what: `${name}: one file, told by a webhook`, ms: median(ones.times), bound: '' });
    const hundreds = await times(rest.slice(2 * RUNS - 1, 3 * RUNS), 'hundred');
    report({
      files,
      what: `${name}: 100 files, told by a webhook`,
      ms: median(hundreds.times.slice(1)),
      bound: '',
    });
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

/** Fresh processes and fresh keys each time, in turns with the floor: what is cold is cold for every one of them. */
async function firstMirror(files, bare, commit, daemon) {
  const floors = [];
  const times = [];
  const peaks = [];
  const floor = async (at) => {
    const begun = performance.now();
    await writeRaw(consul.url, `floor-${files}-${at}/`, await readAll(bare, commit));
    floors.push(performance.now() - begun);
  };
  for (let at = 1; at < (files > 10_000 ? 1 : 5); at++) {
    await floor(at);
    // Without the branch there is nothing to mirror until it is pushed.
    await rm(path.join(bare, 'refs/heads/main'), { force: true });
    const fresh = await startDaemon(`bench-${files}-first-${at}`, bare, files);
    times.push(await timed(() => fresh.push(bare, commit)));
    peaks.push(await fresh.peakMiB());
    await fresh.close();
  }
  await floor(0);
  // The daemon that goes on with the changes comes last, with a branch that it does not know yet.
  times.push(await timed(() => daemon.push(bare, commit)));
  peaks.push(await daemon.peakMiB());
  await floor('last');
  report({
    files,
    what: 'first mirror',
    ms: median(times),
    floorMs: median(floors),
    bound: 'at most 1.5 ×',
    more: `; peak ${Math.max(...peaks)} MiB`,
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
  // What the last change has left to clean up is not idleness: V8 gives memory back once, up to 40 s later.
  await new Promise((resolve) => setTimeout(resolve, 45_000));
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
