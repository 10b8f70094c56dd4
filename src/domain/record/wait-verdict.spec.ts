import { describe, expect, it } from '@jest/globals';
import { input, job, LENIENT, live } from '../../../test/builders/plan-input.js';
import { makePlan } from '../plan/make-plan.js';
import type { PlanInput } from '../plan/plan-input.js';
import { digest } from '../source/digest.js';
import type { Diagnostic } from '../source/diagnostic.js';
import type { JsonObject } from '../source/json.js';
import type { Revision } from '../source/revision.js';
import type { JobStatus } from './status.js';
import { waitVerdict, type WaitFacts } from './wait-verdict.js';

const [wanted, other] = ['a'.repeat(40) as Revision, 'b'.repeat(40) as Revision];
const at = (relation: 'contains' | 'behind' | 'apart'): WaitFacts['mirror'] => ({
  kind: 'at',
  revision: other,
  relation,
});
const planned = (parts: Partial<PlanInput>, diagnostics: Diagnostic[] = []): Partial<WaitFacts> => ({
  mirror: at('contains'),
  planned: { plan: makePlan(input(parts), LENIENT), diagnostics },
});
const judged = (facts: Partial<WaitFacts>) =>
  waitVerdict({
    revision: wanted,
    branch: 'main',
    mirror: { kind: 'absent' },
    tip: 'contains',
    statuses: [],
    ...facts,
  });
const status = (id: string, state: JobStatus['state'], message = 'why'): JobStatus => ({
  ref: job(id).ref,
  revision: other,
  plan: 'p',
  pass: 'p',
  action: 'blocked',
  state,
  message,
  since: '2026-01-01T00:00:00.000Z',
});

const done = { desired: [job('a')], live: [live('a', {}, { ownerLabel: 'test' })] };
const failedBefore = {
  desired: [job('a')],
  known: new Map([
    [
      job('a').ref,
      { scheduler: 'plain', kind: 'job' as const, id: 'a', failedDigest: digest(job('a').spec) },
    ],
  ]),
};
const paused = {
  desired: [job('a')],
  paused: new Map([['*', { by: 'ann', at: '2026-01-01T00:00:00.000Z' }]]),
};
const wrong: Diagnostic = {
  code: 'plain/broken',
  severity: 'error',
  message: 'it is broken',
  place: { file: 'jobs/a.json', line: 3, column: 1 },
};

describe('waiting for a revision', () => {
  it.each<[string, Partial<WaitFacts>, string | undefined, string]>([
    ['nothing was mirrored', {}, undefined, 'nothing-mirrored'],
    ['nothing was mirrored, and it is not merged yet', { tip: 'behind' }, undefined, 'nothing-mirrored'],
    ['nothing was mirrored, and the branch is another one', { tip: 'apart' }, 'superseded', 'superseded'],
    ['there is no branch', { tip: undefined }, 'superseded', 'superseded'],
    ['the mirror is not readable', { mirror: { kind: 'unreadable', reason: 'x' } }, undefined, 'timeout'],
    ['the mirror is behind', { mirror: at('behind') }, undefined, 'timeout'],
    [
      'the mirror is behind, it is not merged yet',
      { mirror: at('behind'), tip: 'behind' },
      undefined,
      'timeout',
    ],
    ['the branch was rewritten to it', { mirror: at('apart'), tip: 'contains' }, undefined, 'timeout'],
    ['the branch went on without it', { mirror: at('apart'), tip: 'apart' }, 'superseded', 'superseded'],
    ['the branch is gone', { mirror: at('behind'), tip: undefined }, 'superseded', 'superseded'],
    ['all of it was applied', planned(done), 'live', 'live'],
    [
      'it was applied, and the branch was rewritten since',
      { ...planned(done), tip: 'apart' },
      'live',
      'live',
    ],
    ['a job is still to be sent', planned({ desired: [job('a')] }), undefined, 'timeout'],
    [
      'a job was sent, and its end is not on record',
      planned({ ...done, unresolved: new Set([job('a').ref]) }),
      undefined,
      'timeout',
    ],
    ['a job failed', planned(failedBefore), 'failed', 'failed'],
    ['a gate holds it', planned(paused), 'held', 'held'],
    ['a manifest is wrong', planned(done, [wrong]), 'failed', 'failed'],
    [
      'a deployer says that it may not send a job',
      { ...planned({ desired: [job('a')] }), statuses: [status('a', 'blocked')] },
      undefined,
      'held',
    ],
    [
      'what a deployer says is about what was there before',
      { ...planned({ desired: [job('a')] }), statuses: [status('a', 'applied'), status('z', 'blocked')] },
      undefined,
      'timeout',
    ],
  ])('where %s', (_what, facts, outcome, late) => {
    expect(judged(facts)).toMatchObject({ outcome, late });
  });

  it('says which jobs are not as the revision states them, and why', () => {
    expect(judged(planned(paused))).toMatchObject({
      jobs: [{ ref: 'plain:a', state: 'held', reason: expect.stringContaining('ann') }],
    });
    const open = {
      ...planned({ desired: [job('a'), job('b')] }),
      statuses: [status('b', 'blocked', 'not owned')],
    };
    expect(judged(open)).toMatchObject({
      message: 'plain:b: not owned',
      jobs: [
        { ref: 'plain:a', state: 'pending', reason: 'new in Git' },
        { ref: 'plain:b', state: 'held', reason: 'not owned' },
      ],
    });
    expect(judged(planned(done)).jobs).toEqual([]);
  });

  it('does not wait for secrets that are on record under another key, and says so', () => {
    const hidden = (key: string, digest: string, more: object = {}) => ({
      env: `secret:hmac-sha256:${key.repeat(8)}:${digest.repeat(32)}`,
      ...more,
    });
    const between = (was: object, is: object) =>
      judged(
        planned({
          desired: [job('a', is as JsonObject)],
          live: [live('a', was as JsonObject, { ownerLabel: 'test' })],
        }),
      );
    expect(between(hidden('1', 'a'), hidden('2', 'b'))).toMatchObject({
      outcome: 'live',
      uncompared: ['plain:a'],
    });
    expect(between(hidden('1', 'a'), hidden('1', 'b'))).toMatchObject({ outcome: undefined, uncompared: [] });
    expect(between(hidden('1', 'a'), hidden('2', 'b', { cmd: 'x' }))).toMatchObject({ outcome: undefined });
    expect(between({ env: 'plain' }, hidden('2', 'b'))).toMatchObject({ outcome: undefined });
  });

  it('names the place of a mistake', () => {
    expect(judged(planned(done, [wrong, wrong])).message).toBe('jobs/a.json:3:1: it is broken (and 1 more)');
  });
});
