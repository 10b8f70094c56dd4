import { describe, expect, it } from '@jest/globals';
import type { JobRef } from '../job/job-ref.js';
import { REVISION, TREE } from '../../../test/builders/plan-input.js';
import type { LedgerEntry, LedgerIntent, LedgerJob, LedgerState } from './ledger-entry.js';
import { rebased } from './rebase.js';

const ref = (id: string): JobRef => `plain:${id}` as JobRef;
const intent = (id: string): LedgerIntent => ({
  ref: ref(id),
  scheduler: 'plain',
  kind: 'job',
  id,
  action: 'update',
});
const record = (id: string, at: string): LedgerJob => ({
  scheduler: 'plain',
  kind: 'job',
  id,
  file: `plain/${id}.json`,
  revision: REVISION,
  outcome: 'applied',
  message: at,
  at,
});
const state = (more: Partial<LedgerState> = {}): LedgerState => ({
  version: 1,
  environment: 'test',
  sequence: 7,
  revision: REVISION,
  trees: [{ folder: '', tree: TREE }],
  pass: 'found',
  jobs: {},
  intents: [],
  ...more,
});
const entry = (ids: string[], own: Partial<LedgerState>, files: LedgerEntry['files'] = {}): LedgerEntry => ({
  phase: 'outcome',
  environment: 'test',
  pass: 'own',
  planDigest: 'sha256:own',
  revision: REVISION,
  trees: [{ folder: '', tree: TREE }],
  trigger: 'run',
  actor: 'ann@host',
  decisions: [],
  at: '2026-01-01T00:00:02Z',
  outcomes: ids.map((id) => ({
    ...intent(id),
    state: 'applied',
    message: '',
    startedAt: '2026-01-01T00:00:01Z',
    endedAt: '2026-01-01T00:00:02Z',
  })),
  files,
  state: state({ pass: 'own', sequence: 3, ...own }),
});
const none = { intents: [] };

describe('an entry that was made for another state than it finds', () => {
  it('has the number that comes next, and says that it is late', () => {
    expect(rebased(entry([], {}), none, state())).toMatchObject({ late: true, state: { sequence: 8 } });
  });

  it('brings its jobs, and leaves one alone that somebody changed or made anew later', () => {
    const found = state({
      jobs: {
        [ref('a')]: record('a', '2026-01-01T00:00:01Z'),
        [ref('b')]: record('b', '2026-01-01T00:00:03Z'),
        [ref('gone')]: record('gone', '2026-01-01T00:00:01Z'),
        [ref('back')]: record('back', '2026-01-01T00:00:03Z'),
        [ref('c')]: record('c', '2026-01-01T00:00:03Z'),
      },
    });
    const own = {
      [ref('a')]: record('a', '2026-01-01T00:00:02Z'),
      [ref('b')]: record('b', '2026-01-01T00:00:02Z'),
    };
    const files = {
      'plain/a.json': { v: 2 },
      'plain/b.json': { v: 2 },
      'plain/gone.json': null,
      'plain/back.json': null,
    };
    const late = rebased(entry(['a', 'b', 'gone', 'back'], { jobs: own }, files), none, found);
    expect(late.state.jobs).toEqual({
      [ref('a')]: record('a', '2026-01-01T00:00:02Z'),
      [ref('b')]: record('b', '2026-01-01T00:00:03Z'),
      [ref('back')]: record('back', '2026-01-01T00:00:03Z'),
      [ref('c')]: record('c', '2026-01-01T00:00:03Z'),
    });
    expect(late.files).toEqual({ 'plain/a.json': { v: 2 }, 'plain/gone.json': null });
    expect(late.state.pass).toBe('found');
    expect(late.outcomes).toHaveLength(4);
  });

  it('ends what it has ended, also what it never began, and keeps what others announced', () => {
    const found = state({ intents: [intent('a'), intent('cut'), intent('theirs')] });
    const before = { intents: [intent('a'), intent('cut'), intent('open')] };
    const late = rebased(entry(['a'], { intents: [intent('open')] }), before, found);
    expect(late.state.intents.map(({ id }) => id)).toEqual(['theirs', 'open']);
  });

  it('takes back no order that was given meanwhile', () => {
    const [old, anew] = [
      { by: 'ann', at: '2026-01-01T00:00:00Z' },
      { by: 'bob', at: '2026-01-01T00:00:03Z' },
    ];
    const before = { intents: [], restarts: { [ref('a')]: old, [ref('b')]: old } };
    const found = state({ restarts: { [ref('a')]: old, [ref('b')]: anew }, paused: { '*': anew } });
    const late = rebased(entry(['a', 'b'], {}), before, found);
    expect(late.state).toMatchObject({ restarts: { [ref('b')]: anew }, paused: { '*': anew } });
    expect(late.state.restarts).not.toHaveProperty(ref('a'));
  });
});
