import { describe, expect, it } from '@jest/globals';
import type { JobRef } from '../../domain/job/job-ref.js';
import { entryMessage } from '../../domain/record/entry-message.js';
import type { LedgerEntry, LedgerState } from '../../domain/record/ledger-entry.js';
import { parseCommitObject } from '../../domain/source/commit-object.js';
import type { ObjectId, Revision } from '../../domain/source/revision.js';
import type { AuditedEntry } from './entry.js';
import { Findings } from './findings.js';
import { checkTrailers } from './check-trailers.js';

const id = (digit: string): string => digit.repeat(40);
const at = '2026-01-01T00:00:00.000Z';
const trees = [{ folder: 'jobs', tree: id('b') as ObjectId }];

const state = (pass: string, revision: string): LedgerState => ({
  version: 1,
  environment: 'test',
  sequence: 7,
  revision: revision as Revision,
  trees,
  pass,
  jobs: {},
  intents: [],
});

const entry = (pass: string, more: Partial<LedgerEntry> = {}): LedgerEntry => ({
  phase: 'outcome',
  environment: 'test',
  pass,
  planDigest: 'sha256:1',
  revision: id('a') as Revision,
  trees,
  trigger: 'run',
  actor: 'ann@host',
  decisions: [],
  at,
  outcomes: [
    {
      ref: 'plain:web' as JobRef,
      scheduler: 'plain',
      kind: 'job',
      id: 'web',
      action: 'delete',
      state: 'applied',
      message: 'gone',
      startedAt: at,
      endedAt: at,
    },
  ],
  files: {},
  state: state(pass, id('a')),
  ...more,
});

/** What an audit finds where the message of the first stands over the tree of the second. */
function findingsOf(message: string, after: LedgerState): string[] {
  const text = `tree ${id('c')}\nauthor T <t@l> 1 +0000\ncommitter T <t@l> 1 +0000\n\n${message}`;
  const commit = parseCommitObject(Buffer.from(text));
  if (commit === undefined) throw new Error('that is a commit');
  const findings = new Findings(10);
  const audited: AuditedEntry = {
    id: id('d') as ObjectId,
    bytes: Buffer.from(text),
    commit,
    phase: 'outcome',
    changes: [],
    before: undefined,
    after,
    files: new Map(),
    texts: new Map(),
    parse: () => undefined,
  };
  checkTrailers(audited, findings);
  return findings.all.map(({ layer, what }) => `${layer}: ${what}`);
}

describe('the message of an entry beside its tree', () => {
  it('holds where both say the same', () => {
    expect(findingsOf(entryMessage(entry('p1')), state('p1', id('a')))).toEqual([]);
  });

  it('does not where the pass is another one', () => {
    expect(findingsOf(entryMessage(entry('p1')), state('p2', id('a')))).not.toEqual([]);
  });

  it('holds for an entry that had to wait while others went on', () => {
    const late = entryMessage(entry('p1', { late: true }));
    expect(findingsOf(late, state('p2', id('e')))).toEqual([]);
    const other = { ...state('p2', id('e')), sequence: 8 };
    expect(findingsOf(late, other)).toEqual([expect.stringContaining('Towline-Sequence')]);
  });
});
