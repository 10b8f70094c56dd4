import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseSignedCommit } from './index.js';

const TREE = 'a'.repeat(40);
const PARENT = 'b'.repeat(40);
const head = (tree = TREE): string =>
  `tree ${tree}\nparent ${PARENT}\nauthor Ann Lee <ann@example.org> 1767225600 +0100\ncommitter Bob <bob@example.org> 1767225601 +0000\n`;
const gpg = '-----BEGIN PGP SIGNATURE-----\n\niQEzBAAB\n=abcd\n-----END PGP SIGNATURE-----';
const ssh = '-----BEGIN SSH SIGNATURE-----\nU1NIU0lH\n-----END SSH SIGNATURE-----';
const header = (name: string, text: string): string => `${name} ${text.replaceAll('\n', '\n ')}\n`;
const parse = (text: string) => {
  const commit = parseSignedCommit(Buffer.from(text));
  return 'reason' in commit ? commit : { ...commit, payload: Buffer.from(commit.payload).toString() };
};

describe('a commit', () => {
  it('tells who, when and on top of what', () => {
    expect(parse(`${head()}\nsubject\n`)).toEqual({
      payload: `${head()}\nsubject\n`,
      kind: 'none',
      signature: '',
      tree: TREE,
      parents: [PARENT],
      author: { name: 'Ann Lee', email: 'ann@example.org', at: 1767225600_000 },
      committer: { name: 'Bob', email: 'bob@example.org', at: 1767225601_000 },
    });
  });

  it.each([
    ['ssh', ssh],
    ['gpg', gpg],
    ['x509', '-----BEGIN SIGNED MESSAGE-----\nMII\n-----END SIGNED MESSAGE-----'],
    ['unknown', 'something else'],
  ])('signed by %s is taken apart', (kind, signature) => {
    expect(parse(`${head()}${header('gpgsig', signature)}\nsubject\n`)).toMatchObject({
      kind,
      signature,
      payload: `${head()}\nsubject\n`,
    });
  });

  it('keeps headers of several lines, before and after the signature', () => {
    const tag = header('mergetag', `object ${PARENT}\ntype commit\n\n${gpg}`);
    const text = (signature: string): string =>
      `${head()}${tag}${signature}encoding latin1\n\ngpgsig not a header\n`;
    expect(parse(text(header('gpgsig', ssh)))).toMatchObject({
      kind: 'ssh',
      signature: ssh,
      payload: text(''),
    });
    expect(parse(text(''))).toMatchObject({ kind: 'none', payload: text('') });
  });

  it('has its signature in the header of its object format, and signs none of the two', () => {
    const both = header('gpgsig', gpg) + header('gpgsig-sha256', ssh);
    expect(parse(`${head()}${both}\nx\n`)).toMatchObject({ kind: 'gpg', payload: `${head()}\nx\n` });
    const wide = head('a'.repeat(64));
    expect(parse(`${wide}${both}\nx\n`)).toMatchObject({ kind: 'ssh', payload: `${wide}\nx\n` });
    expect(parse(`${head()}${header('gpgsig-sha256', ssh)}\nx\n`)).toMatchObject({ kind: 'none' });
  });

  it('with two signatures has none that can be judged', () => {
    expect(parse(`${head()}${header('gpgsig', ssh)}${header('gpgsig', ssh)}\nx\n`)).toMatchObject({
      kind: 'unknown',
    });
  });

  it.each([
    ['nothing', ''],
    ['headers without an end', head()],
    ['two trees', `tree ${TREE}\n${head()}\nx`],
    ['two authors', `${head()}author Eve <eve@example.org> 1 +0000\n\nx`],
    ['no tree', `${head().slice(46)}\nx`],
    ['a continuation of nothing', ` x\n${head()}\nx`],
    ['a time that is none', `${head().replace('1767225601', 'x')}\nx`],
  ])('is none: %s', (_, text) => {
    expect(parse(text)).toHaveProperty('reason');
  });

  it('never throws, and every byte that is no signature is signed', () => {
    const line = fc.constantFrom(
      head(),
      header('gpgsig', ssh),
      header('gpgsig-sha256', gpg),
      'encoding x\n',
      '\n',
      ' \n',
      'x',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(line).map((lines) => lines.join('')),
          fc.string(),
        ),
        (text) => {
          const commit = parse(text);
          if (!('payload' in commit)) return;
          const removed = text.length - commit.payload.length;
          expect(removed === 0).toBe(!/^gpgsig/m.test(text.slice(0, text.indexOf('\n\n'))));
        },
      ),
    );
  });
});
