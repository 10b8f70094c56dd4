import { describe, expect, it } from '@jest/globals';
import {
  at,
  TWO,
  policyOf,
  facts,
  approval,
  world,
  EVERYTHING,
  heldIn,
  reasonOf,
  said,
  only,
  WEEKEND,
} from '../../../../test/builders/gates.js';
import { job, live } from '../../../../test/builders/plan-input.js';
import { makePlan } from '../make-plan.js';
import type { Plan } from '../plan.js';
import type { PlanInput } from '../plan-input.js';
import type { ApprovalRule, GateFacts, GatePolicy } from '../policy.js';

describe('approvals', () => {
  const asked = makePlan(world(), policyOf({ approvals: [TWO] }));
  const planned = (
    given: Partial<GateFacts>,
    rule: Partial<ApprovalRule> = {},
    parts: Partial<PlanInput> = {},
  ): Plan =>
    makePlan(world({ facts: facts(given), ...parts }), policyOf({ approvals: [{ ...TWO, ...rule }] }));
  const reason = (plan: Plan): string | undefined => only(plan, 'approval')?.reason;

  it('hold the plan until there are as many as are needed, and say how to give one', () => {
    expect(heldIn(asked)).toEqual(EVERYTHING);
    expect(reason(asked)).toBe(
      `needs 2 signed approvals of plan ${asked.id}; has none: towline approve ${asked.id}`,
    );
  });

  it.each<[string, boolean, Partial<GateFacts>, Partial<ApprovalRule>, string]>([
    [
      'two people',
      true,
      { approvals: [approval(asked, 'ann@x'), approval(asked, 'bob@y')] },
      {},
      `plan ${asked.id} is approved by ann@x, bob@y`,
    ],
    ['one of two', false, { approvals: [approval(asked, 'ann@x')] }, {}, 'has 1 (ann@x)'],
    [
      'one person twice, in two ways of writing',
      false,
      { approvals: [approval(asked, 'ann@x'), approval(asked, 'Ann <ANN@x>')] },
      {},
      'has 1 (ann@x)',
    ],
    [
      'an author',
      false,
      { approvals: [approval(asked, 'ann@x'), approval(asked, 'bob@y')], authors: ['Bob@Y'] },
      {},
      'has 1 (ann@x); bob@y wrote one of the commits',
    ],
    [
      'an author who may',
      true,
      { approvals: [approval(asked, 'ann@x'), approval(asked, 'bob@y')], authors: ['Bob <bob@y>'] },
      { authorMayApprove: true },
      'approved by ann@x, bob@y',
    ],
    [
      'approvals of another plan, from before it changed',
      false,
      {
        approvals: [
          approval(asked, 'ann@x', { plan: `${asked.digest.slice(0, -1)}x` }),
          approval(asked, 'bob@y', { plan: asked.id }),
        ],
      },
      {},
      'has none',
    ],
    [
      'an unsigned one where a signature is demanded',
      false,
      { approvals: [approval(asked, 'ann@x'), approval(asked, 'bob@y', { signed: false })] },
      {},
      'has 1 (ann@x); bob@y has not signed',
    ],
    [
      'unsigned ones where none is demanded',
      true,
      { approvals: ['ann@x', 'bob@y'].map((by) => approval(asked, by, { signed: false })) },
      { signed: false },
      'approved by',
    ],
    [
      'somebody who may not',
      false,
      { approvals: [approval(asked, 'ann@x'), approval(asked, 'cid@z')] },
      { from: ['ann@x', 'bob@y'] },
      `by ann@x, bob@y; has 1 (ann@x); cid@z is none of those who may`,
    ],
    // Whose key has expired has no approval in the facts any more.
    [
      'a signer whose key has expired',
      false,
      { approvals: [] },
      { required: 1 },
      'needs 1 signed approval of',
    ],
  ])('%s', (_, passes, given, rule, text) => {
    const plan = planned(given, rule);
    expect(heldIn(plan)).toEqual(passes ? [] : EVERYTHING);
    expect(only(plan, 'approval')?.verdict).toBe(passes ? 'passed' : 'held');
    expect(reason(plan)).toContain(text);
  });

  it('are of what is sent: with another change in it, it is another plan', () => {
    const both = { approvals: [approval(asked, 'ann@x'), approval(asked, 'bob@y')] };
    const more = world({ facts: facts(both) });
    const plan = makePlan(
      { ...more, desired: [...more.desired, job('/new')] },
      policyOf({ approvals: [TWO] }),
    );
    expect(heldIn(plan)).toEqual(['plain:/db/main', 'plain:/new', ...EVERYTHING.slice(1)]);
    const edited = planned(
      both,
      {},
      { live: [live('/shop/web', { cmd: 'a' }, { version: 'v2' }), live('/old', { cmd: 'old' })] },
    );
    expect(heldIn(edited)).toEqual(EVERYTHING);
  });

  it.each<[string, Partial<ApprovalRule>, string[] | undefined]>([
    ['no job that is changed', { jobs: ['/none/*'] }, undefined],
    ['some of the jobs', { jobs: ['/shop/*'] }, ['plain:/shop/api', 'plain:/shop/web']],
    ['one job by its reference', { jobs: ['plain:/old'] }, ['plain:/old']],
    ['deletions', { actions: ['delete'] }, ['plain:/old']],
    ['deletions of jobs that stay', { actions: ['delete'], jobs: ['/shop/*'] }, undefined],
    ['so many changes', { minChanges: 4 }, EVERYTHING],
    ['more changes', { minChanges: 5 }, undefined],
  ])('are needed for %s, and then the whole plan waits', (_, rule, refs) => {
    const plan = planned({}, rule);
    expect(only(plan, 'approval')?.refs).toEqual(refs);
    expect(heldIn(plan)).toEqual(refs === undefined ? [] : EVERYTHING);
  });

  it('make a plan go as a whole: where a freeze holds one job of it, all wait and say why', () => {
    const given = { approvals: [approval(asked, 'ann@x'), approval(asked, 'bob@y')] };
    const freezes = [{ ...WEEKEND, jobs: ['/old'] }];
    const plan = makePlan(world({ facts: facts(given) }), policyOf({ approvals: [TWO], freezes }));
    expect(plan.digest).toBe(asked.digest);
    expect(heldIn(plan)).toEqual(EVERYTHING);
    expect(said(plan)).toEqual(['passed approval two 4', 'held freeze weekend 1']);
    expect(reasonOf(plan, 'plain:/old')).toBe('frozen by "weekend" until Mon 2026-01-05 08:00 UTC');
    expect(reasonOf(plan, 'plain:/db/main')).toBe(
      `goes with the rest of plan ${plan.id} or not at all, and that waits: frozen by "weekend" until Mon 2026-01-05 08:00 UTC`,
    );
    const later = makePlan(
      world({ facts: facts(given), now: at('2026-01-05T08:00:00Z') }),
      policyOf({ approvals: [TWO], freezes }),
    );
    expect([later.digest, heldIn(later)]).toEqual([asked.digest, []]);
  });

  it('make a plan wait for the freezes of all of its jobs, and it says until when that is', () => {
    const later = { ...WEEKEND, name: 'later', to: 'Mon 10:00', jobs: ['/db/*'] };
    const freezes = [{ ...WEEKEND, jobs: ['/old'] }, later];
    const opens = (policy: Partial<GatePolicy>) =>
      makePlan(world(), policyOf({ freezes, ...policy })).decisions.flatMap(({ name, opensAt }) =>
        opensAt === undefined ? [] : [`${name} ${opensAt}`],
      );
    expect(opens({})).toEqual(['weekend 2026-01-05T08:00:00Z', 'later 2026-01-05T10:00:00Z']);
    expect(opens({ approvals: [TWO] })).toEqual([
      'weekend 2026-01-05T10:00:00Z',
      'later 2026-01-05T10:00:00Z',
    ]);
  });

  it('leave out what is not to be sent at all: it is no part of what is approved', () => {
    const foreign = {
      desired: [job('/a'), job('/of-others', { cmd: 'b' })],
      live: [live('/of-others')],
      known: new Map(),
    };
    const first = planned({}, { required: 1 }, foreign);
    const plan = planned({ approvals: [approval(first, 'ann@x')] }, { required: 1 }, foreign);
    expect(heldIn(plan)).toEqual(['plain:/of-others']);
  });
});
