// How long it takes to follow the chain of an environment's ledger, every entry and every deployed revision of it.
// `npm run build && node bench/audit.mjs [PASSES...]`; the numbers also go to build/bench-audit.json.
import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { jobRepository, ledgerOf } from './lib/audited-ledger.mjs';
import { run } from './lib/repository.mjs';

const JOBS = 20;
const program = path.resolve(import.meta.dirname, '../dist/towline.js');
/** Told by the process itself when it ends. */
const memory = `data:text/javascript,${encodeURIComponent("process.on('exit', () => console.error('most memory ' + Math.round(process.resourceUsage().maxRSS / 1024) + ' cpu ' + Math.round((process.resourceUsage().userCPUTime + process.resourceUsage().systemCPUTime) / 1000)))")}`;
const sizes = process.argv.slice(2).map(Number);
const results = [];
const folder = await mkdtemp(path.join(os.tmpdir(), 'towline-bench-'));
try {
  for (const passes of sizes.length > 0 ? sizes : [1000, 10_000]) await benchmark(passes);
} finally {
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}
await mkdir('build', { recursive: true });
await writeFile('build/bench-audit.json', `${JSON.stringify(results, null, 2)}\n`);

async function benchmark(passes) {
  const bare = path.join(folder, `${passes}.git`);
  const revisions = await jobRepository(bare, passes, JOBS);
  await ledgerOf(bare, 'production', revisions, JOBS);
  await run('git', ['repack', '-q', '-a', '-d'], { cwd: bare });
  const bundle = path.join(folder, `${passes}.bundle`);
  await run('git', ['bundle', 'create', '-q', bundle, '--all'], { cwd: bare });
  const config = path.join(folder, 'towline.yaml');
  await writeFile(
    config,
    "version: 1\nenvironments:\n  production:\n    folder: jobs\n    schedulers:\n      marathon: { url: 'http://127.0.0.1:1' }\n",
  );
  const from = performance.now();
  const { code, stdout, stderr, megabytes, cpuMs } = await command([
    '--config',
    config,
    'audit',
    'verify',
    '--bundle',
    bundle,
  ]);
  const ms = performance.now() - from;
  if (code !== 0) throw new Error(`exit ${code}\n${stdout}\n${stderr}`);
  const { size } = await stat(bundle);
  const row = { passes, entries: 2 * passes, jobs: JOBS, ms, cpuMs, bundleBytes: size, megabytes };
  results.push(row);
  console.log(
    `${String(passes).padStart(6)} passes, ${row.entries} entries  ${(ms / 1000).toFixed(1)} s (${(cpuMs / 1000).toFixed(1)} s of its own work)  bundle ${(size / 1e6).toFixed(1)} MB, ${megabytes} MB of memory`,
  );
}

/** Runs the built command, and tells how much memory it had at most. */
async function command(args) {
  const child = spawn(process.execPath, ['--import', memory, program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  const code = await new Promise((resolve) => child.on('close', resolve));
  const megabytes = Number(/most memory (\d+)/.exec(stderr)?.[1]);
  const cpuMs = Number(/ cpu (\d+)/.exec(stderr)?.[1]);
  return { code, stdout, stderr, megabytes, cpuMs };
}
