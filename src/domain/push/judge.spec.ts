import { describe, expect, it } from '@jest/globals';
import type { Signature } from '../trust/index.js';
import { judgePush, parsePushedRefs, type CommitFacts, type PushPolicy, type RefFacts } from './index.js';

const [A, B, ZERO] = ['a'.repeat(40), 'b'.repeat(40), '0'.repeat(40)];
const by = (name: string): Signature => ({ kind: 'ssh', state: 'good', by: name, key: `SHA256:${name}` });
const UNSIGNED: Signature = { kind: 'none', state: 'not-signed', reason: 'it is not signed' };
const commit = (signature?: Signature, ...paths: string[]): CommitFacts => ({
  id: B,
  paths,
  ...(signature === undefined ? {} : { signature }),
});
const facts = (name: string, commits: CommitFacts[], more: Partial<RefFacts> = {}): RefFacts => ({
  ref: { from: A, to: B, name },
  commits,
  forwards: true,
  replaced: [],
  ...more,
});
const policy = (more: Partial<PushPolicy> = {}): PushPolicy => ({
  protect: [],
  requireSigned: false,
  records: ['refs/heads/ledger/test', 'refs/notes/towline'],
  ...more,
});
const codes = (rules: PushPolicy, about: RefFacts): string[] =>
  judgePush(rules, about).map(({ code }) => code);
const deleted = { ref: { from: A, to: ZERO, name: 'refs/heads/main' } };

describe('a push', () => {
  it.each<[string, PushPolicy, RefFacts, string[]]>([
    ['without rules is free', policy(), facts('refs/heads/main', [commit(UNSIGNED, 'x')]), []],
    [
      'must be signed where it is asked for',
      policy({ requireSigned: true }),
      facts('refs/heads/x', [commit(UNSIGNED)]),
      ['unsigned'],
    ],
    [
      'is good where it is signed',
      policy({ requireSigned: true }),
      facts('refs/heads/x', [commit(by('ann'))]),
      [],
    ],
    [
      'must be signed on some branches only',
      policy({ requireSigned: ['release/*'] }),
      facts('refs/heads/main', [commit(UNSIGNED)]),
      [],
    ],
    [
      'must be signed on branches that fit',
      policy({ requireSigned: ['release/*'] }),
      facts('refs/heads/release/1', [commit(UNSIGNED)]),
      ['unsigned'],
    ],
    [
      'of a signature that was not looked at is not signed',
      policy({ requireSigned: true }),
      facts('refs/heads/x', [commit()]),
      ['unsigned'],
    ],
    [
      'does not delete a signed branch',
      policy({ requireSigned: ['main'] }),
      facts('refs/heads/main', [], deleted),
      ['deleted'],
    ],
    [
      'of tags need not be signed',
      policy({ requireSigned: true }),
      facts('refs/tags/v1', [commit(UNSIGNED)]),
      [],
    ],
    [
      'brings no replacements past signatures',
      policy({ requireSigned: ['main'] }),
      facts('refs/replace/x', []),
      ['replace'],
    ],
    [
      'changes protected paths by who may',
      policy({ protect: [{ paths: ['.towline/**'], allow: ['ann'] }] }),
      facts('refs/heads/x', [commit(by('ann'), '.towline/keys/a')]),
      [],
    ],
    [
      'changes them by a key, too',
      policy({ protect: [{ paths: ['towline.yaml'], allow: ['SHA256:ann'] }] }),
      facts('refs/heads/x', [commit(by('ann'), 'towline.yaml')]),
      [],
    ],
    [
      'of another signer does not',
      policy({ protect: [{ paths: ['.towline/**'], allow: ['ann'] }] }),
      facts('refs/heads/x', [commit(by('bob'), '.towline/keys/a')]),
      ['protected'],
    ],
    [
      'that is not signed does not',
      policy({ protect: [{ paths: ['towline.yaml'], allow: ['ann'] }] }),
      facts('refs/heads/x', [commit(UNSIGNED, 'towline.yaml')]),
      ['protected'],
    ],
    [
      'of other paths is free',
      policy({ protect: [{ paths: ['towline.yaml'], allow: [] }] }),
      facts('refs/heads/x', [commit(UNSIGNED, 'jobs/towline.yaml')]),
      [],
    ],
    [
      'with force undoes no protected path',
      policy({ protect: [{ paths: ['towline.yaml'], allow: ['ann'] }] }),
      facts('refs/heads/x', [], { forwards: false, replaced: ['towline.yaml'] }),
      ['protected'],
    ],
    [
      'with force of other paths is free',
      policy({ protect: [{ paths: ['towline.yaml'], allow: ['ann'] }] }),
      facts('refs/heads/x', [], { forwards: false, replaced: ['a'] }),
      [],
    ],
    ['lets the record grow', policy(), facts('refs/heads/ledger/test', [commit()]), []],
    [
      'replaces nothing of the record',
      policy(),
      facts('refs/heads/ledger/test', [], { forwards: false }),
      ['record'],
    ],
    [
      'deletes no record',
      policy(),
      facts('refs/notes/towline', [], { ref: { from: A, to: ZERO, name: 'refs/notes/towline' } }),
      ['record'],
    ],
    [
      'of the record is of its writers',
      policy({ recordWriters: ['worker'] }),
      facts('refs/notes/towline', [commit(by('ann'))]),
      ['record'],
    ],
    [
      'of a writer is good',
      policy({ recordWriters: ['worker'] }),
      facts('refs/notes/towline', [commit(by('worker'))]),
      [],
    ],
  ])('%s', (_what, rules, about, expected) => {
    expect(codes(rules, about)).toEqual(expected);
  });

  it('is told on one line, whatever a path is', () => {
    const rules = policy({ protect: [{ paths: ['**'], allow: [] }] });
    const [finding] = judgePush(rules, facts('refs/heads/x', [commit(UNSIGNED, 'a\n\u001b[2Jremote: fine')]));
    expect(finding?.message).toMatch(/^[^\u0000-\u001f]+$/);
  });

  it('is read from the lines that git writes; others count for nothing', () => {
    const long = 'c'.repeat(64);
    expect(
      parsePushedRefs(`${A} ${B} refs/heads/$(touch x)\nnonsense\n${long} ${long} refs/tags/v1\n`),
    ).toEqual([
      { from: A, to: B, name: 'refs/heads/$(touch x)' },
      { from: long, to: long, name: 'refs/tags/v1' },
    ]);
  });
});
