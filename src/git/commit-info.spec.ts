import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { GitSandbox } from '../../test/fakes/git-sandbox.js';
import type { Revision } from '../domain/source/revision.js';
import { silentLog } from '../runtime/log.js';
import { gitStore } from './index.js';

const signal = AbortSignal.timeout(60_000);
const sandbox = new GitSandbox();
const open = (location: string) => {
  const author = { name: 'T', email: 't@localhost' };
  return gitStore({ location, storeDir: path.join(sandbox.root, 'copies'), author, log: silentLog() });
};
const store = open(sandbox.bare);
let base: string;
let tree: string;

beforeAll(() => {
  sandbox.write({ a: 'a' });
  base = sandbox.commit('First');
  sandbox.write({ a: 'b' });
  sandbox.commit('Second');
  sandbox.push();
  tree = sandbox.git('rev-parse', 'HEAD^{tree}');
});
afterAll(async () => {
  await store.close();
  sandbox.remove();
});

/** A commit of exactly these bytes. */
function commitOf(bytes: string, encoding: BufferEncoding = 'utf8'): Revision {
  const args = ['--git-dir', sandbox.bare, 'hash-object', '-t', 'commit', '-w', '--stdin', '--literally'];
  return execFileSync('git', args, { input: Buffer.from(bytes, encoding) })
    .toString()
    .trim() as Revision;
}

const who = 'Ann Example <ann@example.org> 1767225600 +0000';
const commit = (headers: string[], message: string): string =>
  [`tree ${tree}`, ...headers, '', message].join('\n');
const CASES: [what: string, bytes: () => string, encoding?: BufferEncoding][] = [
  ['a plain one', () => commit([`parent ${base}`, `author ${who}`, `committer ${who}`], 'Subject\n')],
  ['a root', () => commit([`author ${who}`, `committer ${who}`], 'Subject\n\nBody\n')],
  ['a merge', () => commit([`parent ${base}`, `parent ${base}`, `author ${who}`, `committer ${who}`], 'M\n')],
  [
    'trailers that go on in the next line, and a time behind UTC',
    () =>
      commit(
        [`author Bob <b@x> 1700000000 -0330`, `committer ${who}`],
        'S\n\nBody\nmore\n\nKey: a\n  b\nOther: c\n\n\n',
      ),
  ],
  ['no message', () => commit([`author ${who}`, `committer ${who}`], '')],
  [
    'a message that begins with an empty line',
    () => commit([`author ${who}`, `committer ${who}`], '\nS\n\nB'),
  ],
  [
    'no end of line, and separators in the message',
    () => commit([`author ${who}`, `committer ${who}`], 'S\x1fT'),
  ],
  ['a name of one letter, ahead of UTC', () => commit(['author ü <> 1 +0530', `committer ${who}`], 'S\n')],
  ['no name', () => commit(['author <a@b> 1767225600 +0000', `committer ${who}`], 'S\n')],
  [
    'a name with spaces around it',
    () => commit(['author  A  <a@b> 1767225600 +0000', `committer ${who}`], 'S\n'),
  ],
  [
    'an address in an address',
    () => commit(['author A <a <b>> 1767225600 +0000', `committer ${who}`], 'S\n'),
  ],
  [
    'a time that is no time',
    () => commit(['author A <a@b> 99999999999999 +9999', `committer ${who}`], 'S\n'),
  ],
  [
    'another encoding',
    () =>
      commit(
        [`author J\xf6rg <j@x> 1767225600 +0000`, `committer ${who}`, 'encoding ISO-8859-1'],
        'Gr\xfc\xdfe\n',
      ),
    'latin1',
  ],
  [
    'a signature',
    () =>
      commit(
        [`author ${who}`, `committer ${who}`, 'gpgsig -----BEGIN X-----', ' ', ' abc', ' -----END X-----'],
        'Signed\n\nA: b\n',
      ),
  ],
];

it.each(CASES.map(([what, bytes, encoding = 'utf8']) => ({ what, bytes, encoding })))(
  'one commit is told as git log tells it: $what',
  async ({ bytes, encoding }) => {
    const revision = commitOf(bytes(), encoding);
    const byLog = await store.log(revision, { signal, limit: 2 });
    const [itself] = byLog;
    expect(await store.log(revision, { signal, limit: 1 })).toEqual([
      itself === undefined ? undefined : { ...itself, at: itself.at.replace(/Z$/, '+00:00') },
    ]);
  },
);

it('does not tell of parents that a copy without history does not have', async () => {
  const clone = path.join(sandbox.root, 'shallow');
  execFileSync('git', ['clone', '-q', '--depth=1', `file://${sandbox.bare}`, clone]);
  const shallow = open(clone);
  const tip = (await shallow.resolve('main', { signal })) as Revision;
  expect(await shallow.log(tip, { signal, limit: 1 })).toMatchObject([{ subject: 'Second', parents: [] }]);
  await shallow.close();
});

it('finds a commit by the beginning of its id, and none where that is no beginning', async () => {
  expect(await store.resolveExpression(base.slice(0, 9), { signal })).toBe(base);
  expect(await store.resolveExpression('0'.repeat(9), { signal })).toBeUndefined();
  expect(await store.resolveExpression(tree.slice(0, 9), { signal })).toBeUndefined();
  // Four digits are shared by some of the blobs.
  for (let n = 0; n < 400; n++)
    execFileSync('git', ['--git-dir', sandbox.bare, 'hash-object', '-w', '--stdin'], { input: `${n}` });
  expect(await store.resolveExpression(base.slice(0, 4), { signal })).toBe(base);
});
