import { describe, expect, it } from '@jest/globals';
import { input, job, known, LENIENT, live, plainModel } from '../../../test/builders/plan-input.js';
import type { JobRef } from '../job/job-ref.js';
import { makePlan } from './make-plan.js';
import type { Plan } from './plan.js';
import type { PlanInput } from './plan-input.js';

const schedulers = new Map([
  ['plain', { model: { ...plainModel, setKinds: ['job'] }, context: { settings: {} } }],
]);
const planOf = (parts: Partial<PlanInput>) =>
  makePlan(input({ schedulers, together: ['/shop'], ...parts }), LENIENT);
const shown = ({ changes }: Plan) =>
  Object.fromEntries(changes.map(({ ref, action, together, reason }) => [ref, { action, together, reason }]));

describe('jobs that are changed together', () => {
  it('are those below the group that change; the others are as ever', () => {
    const plan = planOf({
      desired: [job('/shop/a', { n: 2 }), job('/shop/b'), job('/shop/c'), job('/shopping'), job('/db')],
      live: [live('/shop/a', { n: 1 }), live('/shop/c')],
      known: new Map([known('/shop/a', { n: 1 }), known('/shop/c')]),
    });
    expect(
      plan.changes
        .filter(({ together }) => together === '/shop')
        .map(({ ref }) => ref)
        .sort(),
    ).toEqual(['plain:/shop/a', 'plain:/shop/b']);
  });

  it('wait for nothing of their own set, and all for what any of them waits for', () => {
    const plan = planOf({
      desired: [job('/shop/a', { needs: ['/shop/b', '/db'] }), job('/shop/b'), job('/db')],
    });
    expect(plan.changes.find(({ id }) => id === '/shop/a')?.after).toEqual(['plain:/db']);
  });

  it('are all held where one of them is', () => {
    const plan = planOf({
      desired: [job('/shop/a', { n: 2 }), job('/shop/b')],
      live: [live('/shop/a', { n: 1 }, { ownerLabel: 'another' })],
    });
    expect(shown(plan)['plain:/shop/b']).toMatchObject({
      action: 'blocked',
      reason: 'is changed together with plain:/shop/a, which is held back',
    });
  });

  it('are held where something outside stands between two of them', () => {
    const plan = planOf({
      desired: [job('/shop/a', { needs: ['/db'] }), job('/db', { needs: ['/shop/b'] }), job('/shop/b')],
    });
    expect(shown(plan)['plain:/shop/b']).toMatchObject({
      action: 'blocked',
      reason: "can't be changed together: plain:/db stands between",
    });
  });
});

describe('fields of others in a plan', () => {
  const ignoreFields = [{ fields: ['/n'], jobs: [], files: [] }];

  it('are no difference, and are told as somebody else’s', () => {
    const [change] = planOf({
      desired: [job('/a', { n: 1 })],
      live: [live('/a', { n: 5 })],
      known: new Map([known('/a', { n: 1 })]),
      ignoreFields,
    }).changes;
    expect(change).toMatchObject({ action: 'none', document: { id: '/a', n: 5 } });
    expect(change?.elsewhere).toHaveLength(1);
  });

  it('are sent as they are live when something else changes', () => {
    const [change] = planOf({
      desired: [job('/a', { n: 1, cmd: 'new' })],
      live: [live('/a', { n: 5, cmd: 'old' })],
      known: new Map([known('/a', { n: 1, cmd: 'old' })]),
      ignoreFields,
    }).changes;
    expect(change).toMatchObject({
      action: 'update',
      reason: 'changed in Git',
      document: { id: '/a', n: 5, cmd: 'new' },
    });
  });
});

describe('live jobs that Git does not state', () => {
  const beside = (first: string) =>
    live(`${first}-canary`, {}, { ownerLabel: 'test', beside: `plain:${first}` as JobRef });

  it('are left to the change of the job that they stand beside, and taken away when there is none', () => {
    const rolling = planOf({
      desired: [job('/a', { n: 2 })],
      live: [live('/a', { n: 1 }), beside('/a')],
      known: new Map([known('/a', { n: 1 })]),
    });
    expect(rolling.changes.map(({ ref }) => ref)).toEqual(['plain:/a']);
    const calm = planOf({
      desired: [job('/a')],
      live: [live('/a'), beside('/a')],
      known: new Map([known('/a')]),
    });
    expect(shown(calm)['plain:/a-canary']).toMatchObject({
      action: 'delete',
      reason: 'left over from a change of plain:/a',
    });
  });

  it('are not deleted where they only carry our marks, as a copy does', () => {
    const copying = new Map([
      ['plain', { model: { ...plainModel, isCopy: () => true }, context: { settings: {} } }],
    ]);
    const parts = { schedulers: copying, live: [live('/copy', {}, { ownerLabel: 'test' })] };
    expect(shown(planOf(parts))['plain:/copy']).toMatchObject({ action: 'blocked' });
    expect(shown(planOf({ ...parts, known: new Map([known('/copy')]) }))['plain:/copy']).toMatchObject({
      action: 'delete',
    });
  });
});
