// A ledger of many passes in no time, by git fast-import, in the format that Towline writes.
import { createHash } from 'node:crypto';
import { run } from './repository.mjs';

const data = (text) => `data ${Buffer.byteLength(text)}\n${text}\n`;
const sorted = (value) => {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, sorted(value[key])]),
  );
};
const text = (value) => `${JSON.stringify(sorted(value), null, 2)}\n`;
const digest = (value) =>
  `sha256:${createHash('sha256')
    .update(JSON.stringify(sorted(value)))
    .digest('hex')}`;
const time = (second) => new Date((1_700_000_000 + second) * 1000).toISOString();

const idOf = (job) => `/shop/app-${job}`;
const specOf = (job, version) => ({
  id: idOf(job),
  cmd: 'exec ./server --port $PORT0',
  container: { type: 'DOCKER', docker: { image: `shop/app-${job}:1.${version}` } },
  instances: 3,
  cpus: 0.5,
  mem: 512,
  env: Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`SETTING_${n}`, `value ${n} of ${job}`])),
  labels: { owner: `team-${job}`, tier: 'backend' },
});

/** A job repository with `passes` commits on `main`, each changing one of `jobs` jobs in the folder `jobs`. */
export async function jobRepository(bare, passes, jobs) {
  await run('git', ['init', '-q', '--bare', '-b', 'main', bare]);
  const parts = [];
  for (let pass = 0; pass < passes; pass++) {
    parts.push(`commit refs/heads/main\ncommitter B <b@example.org> ${1_700_000_000 + pass * 60} +0000\n`);
    parts.push(data(`Change ${pass}`));
    const changed = pass === 0 ? Array.from({ length: jobs }, (_, job) => job) : [pass % jobs];
    for (const job of changed)
      parts.push(`M 100644 inline jobs/app-${job}.json\n${data(text(specOf(job, pass)))}`);
    parts.push('\n');
  }
  await run('git', ['fast-import', '--quiet'], { cwd: bare, input: parts.join('') });
  const ids = (await run('git', ['rev-list', '--reverse', 'main'], { cwd: bare }))
    .toString()
    .trim()
    .split('\n');
  const input = `${ids.map((id) => `${id}:jobs`).join('\n')}\n`;
  const lines = await run('git', ['cat-file', '--batch-check=%(objectname)'], { cwd: bare, input });
  const trees = lines.toString().trim().split('\n');
  return ids.map((revision, at) => ({ revision, tree: trees[at] }));
}

/** The ledger of those passes: an intent and an outcome each, with the plan that it was made of. Answers the newest entry. */
export async function ledgerOf(bare, environment, revisions, jobs) {
  const chunks = [];
  const parts = [];
  const branch = `refs/heads/ledger/${environment}`;
  let sequence = 0;
  const commit = ({ at, message, merge, files }) => {
    parts.push(`commit ${branch}\ncommitter Towline <towline@localhost> ${1_700_000_000 + at} +0000\n`);
    parts.push(data(message));
    if (merge !== undefined) parts.push(`merge ${merge}\n`);
    for (const [path, content] of files)
      parts.push(content === null ? `D ${path}\n` : `M 100644 inline ${path}\n${data(content)}`);
    parts.push('\n');
  };
  commit({ at: 0, message: `Begin the ledger of ${environment}\n`, files: [] });
  const state = {};
  for (const [pass, { revision, tree }] of revisions.entries()) {
    const changed = pass === 0 ? Array.from({ length: jobs }, (_, job) => job) : [pass % jobs];
    const action = pass === 0 ? 'create' : 'update';
    const trees = [{ folder: 'jobs', tree }];
    const name = `pass-${pass}`;
    const at = pass * 60;
    const ref = (job) => `marathon:${idOf(job)}`;
    const input = { revision, desired: Array.from({ length: jobs }, (_, job) => specOf(job, pass)) };
    const plan = digest({ pass });
    const head = (phase, more = []) => [
      `Towline-Environment: ${environment}`,
      `Towline-Phase: ${phase}`,
      `Towline-Sequence: ${sequence}`,
      `Towline-Pass: ${name}`,
      `Towline-Plan: ${plan}`,
      ...more,
      `Towline-Revision: ${revision}`,
      `Towline-Tree: ${tree} jobs`,
      'Towline-Trigger: run',
      'Towline-Actor: ann@host',
    ];
    const count = `${changed.length} change${changed.length === 1 ? '' : 's'}`;
    sequence += 1;
    const intents = changed.map((job) => ({
      ref: ref(job),
      scheduler: 'marathon',
      kind: 'app',
      id: idOf(job),
      action,
      desiredDigest: digest(specOf(job, pass)),
    }));
    commit({
      at,
      merge: revision,
      message: [
        `Begin ${count} of ${environment} at ${revision.slice(0, 10)}`,
        '',
        ...changed.map((job) => `${ref(job)}: ${action} announced`),
        '',
        ...head('intent', [`Towline-Input: ${digest(input)}`]),
        ...changed.map((job) => `Towline-Job: ${ref(job)} ${action} announced`),
        '',
      ].join('\n'),
      files: [
        ['intents.json', text({ sequence, revision, trees, pass: name, intents })],
        ['plan.json', text({ inputDigest: digest(input), input, plan: { digest: plan } })],
      ],
    });
    sequence += 1;
    for (const job of changed) {
      state[ref(job)] = {
        scheduler: 'marathon',
        kind: 'app',
        id: idOf(job),
        file: `marathon/shop/app-${job}.json`,
        revision,
        outcome: 'applied',
        message: '3 of 3 tasks run',
        version: time(at + 2),
        deploymentId: `deployment-${pass}`,
        httpStatus: 200,
        action,
        pass: name,
        startedAt: time(at + 1),
        at: time(at + 9),
      };
    }
    const facts = `http=200 deployment=deployment-${pass} version=${time(at + 2)} from=${time(at + 1)} to=${time(at + 9)}`;
    commit({
      at: at + 10,
      merge: revision,
      message: [
        `Deploy ${count} of ${environment} at ${revision.slice(0, 10)}: ${changed.length} applied`,
        '',
        ...changed.map((job) => `${ref(job)}: ${action} applied. 3 of 3 tasks run`),
        '',
        ...head('outcome'),
        'Towline-Outcome: applied',
        ...changed.map((job) => `Towline-Job: ${ref(job)} ${action} applied ${facts}`),
        '',
      ].join('\n'),
      files: [
        [
          'state.json',
          text({ version: 1, environment, sequence, revision, trees, pass: name, jobs: state, intents: [] }),
        ],
        ['intents.json', null],
        ...changed.map((job) => [`marathon/shop/app-${job}.json`, text(specOf(job, pass))]),
      ],
    });
    if (parts.length > 5000) {
      // Together they would be longer than a text can be.
      chunks.push(Buffer.from(parts.splice(0).join('')));
    }
  }
  chunks.push(Buffer.from(parts.join('')));
  await run('git', ['fast-import', '--quiet'], { cwd: bare, input: Buffer.concat(chunks.splice(0)) });
  return (await run('git', ['rev-parse', branch], { cwd: bare })).toString().trim();
}
