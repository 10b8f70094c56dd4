// What `why` costs at the end of a long ledger, in the process and as a command. `npm run build && node bench/why.mjs
// [--entries 10000] [--jobs 100]`; the numbers also go to build/bench-why.json.
import { fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startConsul } from './lib/consul.mjs';
import { run } from './lib/repository.mjs';
import { exportsOf } from '../scripts/bundled.mjs';

const RUNS = Number(process.env.BENCH_RUNS ?? 11);
const BOUND = 200;
const program = path.resolve(import.meta.dirname, '../dist/towline.js');
const { values: given } = parseArgs({
  options: { entries: { type: 'string', default: '10000' }, jobs: { type: 'string', default: '100' } },
});
const [entries, jobs] = [Number(given.entries), Number(given.jobs)];
const hex = (n, lead) => lead + n.toString(16).padStart(39, '0');
const results = [];

const folder = await mkdtemp(path.join(os.tmpdir(), 'towline-bench-'));
try {
  const towline = await insides();
  const { bare, last, oldest } = await makeLedger(towline);
  await floor(bare);
  await inProcess(towline, bare, last, oldest);
  await asCommand(bare, last, oldest);
} finally {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}
await mkdir('build', { recursive: true });
await writeFile('build/bench-why.json', `${JSON.stringify(results, null, 2)}\n`);

/** The parts of the program that are measured, or that write what is measured. */
async function insides() {
  const from = (names, file) => `export { ${names} } from './src/${file}';`;
  const contents = [
    from('entryMessage', 'domain/record/entry-message.ts'),
    from('documentText, stateOf, mirrorOf, intentsOf', 'domain/record/ledger-files.ts'),
    from('gitLedger', 'ledger/index.ts'),
    from('gitStore', 'git/index.ts'),
    from('readWhy', 'queries/why/index.ts'),
    from('kvLayout', 'domain/source/kv-layout.ts'),
    from('silentLog', 'runtime/log.ts'),
    from('SCHEDULER_KINDS', 'schedulers/registry.ts'),
  ].join('\n');
  return exportsOf('bench-why-inside', { contents });
}

