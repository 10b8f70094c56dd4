import { afterEach, expect, it } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { GitSandbox } from '../../test/fakes/git-sandbox.js';
import { ownFolder } from './own-folder.js';

const sandbox = new GitSandbox();
afterEach(() => sandbox.remove());

it('is not seen by git, whatever is put into it, and may be made twice', async () => {
  sandbox.write({ '.towline/allowed_signers': 'ann ssh-ed25519 AAAA\n' });
  const folder = path.join(sandbox.work, '.towline/sandbox');
  await ownFolder(folder);
  writeFileSync(path.join(folder, 'state.json'), '{}');
  await ownFolder(folder);
  expect(sandbox.git('status', '--porcelain', '--untracked-files=all')).toBe('?? .towline/allowed_signers');
  // Somebody may want it otherwise.
  writeFileSync(path.join(folder, '.gitignore'), '!state.json\n');
  await ownFolder(folder);
  expect(readFileSync(path.join(folder, '.gitignore'), 'utf8')).toBe('!state.json\n');
});
