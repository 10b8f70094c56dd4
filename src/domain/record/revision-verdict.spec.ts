import { describe, expect, it } from '@jest/globals';
import { input, job, LENIENT, live } from '../../../test/builders/plan-input.js';
import { digest } from '../source/digest.js';
import { makePlan } from '../plan/make-plan.js';
import type { PlanInput } from '../plan/plan-input.js';
import type { Outcome, OutcomeState } from './outcome.js';
import { revisionVerdict } from './revision-verdict.js';

const planOf = (parts: Partial<PlanInput>) => makePlan(input(parts), LENIENT);
const two = planOf({ desired: [job('a'), job('b')] });
const outcome = (id: string, state: OutcomeState, more: Partial<Outcome> = {}): Outcome => ({
  ref: job(id).ref,
  scheduler: 'plain',
  kind: 'job',
  id,
  action: 'create',
  state,
  message: `${id} ended`,
  startedAt: '2026-01-01T00:00:00.000Z',
  endedAt: '2026-01-01T00:00:00.000Z',
  ...more,
});

describe('how a revision stands', () => {
  it('is pending while it is deployed, and says what is done', () => {
    expect(revisionVerdict(two)).toMatchObject({
      environment: 'test',
      state: 'pending',
      description: 'create plain:a (and 1 more)',
    });
  });

  it('is live when all was applied, or where nothing is to be done', () => {
    expect(revisionVerdict(two, [outcome('a', 'applied'), outcome('b', 'applied')])).toMatchObject({
      state: 'live',
      description: '2 changes applied',
    });
    const idle = planOf({ desired: [job('a')], live: [live('a', {}, { ownerLabel: 'test' })] });
    expect(revisionVerdict(idle)).toMatchObject({ state: 'live', description: 'all jobs are as in Git' });
  });

  it.each<[OutcomeState, Partial<Outcome>, string, string]>([
    ['failed', {}, 'failed', 'plain:b failed: b ended'],
    ['rolled-back', {}, 'failed', 'plain:b rolled back: b ended'],
    ['unknown', {}, 'pending', 'plain:b: b ended'],
    ['blocked', {}, 'held', 'plain:b: b ended'],
    ['blocked', { replan: true }, 'pending', 'plain:b: b ended'],
  ])('of a change that ended %s is told, whatever became of the others', (end, more, state, description) => {
    expect(revisionVerdict(two, [outcome('a', 'applied'), outcome('b', end, more)])).toMatchObject({
      state,
      description,
    });
  });

  it('stays failed while a definition that failed is not tried again, and is held where a gate holds', () => {
    const failedDigest = digest(job('a').spec);
    const failed = planOf({
      desired: [job('a')],
      known: new Map([[job('a').ref, { scheduler: 'plain', kind: 'job', id: 'a', failedDigest }]]),
    });
    expect(revisionVerdict(failed)).toMatchObject({ state: 'failed' });
    const foreign = planOf({ desired: [job('a', { cmd: 'x' })], live: [live('a')] });
    expect(revisionVerdict(foreign)).toMatchObject({
      state: 'held',
      description: expect.stringContaining('--adopt'),
    });
    // What was applied beside it does not make it live.
    expect(revisionVerdict(foreign, [outcome('b', 'applied')])).toMatchObject({ state: 'held' });
  });

  it('is said in one line of 140 characters at most', () => {
    const message = `line\nother ${'ü'.repeat(300)}`;
    const { description } = revisionVerdict(two, [
      outcome('a', 'failed', { message }),
      outcome('b', 'failed'),
    ]);
    expect([...description]).toHaveLength(140);
    expect(description).not.toContain('\n');
    expect(description).toMatch(/ü… \(and 1 more\)$/);
  });
});