/** Rounds of a promotion, a pass of the mirror, and the two entries of a deploy: three entries each. */
async function makeLedger({ entryMessage, documentText, stateOf, mirrorOf, intentsOf }) {
  const bare = path.join(folder, 'jobs.git');
  await run('git', ['init', '-q', '--bare', '-b', 'main', bare]);
  const parts = [];
  let mark = 0;
  const data = (text) => `data ${Buffer.byteLength(text)}\n${text}\n`;
  const commit = (branch, at, message, parents, files) => {
    mark += 1;
    parts.push(`commit refs/heads/${branch}\nmark :${mark}\ncommitter T <t@example.org> ${at} +0000\n`);
    parts.push(data(message), parents[0] === undefined ? '' : `from :${parents[0]}\n`);
    for (const parent of parents.slice(1)) parts.push(`merge :${parent}\n`);
    for (const [name, text] of files)
      parts.push(text === null ? `D ${name}\n` : `M 100644 inline ${name}\n${data(text)}`);
    parts.push('\n');
    return mark;
  };
  const spec = (job, tag) => ({
    id: `/team/app-${job}`,
    cmd: 'exec ./server',
    container: { type: 'DOCKER', docker: { image: `shop/app-${job}:${tag}` } },
    instances: 2,
    env: Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`SETTING_${n}`, `${job} ${n}`])),
  });
  const iso = (at) => new Date(at * 1000).toISOString();
  const rounds = Math.floor((entries - 1) / 3);
  let time = 1_700_000_000;
  let main = commit(
    'main',
    time,
    'All',
    [],
    Array.from({ length: jobs }, (_, n) => [`jobs/app-${n}.json`, documentText(spec(n, 0))]),
  );
  let ledger = commit('ledger/bench', time, 'Begin the ledger of bench\n', [], []);
  const tree = 'b'.repeat(40);
  // The ids of commits are not known yet: they are filled in by a second import, where they matter.
  const state = {
    version: 1,
    environment: 'bench',
    sequence: 0,
    trees: [{ folder: 'jobs', tree }],
    pass: '',
    jobs: {},
    intents: [],
  };
  const revisions = [];
  for (let round = 0; round < rounds; round++) {
    time += 60;
    // The first jobs are sent once, at the beginning; the rest over and over.
    const job = round < jobs ? round : 10 + (round % (jobs - 10));
    const document = spec(job, round + 1);
    const ref = `marathon:/team/app-${job}`;
    const message = [
      `Promote shop/app-${job} ${round + 1} to bench`,
      '',
      `Towline-Release: shop/app-${job}:${round + 1}`,
      `Towline-Job: ${ref}`,
      `Towline-Source-Commit: ${hex(round, 'c')}`,
      `Towline-Build: https://ci.example.org/${round}`,
      'Towline-Released-By: ci',
    ].join('\n');
    main = commit('main', time, `${message}\n`, [main], [[`jobs/app-${job}.json`, documentText(document)]]);
    revisions.push({ main, round, time, job, ref, document });
  }
  await importInto(bare, parts);
  const ids = await marksOf(bare);
  parts.length = 0;
  parts.push('feature done\n');
  const begin = ids.get(ledger);
  let previous = begin;
  const append = (at, message, revision, files) => {
    mark += 1;
    parts.push(`commit refs/heads/ledger/bench\nmark :${mark}\ncommitter T <t@example.org> ${at} +0000\n`);
    parts.push(data(message), `from ${previous}\n`, revision === undefined ? '' : `merge ${revision}\n`);
    for (const [name, text] of files)
      parts.push(text === null ? `D ${name}\n` : `M 100644 inline ${name}\n${data(text)}`);
    parts.push('\n');
    previous = `:${mark}`;
  };
  for (const { main: at, round, time: when, job, ref, document } of revisions) {
    const revision = ids.get(at);
    const pass = `pass-${round}`;
    state.sequence += 1;
    state.mirror = {
      revision,
      trees: state.trees,
      index: 1000 + round,
      pass: `m-${round}`,
      at: iso(when + 1),
    };
    state.revision ??= revision;
    append(
      when + 1,
      entryMessage({
        phase: 'mirror',
        environment: 'bench',
        trigger: 'run',
        actor: 'mirror@host',
        written: 1,
        deleted: 0,
        repaired: 0,
        record: state.mirror,
        state,
      }),
      undefined,
      [['mirror.json', documentText(mirrorOf(state))]],
    );
    const common = {
      environment: 'bench',
      pass,
      planDigest: `sha256:${hex(round, 'd').padEnd(64, '0')}`,
      revision,
      trees: state.trees,
      trigger: 'run',
      actor: 'deployer@host',
      mirrorIndex: 1000 + round,
      decisions: [],
      at: iso(when + 2),
    };
    Object.assign(state, { sequence: state.sequence + 1, revision, pass });
    state.intents = [{ ref, scheduler: 'marathon', kind: 'app', id: document.id, action: 'update' }];
    append(when + 2, entryMessage({ ...common, phase: 'intent', outcomes: [], state }), revision, [
      ['intents.json', documentText(intentsOf(state))],
    ]);
    const outcome = {
      ref,
      scheduler: 'marathon',
      kind: 'app',
      id: document.id,
      action: 'update',
      state: 'applied',
      message: 'it runs',
      version: `v${round}`,
      deploymentId: `d${round}`,
      httpStatus: 200,
      startedAt: iso(when + 2),
      endedAt: iso(when + 5),
    };
    state.sequence += 1;
    state.intents = [];
    const file = `marathon/team/app-${job}.json`;
    state.jobs[ref] = {
      scheduler: 'marathon',
      kind: 'app',
      id: document.id,
      file,
      revision,
      outcome: 'applied',
      message: 'it runs',
      version: outcome.version,
      deploymentId: outcome.deploymentId,
      httpStatus: 200,
      action: 'update',
      pass,
      sequence: state.sequence,
      startedAt: outcome.startedAt,
      at: outcome.endedAt,
    };
    append(when + 5, entryMessage({ ...common, phase: 'outcome', outcomes: [outcome], state }), revision, [
      ['state.json', documentText(stateOf(state))],
      ['intents.json', null],
      [file, documentText(document)],
    ]);
  }
  parts.push('done\n');
  await importInto(bare, parts);
  // A ledger of this length grew by single commits, and its upkeep has packed them long ago.
  await run('git', ['gc', '--quiet'], { cwd: bare });
  const count = (
    await run('git', ['rev-list', '--count', '--first-parent', 'ledger/bench'], { cwd: bare })
  ).toString();
  console.log(`${count.trim()} commits of the ledger, ${jobs} jobs`);
  const newest = revisions.at(-1);
  const older = revisions.filter(({ job }) => job === newest.job).at(-3) ?? newest;
  return { bare, last: { ...newest, older }, oldest: revisions[0] };
}

async function importInto(bare, parts) {
  await run('git', ['fast-import', '--quiet', '--force', '--export-marks=marks'], {
    cwd: bare,
    input: parts.join(''),
  });
}

async function marksOf(bare) {
  const marks = (await run('cat', ['marks'], { cwd: bare })).toString();
  return new Map([...marks.matchAll(/^:(\d+) ([0-9a-f]+)$/gm)].map(([, mark, id]) => [Number(mark), id]));
}

