import { describe, expect, it } from '@jest/globals';
import {
  at,
  WEEKEND,
  TWO,
  GLASS,
  policyOf,
  facts,
  world,
  EVERYTHING,
  heldIn,
  said,
  only,
} from '../../../../test/builders/gates.js';
import { LENIENT, REVISION } from '../../../../test/builders/plan-input.js';
import { makePlan } from '../make-plan.js';
import type { Veto } from '../policy.js';

describe('break-glass', () => {
  const everything = policyOf({
    freezes: [WEEKEND],
    approvals: [TWO],
    radius: { maxCount: 1, maxShare: 1 },
    prune: { enabled: true, maxCount: 0, maxShare: 1, allowed: false },
  });

  it('overrides freezes, approvals and budgets while it lasts, with who and why', () => {
    const plan = makePlan(world({ facts: facts({ breakGlass: GLASS }) }), everything);
    expect(heldIn(plan)).toEqual([]);
    expect(said(plan)).toEqual([
      'overridden prune * 1',
      'overridden radius * 4',
      'overridden approval two 4',
      'overridden freeze weekend 4',
      'passed break-glass * 4',
    ]);
    expect(only(plan, 'freeze')?.reason).toBe(
      'frozen by "weekend" until Mon 2026-01-05 08:00 UTC; overridden by eve@x until 2026-01-03T12:30:00Z: the shop is down',
    );
  });

  it('does nothing once it is over', () => {
    const over = makePlan(
      world({ facts: facts({ breakGlass: GLASS }), now: at('2026-01-03T12:30:00Z') }),
      everything,
    );
    expect(heldIn(over)).toEqual(EVERYTHING);
    expect(only(over, 'break-glass')).toBeUndefined();
  });

  it('does not open what people have stopped: vetoes and pauses', () => {
    const veto: Veto = { kind: 'revision', name: REVISION, digests: [], by: 'ann', at: 'now' };
    const given = facts({ breakGlass: GLASS, vetoes: [veto] });
    expect(heldIn(makePlan(world({ facts: given }), everything))).toEqual(EVERYTHING);
    const paused = new Map([['*', { by: 'ann', at: 'now' }]]);
    expect(heldIn(makePlan(world({ facts: facts({ breakGlass: GLASS }), paused }), everything))).toEqual(
      EVERYTHING,
    );
  });

  it('is not mentioned where nothing would be held', () => {
    expect(makePlan(world({ facts: facts({ breakGlass: GLASS }) }), LENIENT).decisions).toEqual([]);
  });
});
