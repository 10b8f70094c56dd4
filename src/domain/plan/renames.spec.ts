import { describe, expect, it } from '@jest/globals';
import { input, job, known, LENIENT, live } from '../../../test/builders/plan-input.js';
import { makePlan } from './make-plan.js';
import type { PlanInput } from './plan-input.js';

const changes = (parts: Partial<PlanInput>) => makePlan(input(parts), LENIENT).changes;

describe('a job that is renamed', () => {
  it('is another job to its scheduler, and the old one goes when the new one has come', () => {
    const plan = changes({
      desired: [job('new', { n: 1 })],
      live: [live('old', { n: 1 })],
      known: new Map([known('old', { n: 1 })]),
    });
    expect(plan).toMatchObject([
      {
        ref: 'plain:new',
        action: 'create',
        effect: 'is old under another name: to plain it is another job, without its history',
      },
      { ref: 'plain:old', action: 'delete', effect: 'goes on as new', after: ['plain:new'] },
    ]);
  });

  it('is none where something else of it is different, or more of the same kind come than go', () => {
    const old = { live: [live('old', { n: 1 })], known: new Map([known('old', { n: 1 })]) };
    for (const change of changes({ desired: [job('new', { n: 2 })], ...old }))
      expect(change).not.toHaveProperty('effect');
    const two = changes({ desired: [job('a', { n: 1 }), job('b', { n: 1 })], ...old });
    expect(two.filter(({ action, effect }) => action === 'create' && effect !== undefined)).toHaveLength(1);
  });

  it('stays as it is where the new one is held', () => {
    const plan = changes({
      desired: [job('new', { n: 1 })],
      live: [live('old', { n: 1 })],
      known: new Map([known('old', { n: 1 })]),
      paused: new Map([['plain:new', { by: 'ann', at: '2026-01-01T00:00:00Z' }]]),
    });
    expect(plan.map(({ ref, action }) => `${ref} ${action}`)).toEqual([
      'plain:new blocked',
      'plain:old blocked',
    ]);
  });
});
