// The project's own ledger code as a bundle, and ledgers of any length in no time, by git fast-import.
import { spawn } from 'node:child_process';
import { exportsOf } from '../../scripts/bundled.mjs';
import { run } from './repository.mjs';

/** Modules of `src/` as one bundle, so that they can be measured without starting a process. */
export async function modules(exports) {
  const contents = exports.map((each) => `export * from './src/${each}';`).join('\n');
  return exportsOf('bench-ledger', { contents });
}

const id = (n) => n.toString(16).padStart(40, '0');
export const START = 1_700_000_000;

/**
 * A bare repository with a branch of a few job commits and a ledger of `passes` passes over `jobs` jobs: an announcement and
 * an end each, written by `entryText` and `filesOf` of the ledger itself.
 */
export async function ledgerOf(bare, { passes, jobs = 20, entryMessage, documentText }) {
  await run('git', ['init', '-q', '--bare', '-b', 'main', bare]);
  const child = spawn('git', ['fast-import', '--quiet'], { cwd: bare, stdio: ['pipe', 'ignore', 'inherit'] });
  const ended = new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(`fast-import: ${code}`))));
  });
  const put = async (text) => {
    if (!child.stdin.write(text)) await new Promise((resolve) => child.stdin.once('drain', resolve));
  };
  const data = (text) => `data ${Buffer.byteLength(text)}\n${text}\n`;
  const who = (at) => `committer B <b@example.org> ${at} +0000\n`;
  await put(
    `commit refs/heads/main\nmark :1\n${who(START)}${data('Begin')}M 100644 inline jobs/web.json\n${data('{"id":"/web"}')}\n`,
  );
  await put(`commit refs/heads/ledger/bench\nmark :2\n${who(START)}${data('Begin the ledger of bench\n')}\n`);
  const revision = '0'.repeat(40);
  const trees = [{ folder: 'jobs', tree: id(7) }];
  const state = {
    version: 1,
    environment: 'bench',
    sequence: 0,
    revision,
    trees,
    pass: '',
    jobs: {},
    intents: [],
  };
  const documentOf = (n, pass) => ({
    id: `/team/app-${n}`,
    cmd: 'exec ./server',
    env: { RELEASE: `${pass}`, OTHER: 'the same' },
    instances: 3,
  });
  for (let pass = 1; pass <= passes; pass++) {
    const n = pass % jobs;
    const ref = `marathon:/team/app-${n}`;
    const at = new Date((START + pass * 60) * 1000).toISOString();
    const common = {
      environment: 'bench',
      pass: pass.toString(16).padStart(8, '0'),
      planDigest: `sha256:${id(pass)}${'0'.repeat(24)}`,
      revision,
      trees,
      trigger: 'run',
      actor: 'towline@bench',
      mirrorIndex: 100 + pass,
      decisions: [],
      at,
    };
    const job = { ref, scheduler: 'marathon', kind: 'app', id: `/team/app-${n}` };
    const begun = { ...common, phase: 'intent', outcomes: [], files: {} };
    begun.state = {
      ...state,
      sequence: pass * 2 - 1,
      pass: common.pass,
      intents: [{ ...job, action: 'update' }],
    };
    await put(
      `commit refs/heads/ledger/bench\n${who(START + pass * 60)}${data(entryMessage(begun))}` +
        `M 100644 inline intents.json\n${data(documentText({ sequence: pass * 2 - 1, revision, trees, pass: common.pass, intents: begun.state.intents }))}\n`,
    );
    const outcome = {
      ...job,
      action: 'update',
      state: 'applied',
      message: '3 of 3 tasks run',
      version: at,
      deploymentId: `d-${pass}`,
      httpStatus: 200,
      startedAt: at,
      endedAt: at,
    };
    const file = `marathon/team/app-${n}.json`;
    state.jobs[ref] = {
      scheduler: 'marathon',
      kind: 'app',
      id: job.id,
      file,
      revision,
      outcome: 'applied',
      message: outcome.message,
      version: at,
      deploymentId: outcome.deploymentId,
      httpStatus: 200,
      action: 'update',
      pass: common.pass,
      startedAt: at,
      at,
    };
    Object.assign(state, { sequence: pass * 2, pass: common.pass });
    const end = { ...common, phase: 'outcome', outcomes: [outcome], files: {}, state };
    await put(
      `commit refs/heads/ledger/bench\n${who(START + pass * 60 + 20)}${data(entryMessage(end))}` +
        `D intents.json\nM 100644 inline state.json\n${data(documentText(state))}M 100644 inline ${file}\n${data(documentText(documentOf(n, pass)))}\n`,
    );
  }
  child.stdin.end();
  await ended;
}
