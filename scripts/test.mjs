// Everything that must hold, in the order in which it fails fastest. Ends with the test runner's count.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

const jestArguments = process.argv.slice(2);

await step('format', 'npx', ['prettier', '--check', '--log-level', 'warn', '.']);
await step('lint', 'npx', ['eslint', '.']);
await step('walls', 'npx', ['depcruise', '--config', '.dependency-cruiser.mjs', 'src']);
await step('types', 'npx', ['tsc', '--noEmit']);
await step('build', process.execPath, ['scripts/build.mjs']);
await tests();

async function tests() {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'towline-jest-'));
  const report = path.join(folder, 'report.json');
  const code = await run(process.execPath, [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    'node_modules/jest/bin/jest.js',
    // Before the options: one with a list would take names of files for members of it.
    ...jestArguments,
    '--maxWorkers=2',
    '--json',
    `--outputFile=${report}`,
    '--reporters=default',
  ]);
  let counts;
  try {
    counts = JSON.parse(await readFile(report, 'utf8'));
  } catch (error) {
    console.error('jest wrote no report', error);
    process.exit(code || 1);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  for (const suite of counts.testResults) {
    for (const test of suite.assertionResults)
      if (test.status === 'pending') console.log(`skipped: ${test.fullName}`);
    if (suite.status === 'failed' && suite.assertionResults.length === 0)
      console.log(`did not run: ${suite.name}\n${suite.message}`);
  }
  const failed = counts.numFailedTests + counts.numRuntimeErrorTestSuites;
  const skipped = counts.numPendingTests > 0 ? `, ${counts.numPendingTests} skipped` : '';
  console.log(`${counts.numPassedTests} passed, ${failed} failed${skipped}`);
  process.exitCode = code;
}

async function step(name, command, args) {
  const begun = Date.now();
  const code = await run(command, args);
  console.log(`${code === 0 ? 'ok  ' : 'FAIL'} ${name} (${((Date.now() - begun) / 1000).toFixed(1)} s)`);
  if (code !== 0) process.exit(code);
}

function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] });
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
}
