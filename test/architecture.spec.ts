import { expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

const project = path.resolve(import.meta.dirname, '..');
const run = promisify(execFile);
const cruise = (...targets: string[]) =>
  run(
    process.execPath,
    [
      'node_modules/dependency-cruiser/bin/dependency-cruise.mjs',
      '--config',
      '.dependency-cruiser.mjs',
      ...targets,
    ],
    { cwd: project },
  );

it('the walls of the house stand: imports go one way, without cycles', async () => {
  const { stdout } = await cruise('src');
  expect(stdout).toContain('no dependency violations found');
}, 60_000);

it('a brick in the wrong place is noticed', async () => {
  const folder = mkdtempSync(path.join(project, 'src/domain/wrong-'));
  try {
    writeFileSync(path.join(folder, 'brick.ts'), "export { gitStore } from '../../git/index.js';\n");
    await expect(cruise('src')).rejects.toMatchObject({ stdout: expect.stringContaining('domain') });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 60_000);