function questions(bareTip, last, oldest) {
  return [
    ['a job that was sent just now', last.ref, `v${last.round}`],
    ['a job that was sent at the beginning', oldest.ref, `v${oldest.round}`],
    ['a task of an older version', last.ref, `v${last.older.round}`],
    ['the newest entry', bareTip.slice(0, 12), undefined],
  ];
}

/** What a busy machine takes for the smallest thing that git does; a dozen of them are in an answer. */
async function floor(bare) {
  const times = [];
  for (let n = 0; n < RUNS; n++) {
    const begun = performance.now();
    await run('git', ['rev-parse', 'main'], { cwd: bare });
    times.push(performance.now() - begun);
  }
  report('one process of git that does nothing', times);
}

async function inProcess(towline, bare, last, oldest) {
  const { gitStore, gitLedger, readWhy, kvLayout, silentLog, SCHEDULER_KINDS } = towline;
  const author = { name: 'T', email: 't@example.org' };
  const signal = new AbortController().signal;
  const tip = (await run('git', ['rev-parse', 'ledger/bench'], { cwd: bare })).toString().trim();
  const kv = { get: async () => undefined };
  const model = SCHEDULER_KINDS.get('marathon').model;
  for (const [what, question, version] of questions(tip, last, oldest)) {
    const times = [];
    let missing = [];
    for (let n = 0; n < RUNS; n++) {
      // A fresh store each time: what `towline why` pays, but for the start of the program.
      const repository = gitStore({ location: bare, storeDir: `${folder}/copies`, author, log: silentLog() });
      const task = {
        id: 'task',
        jobId: question,
        host: 'agent',
        ports: [31_000],
        state: 'TASK_RUNNING',
        version,
      };
      const begun = performance.now();
      const { answers } = await readWhy(
        question,
        {
          layout: kvLayout('bench/', 'bench'),
          releasesPrefix: 'bench/releases/',
          branch: 'main',
          layers: ['jobs'],
          kv,
          repository,
          ledger: gitLedger({ store: repository, branch: 'ledger/bench', environment: 'bench', author }),
          schedulers: [{ name: 'marathon', kind: 'marathon', tasks: async () => [task] }],
          models: new Map([['marathon', { model, context: { settings: {} } }]]),
        },
        signal,
      );
      times.push(performance.now() - begun);
      missing = answers.flatMap(({ links }) =>
        links.filter((l) => l.missing && !l.because).map((l) => l.link),
      );
      await repository.close();
    }
    report(`in the process: ${what}`, times, BOUND, [...new Set(missing)]);
  }
}

async function asCommand(bare, last, oldest) {
  const consul = await startConsul();
  const double = fork(path.join(import.meta.dirname, 'lib/marathon-double.mjs'), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  try {
    const [{ port }] = await once(double, 'message');
    const home = path.join(folder, 'home');
    await mkdir(home);
    await writeFile(
      path.join(home, 'towline.yaml'),
      [
        'version: 1',
        `repository: { url: ${bare} }`,
        `consul: { address: '${consul.url}', prefix: bench/ }`,
        'environments:',
        '  bench:',
        '    folder: jobs',
        `    schedulers: { marathon: { url: 'http://127.0.0.1:${port}' } }`,
      ].join('\n'),
    );
    const command = async (...args) => {
      const begun = performance.now();
      const child = spawn(process.execPath, [program, ...args], {
        cwd: home,
        stdio: ['ignore', 'ignore', 'inherit'],
      });
      const [code] = await once(child, 'exit');
      if (code !== 0) throw new Error(`towline ${args.join(' ')} ended with ${code}`);
      return performance.now() - begun;
    };
    const times = async (...args) => {
      const all = [];
      for (let n = 0; n < RUNS; n++) all.push(await command(...args));
      return all;
    };
    report('towline --help: the start of the program', await times('--help'));
    report('towline why: a job that was sent just now', await times('why', last.ref));
    report('towline why: a job that was sent at the beginning', await times('why', oldest.ref));
  } finally {
    const ended = once(double, 'exit');
    double.kill('SIGTERM');
    await ended;
    await consul.close();
  }
}

function report(what, times, boundMs, missing = []) {
  const sorted = [...times].sort((a, b) => a - b);
  const ms = sorted[sorted.length >> 1];
  results.push({ what, ms, boundMs, missing });
  const bound = boundMs === undefined ? '' : `bound ${boundMs} ms`;
  const without = missing.length === 0 ? '' : `  (missing: ${missing.join(', ')})`;
  console.log(`${what.padEnd(56)} ${ms.toFixed(0).padStart(6)} ms  ${bound}${without}`);
}
