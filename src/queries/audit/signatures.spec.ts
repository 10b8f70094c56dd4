import { expect, it } from '@jest/globals';
import { parseCommitObject } from '../../domain/source/commit-object.js';
import type { ObjectId, Revision } from '../../domain/source/revision.js';
import type { AuditedEntry } from './entry.js';
import { Findings } from './findings.js';
import { checkSignatures } from './signatures.js';

const signal = new AbortController().signal;
const revision = (digit: string): Revision => digit.repeat(40) as Revision;

function entry(digit: string, trailers: string): AuditedEntry {
  const message = `Something\n\n${trailers}\n`;
  const text = `tree ${'c'.repeat(40)}\nauthor T <t@l> 1 +0000\ncommitter T <t@l> 1 +0000\ngpgsig x\n\n${message}`;
  const commit = parseCommitObject(Buffer.from(text));
  if (commit === undefined) throw new Error('that is a commit');
  const state = { version: 1, environment: 'test', revision: revision('a'), trees: [], pass: 'p' } as const;
  return {
    id: digit.repeat(40) as ObjectId,
    bytes: Buffer.from(text),
    commit,
    phase: 'outcome',
    changes: [],
    before: undefined,
    after: { ...state, jobs: {}, intents: [] },
    files: new Map(),
    texts: new Map(),
    parse: () => undefined,
  };
}

const deployed = (digit: string): string =>
  `Towline-Phase: outcome\nTowline-Outcome: applied\nTowline-Revision: ${revision(digit)}`;

it('judges each entry by what was deployed before it, also where the entries come in several heaps', async () => {
  const asked: (string | undefined)[] = [];
  const signatures = {
    check: async (_bytes: Uint8Array, { signersAt }: { signersAt: Revision | undefined }) => {
      asked.push(signersAt?.slice(0, 1));
      return { state: 'good' as const };
    },
  };
  const findings = new Findings(10);
  const check = (entries: AuditedEntry[], before: Revision | undefined) =>
    checkSignatures(entries, { signatures, required: true }, before, findings, signal);
  const first = await check([entry('1', deployed('a')), entry('2', deployed('b'))], undefined);
  const second = await check([entry('3', deployed('c')), entry('4', deployed('d'))], first.signers);
  expect(asked).toEqual(['a', 'a', 'b', 'c']);
  expect(second).toEqual({ good: 2, signers: revision('d') });
  expect(findings.all).toEqual([]);
});
