// What an entry of the ledger costs after many others: in a repository in place, and with a push to a local remote.
// `npm run bench:ledger [-- --passes 5000,100000 --runs 60]`; the numbers also go to build/bench-ledger.json.
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { ledgerOf, modules } from './lib/ledger.mjs';
import { run } from './lib/repository.mjs';

const { values: given } = parseArgs({
  options: { passes: { type: 'string', default: '5000,100000' }, runs: { type: 'string', default: '60' } },
});
const RUNS = Number(given.runs);
const { gitLedger, gitStore, entryMessage, documentText, silentLog } = await modules([
  'ledger/index.ts',
  'domain/record/entry-message.ts',
  'domain/record/ledger-files.ts',
  'git/index.ts',
  'runtime/log.ts',
]);
const results = [];
const folder = await mkdtemp(path.join(os.tmpdir(), 'towline-bench-ledger-'));
const signal = new AbortController().signal;
const median = (all) => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0;

try {
  for (const passes of given.passes.split(',').map(Number)) {
    const bare = path.join(folder, `${passes}.git`);
    await ledgerOf(bare, { passes, entryMessage, documentText });
    await report(passes, 'size on disk', (await sizeOf(bare)) / 1024, 'MiB');
    await appends(passes, bare, 'in place');
    await appends(passes, bare, 'to a local remote');
    // A hook has to be asked, and so git's own push is needed.
    await writeFile(path.join(bare, 'hooks', 'pre-receive'), '#!/bin/sh\n', { mode: 0o755 });
    await appends(passes, bare, 'to a local remote with a hook');
    await rm(path.join(bare, 'hooks', 'pre-receive'));
    await barePushes(passes, bare);
  }
} finally {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}
await mkdir('build', { recursive: true });
await writeFile('build/bench-ledger.json', `${JSON.stringify(results, null, 2)}\n`);

async function appends(passes, bare, where) {
  const author = { name: 'Towline', email: 'towline@localhost' };
  const store = gitStore({
    location: where === 'in place' ? bare : `file://${bare}`,
    storeDir: path.join(folder, 'copies'),
    author,
    log: silentLog(),
  });
  const ledger = gitLedger({ store, branch: 'ledger/bench', environment: 'bench', author });
  try {
    let begun = performance.now();
    let { commit, state } = await ledger.head({ signal });
    await report(passes, `${where}: first look at the newest entry`, performance.now() - begun, 'ms');
    const revision = (await store.resolve('main', { signal })) ?? '';
    const times = [];
    for (let n = 0; n < RUNS; n++) {
      const entry = entryAfter(state, revision, n);
      begun = performance.now();
      const head = await ledger.head({ signal, known: true });
      commit = await ledger.append(entry, head.commit, { signal });
      times.push(performance.now() - begun);
      state = entry.state;
    }
    await report(
      passes,
      `${where}: append, median of ${RUNS}`,
      median(times),
      'ms',
      where.endsWith('hook') ? '' : 'bound 30',
    );
    await report(passes, `${where}: append, slowest`, Math.max(...times), 'ms');
    begun = performance.now();
    await ledger.history({ signal, limit: 20 });
    await report(passes, `${where}: the last 20 entries`, performance.now() - begun, 'ms');
  } finally {
    await store.close();
  }
}

/** What git itself takes to push one commit without a new file to the same remote: the least that a pushed append can cost. */
async function barePushes(passes, bare) {
  const copies = path.join(folder, 'copies');
  const cwd = path.join(copies, (await readdir(copies)).find((name) => name.endsWith('.git')) ?? '');
  const git = async (...args) => (await run('git', args, { cwd })).toString().trim();
  const who = ['-c', 'user.name=T', '-c', 'user.email=t@localhost'];
  const tree = await git('rev-parse', 'refs/remotes/origin/ledger/bench^{tree}');
  let tip = await git('rev-parse', 'refs/remotes/origin/ledger/bench');
  const times = [];
  for (let n = 0; n < RUNS / 2; n++) {
    tip = await git(...who, 'commit-tree', tree, '-p', tip, '-m', `Nothing ${n}`);
    const begun = performance.now();
    await git('push', '--quiet', `file://${bare}`, `${tip}:refs/heads/plain`);
    times.push(performance.now() - begun);
  }
  await report(passes, 'git push of an empty commit, median', median(times), 'ms', 'for comparison');
  await rm(copies, { recursive: true, force: true });
}

/** By turns an announcement and the end of it. */
function entryAfter(state, revision, n) {
  const isEnd = n % 2 === 1;
  const ref = 'marathon:/team/app-3';
  const sequence = (state.sequence ?? 0) + 1;
  const job = { ref, scheduler: 'marathon', kind: 'app', id: '/team/app-3' };
  const at = '2026-06-01T00:00:00.000Z';
  const common = {
    environment: 'bench',
    pass: `bench-${n >> 1}`,
    planDigest: `sha256:${'1'.repeat(64)}`,
    revision,
    trees: state.trees,
    trigger: 'run',
    actor: 'towline@bench',
    mirrorIndex: 7,
    decisions: [],
    at,
  };
  if (!isEnd)
    return {
      ...common,
      phase: 'intent',
      outcomes: [],
      files: {},
      state: { ...state, sequence, revision, pass: common.pass, intents: [{ ...job, action: 'update' }] },
    };
  const outcome = { ...job, action: 'update', state: 'applied', message: 'fine', startedAt: at, endedAt: at };
  return {
    ...common,
    phase: 'outcome',
    outcomes: [outcome],
    files: { 'marathon/team/app-3.json': { id: '/team/app-3', env: { RELEASE: `${n}` } } },
    state: { ...state, sequence, revision, pass: common.pass, intents: [] },
  };
}

async function sizeOf(bare) {
  const text = (await run('du', ['-sk', bare])).toString();
  return Number(text.split('\t')[0]);
}

async function report(passes, what, value, unit, bound = '') {
  results.push({ passes, what, value, unit });
  console.log(
    `${String(passes).padStart(7)} passes  ${what.padEnd(66)} ${value.toFixed(1).padStart(8)} ${unit} ${bound}`,
  );
}
