import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { GitSandbox } from '../../test/fakes/git-sandbox.js';
import type { Revision } from '../domain/source/revision.js';
import { silentLog } from '../runtime/log.js';
import { gitStore } from './index.js';

const signal = AbortSignal.timeout(60_000);
const author = { name: 'Towline', email: 'towline@localhost' };
let sandbox: GitSandbox;
let store: ReturnType<typeof gitStore>;
let base: Revision;

beforeEach(() => {
  sandbox = new GitSandbox();
  sandbox.write({ 'jobs/web.yaml': 'instances: 1\n', 'jobs/old.yaml': 'x', 'notes.txt': 'n' });
  base = sandbox.commit() as Revision;
  store = gitStore({
    location: sandbox.work,
    storeDir: path.join(sandbox.root, 'store'),
    author,
    log: silentLog(),
  });
});
afterEach(async () => {
  await store.close();
  sandbox.remove();
});

const inWork = (name: string): string => path.join(sandbox.work, name);
async function scaled(): Promise<Revision> {
  const files = new Map([
    ['jobs/web.yaml', Buffer.from('instances: 2\n')],
    ['jobs/old.yaml', null],
    ['jobs/new.yaml', Buffer.from('n')],
  ]);
  const commit = { base, parents: [base], files, message: 'Scale\n', author, at: Date.UTC(2026, 0, 2) };
  const revision = await store.writeCommit(commit, { signal });
  await store.publish('main', revision, { signal, expected: base, runHooks: true });
  return revision;
}

describe('a commit to the branch that somebody has checked out', () => {
  it('is checked out as well, as one made by hand would be', async () => {
    const revision = await scaled();
    expect(sandbox.git('rev-parse', 'HEAD')).toBe(revision);
    expect(sandbox.git('status', '--porcelain')).toBe('');
    expect(readFileSync(inWork('jobs/web.yaml'), 'utf8')).toBe('instances: 2\n');
    expect([existsSync(inWork('jobs/old.yaml')), existsSync(inWork('jobs/new.yaml'))]).toEqual([false, true]);
  });

  it.each([
    ['changed', () => writeFileSync(inWork('notes.txt'), 'changed')],
    [
      'staged',
      () => {
        writeFileSync(inWork('notes.txt'), 'changed');
        sandbox.git('add', 'notes.txt');
      },
    ],
    ['in the way', () => writeFileSync(inWork('jobs/new.yaml'), 'mine')],
  ])('is refused where something is %s there, and touches nothing', async (_what, prepare) => {
    prepare();
    const before = sandbox.git('status', '--porcelain');
    await expect(scaled()).rejects.toMatchObject({
      code: 'git-checked-out',
      help: expect.stringContaining('stash'),
    });
    expect(sandbox.git('rev-parse', 'HEAD')).toBe(base);
    expect(sandbox.git('status', '--porcelain')).toBe(before);
    expect(readFileSync(inWork('jobs/web.yaml'), 'utf8')).toBe('instances: 1\n');
  });

  it('is refused where the repository was told so', async () => {
    sandbox.git('config', 'receive.denyCurrentBranch', 'refuse');
    await expect(scaled()).rejects.toMatchObject({ code: 'git-checked-out' });
    expect(sandbox.git('rev-parse', 'HEAD')).toBe(base);
  });

  it('leaves a work tree alone that has another branch checked out', async () => {
    sandbox.git('checkout', '-q', '-b', 'side');
    writeFileSync(inWork('notes.txt'), 'changed');
    const revision = await scaled();
    expect(sandbox.git('rev-parse', 'main')).toBe(revision);
    expect(sandbox.git('rev-parse', 'HEAD')).toBe(base);
    expect(readFileSync(inWork('jobs/web.yaml'), 'utf8')).toBe('instances: 1\n');
  });
});
