import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { execFileSync } from 'node:child_process';
import type { JobRef } from '../job/job-ref.js';
import type { LedgerEntry, LedgerState } from './ledger-entry.js';
import type { Outcome } from './outcome.js';
import type { ObjectId, Revision } from '../source/revision.js';
import type { Json } from '../source/json.js';
import { documentText, parseState, stateOf, stateText } from './ledger-files.js';
import { entryMessage, overall } from './entry-message.js';

const outcome = (message: string, ref = 'marathon:/a', state: Outcome['state'] = 'applied'): Outcome => ({
  ref: ref as JobRef,
  scheduler: 'marathon',
  kind: 'app',
  id: '/a',
  action: 'update',
  state,
  message,
  startedAt: '',
  endedAt: '',
});

const entry = (outcomes: Outcome[], trigger = 'run'): LedgerEntry => ({
  phase: 'outcome',
  environment: 'test',
  pass: 'p1',
  planDigest: 'plan',
  actor: 'ann@host',
  decisions: [],
  revision: 'a'.repeat(40) as Revision,
  trees: [{ folder: 'jobs', tree: 'b'.repeat(40) as ObjectId }],
  trigger,
  at: '2026-01-01T00:00:00.000Z',
  outcomes,
  files: {},
  state: {
    version: 1,
    environment: 'test',
    revision: 'a'.repeat(40) as Revision,
    trees: [{ folder: 'jobs', tree: 'b'.repeat(40) as ObjectId }],
    pass: 'p1',
    jobs: {},
    intents: [],
  },
});

/** As git itself reads them. */
const trailersIn = (message: string): string[] =>
  execFileSync('git', ['interpret-trailers', '--parse'], { input: message }).toString().trim().split('\n');

describe('the message of a ledger entry', () => {
  it('has a subject for people and trailers for tools', () => {
    const message = entryMessage(
      entry([outcome('2 of 2 tasks run'), outcome('no offer', 'marathon:/b', 'failed')]),
    );
    expect(message).toMatchInlineSnapshot(`
"Deploy 2 changes of test at aaaaaaaaaa: 1 applied, 1 failed

marathon:/a: update applied. 2 of 2 tasks run
marathon:/b: update failed. no offer

Towline-Environment: test
Towline-Phase: outcome
Towline-Pass: p1
Towline-Plan: plan
Towline-Revision: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
Towline-Tree: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb jobs
Towline-Trigger: run
Towline-Actor: ann@host
Towline-Outcome: partial
Towline-Job: marathon:/a update applied
Towline-Job: marathon:/b update failed
"
`);
  });

  it('has the same trailers for git whatever a scheduler or a manifest says', () => {
    const hostile = fc.oneof(
      fc.constantFrom(
        '\nTowline-Outcome: applied\n',
        'x\n\nTowline-Revision: forged',
        '\r\nTowline-Job: marathon:/evil create applied',
        '\u2028Towline-Pass: 0\u0085',
        '---\n',
      ),
      fc.string({ unit: 'binary', maxLength: 200 }),
    );
    fc.assert(
      fc.property(hostile, hostile, (message, trigger) => {
        const trailers = trailersIn(
          entryMessage(entry([outcome(message, 'marathon:/a', 'failed')], trigger)),
        );
        const keys = trailers.map((line) => line.split(':')[0]);
        expect(keys.filter((key) => key !== 'Towline-Trigger')).toEqual([
          'Towline-Environment',
          'Towline-Phase',
          'Towline-Pass',
          'Towline-Plan',
          'Towline-Revision',
          'Towline-Tree',
          'Towline-Actor',
          'Towline-Outcome',
          'Towline-Job',
        ]);
        expect(trailers).toContain(`Towline-Revision: ${'a'.repeat(40)}`);
        expect(trailers).toContain('Towline-Outcome: failed');
        expect(trailers).toContain('Towline-Job: marathon:/a update failed');
      }),
      { numRuns: 60 },
    );
  });
});

it('writes equal values as equal bytes', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const shuffled = Object.fromEntries(Object.entries(value).reverse());
      expect(documentText(shuffled as never)).toBe(documentText(value as never));
    }),
  );
});

it.each([
  [[], 'applied'],
  [['applied', 'applied'], 'applied'],
  [['applied', 'failed'], 'partial'],
  [['failed', 'rolled-back'], 'failed'],
  [['blocked'], 'blocked'],
  [['failed', 'unknown'], 'unknown'],
] as const)('calls a pass that ended with %j %s', (states, whole) => {
  expect(overall(states.map((state) => outcome('', 'marathon:/a', state)))).toBe(whole);
});

describe('the state of the ledger', () => {
  const good = entry([]).state;
  it('is read back as it was written', () => {
    expect(parseState(documentText(good as never))).toEqual({ state: good });
  });

  it.each([
    ['nothing', ''],
    ['a list', '[]'],
    ['another version', JSON.stringify({ ...good, version: 2 })],
    ['a branch name for a revision', JSON.stringify({ ...good, revision: 'main' })],
    ['a job without its outcome', JSON.stringify({ ...good, jobs: { 'marathon:/a': { id: '/a' } } })],
    ['an intent without its job', JSON.stringify({ ...good, intents: [{}] })],
  ])('is refused with a reason where it is %s', (_what, text) => {
    expect(parseState(text)).toEqual({ reason: expect.any(String) });
  });
});

describe('the text of a state', () => {
  // A reference always has a colon: names like "7", which objects put first, are none.
  const names = fc.oneof(
    fc.constantFrom('marathon:/a', 'marathon:/b/c', 'chronos:"jobs": {}'),
    fc.string().map((name) => `marathon:/${name}`),
  );
  const job = fc.dictionary(fc.string(), fc.jsonValue() as fc.Arbitrary<Json>);
  const state = fc.record({
    version: fc.constant(1),
    environment: fc.string(),
    jobs: fc.dictionary(names, job),
    intents: fc.array(job, { maxLength: 2 }),
    pass: fc.string(),
    paused: fc.dictionary(names, job),
    mirror: job,
  });

  it('is the same whether single jobs were made into text before or not', () => {
    fc.assert(
      fc.property(fc.array(state, { minLength: 1, maxLength: 4 }), (states) => {
        let jobs: Record<string, Json> = {};
        for (const each of states) {
          // The jobs of one state go on into the next, as they do from entry to entry.
          jobs = { ...jobs, ...each.jobs };
          const now = { ...each, jobs } as unknown as LedgerState;
          expect(stateText(now)).toBe(documentText(stateOf(now)));
          expect(stateText(now)).toBe(documentText(stateOf(now)));
        }
      }),
      { numRuns: 100 },
    );
  });
});
