import { describe, expect, it } from '@jest/globals';
import {
  NOON,
  policyOf,
  facts,
  approval,
  heldIn,
  said,
  only,
  TWO,
  WEEKEND,
} from '../../../../test/builders/gates.js';
import { input, job, known, LENIENT, live } from '../../../../test/builders/plan-input.js';
import { makePlan } from '../make-plan.js';
import { strictest } from './approvals.js';
import type { PlanInput } from '../plan-input.js';
import type { ApprovalRule, GateFacts } from '../policy.js';

describe('the prune limit', () => {
  const gone = (parts: Partial<PlanInput> = {}): PlanInput => {
    const ids = ['/a', '/b', '/c'];
    return input({
      now: NOON,
      live: ids.map((id) => live(id)),
      known: new Map(ids.map((id) => known(id))),
      desired: [job('/new')],
      ...parts,
    });
  };
  const prune = { enabled: true, maxCount: 2, maxShare: 1, allowed: false };
  const GONE = ['plain:/a', 'plain:/b', 'plain:/c'];

  it('holds the deletions above it and lets all else pass, and says who can let them pass', () => {
    const plan = makePlan(gone(), policyOf({ prune }));
    expect(heldIn(plan)).toEqual(GONE);
    expect(only(plan, 'prune')?.reason).toBe(
      `3 jobs would be deleted, more than the limit of 2; allow it with --allow-prune, or it needs 1 approval of plan ${plan.id}; has none: towline approve ${plan.id}`,
    );
  });

  it('is passed by an approval of anybody where no rule says more, and the plan goes as a whole', () => {
    const held = makePlan(gone(), policyOf({ prune }));
    const given = facts({ approvals: [approval(held, 'ann@x', { signed: false })] });
    const plan = makePlan(gone({ facts: given }), policyOf({ prune }));
    expect([heldIn(plan), said(plan)]).toEqual([[], ['passed prune * 3']]);
    const frozen = makePlan(
      gone({ facts: given }),
      policyOf({ prune, freezes: [{ ...WEEKEND, jobs: ['/new'] }] }),
    );
    expect(heldIn(frozen)).toEqual([...GONE, 'plain:/new']);
  });

  it('needs those of the strictest rule there is, also where that one is about other jobs', () => {
    const approvals = [
      { ...TWO, name: 'one', required: 1, signed: false, jobs: ['/none'] },
      { ...TWO, jobs: ['/none'] },
    ];
    const held = makePlan(gone(), policyOf({ prune, approvals }));
    expect(only(held, 'prune')?.reason).toContain('needs 2 signed approvals');
    const by = (...names: string[]) => facts({ approvals: names.map((name) => approval(held, name)) });
    const planned = (given: GateFacts) => makePlan(gone({ facts: given }), policyOf({ prune, approvals }));
    expect(heldIn(planned(by('ann@x')))).toEqual(GONE);
    expect(heldIn(planned(by('ann@x', 'bob@y')))).toEqual([]);
  });

  it.each<[string, Partial<ApprovalRule>, Partial<ApprovalRule>]>([
    ['that needs more people', { required: 2, signed: false }, { required: 1 }],
    ['that needs a signature', { authorMayApprove: true }, { signed: false }],
    ['that does not count authors', {}, { authorMayApprove: true, from: ['ann@x', 'bob@y'] }],
    ['that names fewer who may', { from: ['ann@x', 'bob@y'] }, {}],
    ['that names any at all', { from: ['ann@x', 'bob@y', 'cid@z'] }, { from: [] }],
  ])('takes for the strictest rule the one %s', (_, strict, other) => {
    const [rule, looser] = [
      { ...TWO, ...strict, name: 'strict' },
      { ...TWO, ...other, name: 'looser' },
    ];
    expect(strictest([looser, rule])).toBe(rule);
    expect(strictest([rule, looser])).toBe(rule);
  });

  it('is overridden by the flag, which is on record where it mattered', () => {
    const allowed = { ...prune, allowed: true };
    const plan = makePlan(gone(), policyOf({ prune: allowed }));
    expect([heldIn(plan), said(plan)]).toEqual([[], ['overridden prune * 3']]);
    expect(said(makePlan(gone(), policyOf({ prune: { ...allowed, maxCount: 3 } })))).toEqual([]);
  });

  it('is none where nothing is pruned at all: no approval helps, and it is no part of what is approved', () => {
    const off = { ...prune, enabled: false };
    const plan = makePlan(gone(), policyOf({ prune: off }));
    expect([heldIn(plan), said(plan)]).toEqual([GONE, ['held prune * 3']]);
    const given = facts({ approvals: [approval(plan, 'ann@x')] });
    expect(heldIn(makePlan(gone({ facts: given }), policyOf({ prune: off })))).toEqual(GONE);
    expect(plan.digest).toBe(makePlan(gone({ live: [], known: new Map() }), LENIENT).digest);
    const flagged = makePlan(gone(), policyOf({ prune: { ...off, allowed: true } }));
    expect([heldIn(flagged), said(flagged)]).toEqual([[], ['overridden prune * 3']]);
  });
});

describe('the radius', () => {
  const many = (parts: Partial<PlanInput> = {}): PlanInput => {
    const ids = ['/a', '/b', '/c', '/d'];
    return input({
      now: NOON,
      desired: ids.map((id) => job(id, { n: id === '/d' ? 1 : 2 })),
      live: ids.map((id) => live(id, { n: 1 })),
      known: new Map(ids.map((id) => known(id, { n: 1 }))),
      ...parts,
    });
  };

  it.each<[string, { maxCount: number; maxShare: number }, boolean]>([
    ['above the number', { maxCount: 2, maxShare: 1 }, true],
    ['at the number', { maxCount: 3, maxShare: 1 }, false],
    ['above the share', { maxCount: 100, maxShare: 0.5 }, true],
    ['at the share', { maxCount: 100, maxShare: 0.75 }, false],
  ])('holds all changes of a pass, or none: %s', (_, radius, held) => {
    const plan = makePlan(many(), policyOf({ radius }));
    expect(heldIn(plan)).toEqual(held ? ['plain:/a', 'plain:/b', 'plain:/c'] : []);
    expect(said(plan)).toEqual(held ? ['held radius * 3'] : []);
  });

  it('lets a single change pass whatever its share, and counts a first deployment against what comes', () => {
    const radius = { maxCount: 100, maxShare: 0.5 };
    const both = input({ desired: [job('/a'), job('/b')] });
    expect(heldIn(makePlan(both, policyOf({ radius: { ...radius, maxShare: 1 } })))).toEqual([]);
    expect(heldIn(makePlan(input({ desired: [job('/a')] }), policyOf({ radius })))).toEqual([]);
    expect(heldIn(makePlan(input({ desired: [job('/a'), job('/b')] }), policyOf({ radius })))).toHaveLength(
      2,
    );
  });

  it('counts no runs', () => {
    const runs = new Map(
      ['/a', '/b'].map((id) => [job(id).ref, { act: 'trigger', by: 'a', at: 'b' } as const]),
    );
    const calm = {
      desired: ['/a', '/b'].map((id) => job(id)),
      live: ['/a', '/b'].map((id) => live(id)),
      known: new Map(['/a', '/b'].map((id) => known(id))),
    };
    const plan = makePlan(many({ ...calm, runs }), policyOf({ radius: { maxCount: 1, maxShare: 1 } }));
    expect(plan.changes.map(({ action }) => action)).toEqual(['trigger', 'trigger']);
  });

  it('is passed by an approval', () => {
    const policy = policyOf({ radius: { maxCount: 2, maxShare: 1 } });
    const held = makePlan(many(), policy);
    expect(only(held, 'radius')?.reason).toBe(
      `3 jobs would be changed at once, more than the limit of 2; it needs 1 approval of plan ${held.id}; has none: towline approve ${held.id}`,
    );
    const plan = makePlan(many({ facts: facts({ approvals: [approval(held, 'ann@x')] }) }), policy);
    expect([heldIn(plan), said(plan)]).toEqual([[], ['passed radius * 3']]);
  });
});
