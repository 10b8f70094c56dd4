import { describe, expect, it } from '@jest/globals';
import {
  at,
  NOON,
  WEEKEND,
  TWO,
  policyOf,
  world,
  EVERYTHING,
  heldIn,
  reasonOf,
  only,
} from '../../../../test/builders/gates.js';
import { input, job, known, live, plainModel } from '../../../../test/builders/plan-input.js';
import { makePlan } from '../make-plan.js';
import type { Plan } from '../plan.js';
import type { PlanInput } from '../plan-input.js';
import type { FreezeRule } from '../policy.js';

describe('freezes', () => {
  const frozen = (parts: Partial<PlanInput> = {}, rules: FreezeRule[] = [WEEKEND]): Plan =>
    makePlan(world(parts), policyOf({ freezes: rules }));

  it('hold everything that would be sent, and say until when', () => {
    const plan = frozen();
    expect(heldIn(plan)).toEqual(EVERYTHING);
    expect(reasonOf(plan, 'plain:/old')).toBe('frozen by "weekend" until Mon 2026-01-05 08:00 UTC');
    expect(plan.decisions).toEqual([
      {
        gate: 'freeze',
        name: 'weekend',
        verdict: 'held',
        refs: EVERYTHING,
        reason: 'frozen by "weekend" until Mon 2026-01-05 08:00 UTC',
        opensAt: '2026-01-05T08:00:00Z',
      },
    ]);
  });

  it('let everything pass outside of their windows, without a word', () => {
    expect(frozen({ now: at('2026-01-05T08:00:00Z') })).toMatchObject({ decisions: [] });
    expect(heldIn(frozen({ now: at('2026-01-05T08:00:00Z') }))).toEqual([]);
  });

  it('hold only the jobs that they are about, and what depends on these', () => {
    const rules = [{ ...WEEKEND, jobs: ['/shop/*'] }];
    expect(heldIn(frozen({}, rules))).toEqual(['plain:/shop/api', 'plain:/shop/web']);
    const plan = frozen(
      { desired: [job('/shop/api'), job('/front', { needs: ['/shop/api'] })], live: [], known: new Map() },
      rules,
    );
    expect(heldIn(plan)).toEqual(['plain:/front', 'plain:/shop/api']);
    expect(reasonOf(plan, 'plain:/front')).toBe('waits for plain:/shop/api, which is held back');
    expect(only(plan, 'freeze')?.refs).toEqual(['plain:/shop/api']);
  });

  it('hold a set that is changed together as a whole', () => {
    const schedulers = new Map([
      ['plain', { model: { ...plainModel, setKinds: ['job'] }, context: { settings: {} } }],
    ]);
    const plan = frozen({ schedulers, together: ['/shop'] }, [{ ...WEEKEND, jobs: ['/shop/api'] }]);
    expect(heldIn(plan)).toEqual(['plain:/shop/api', 'plain:/shop/web']);
  });

  it('open when none of those about the same jobs is closed any more', () => {
    const monday = { ...WEEKEND, name: 'mondays', from: 'Mon 07:00', to: 'Mon 12:00', zone: 'Europe/Berlin' };
    const plan = frozen({}, [
      WEEKEND,
      monday,
      { ...monday, name: 'other', to: 'Tue 12:00', jobs: ['/none'] },
    ]);
    expect(plan.decisions).toMatchObject([{ name: 'weekend', opensAt: '2026-01-05T11:00:00Z' }]);
  });

  it('say so where they never open', () => {
    const rules = [
      { ...WEEKEND, name: 'days', from: '08:00', to: '20:00' },
      { ...WEEKEND, name: 'nights', from: '20:00', to: '08:00' },
    ];
    const plan = frozen({}, rules);
    expect(reasonOf(plan, 'plain:/old')).toContain('never opens');
    expect(only(plan, 'freeze')).not.toHaveProperty('opensAt');
  });

  it('are closed where they can’t be read', () => {
    expect(heldIn(frozen({}, [{ ...WEEKEND, zone: 'Mars/Base' }]))).toEqual(EVERYTHING);
  });

  it('say the same in every pass while nothing changes, so that no status is written anew', () => {
    const messages = (now: string): unknown => frozen({ now: at(now) }).changes.map(({ reason }) => reason);
    expect(messages('2026-01-04T23:59:00Z')).toEqual(messages('2026-01-02T16:00:00Z'));
  });

  it('hold what people ordered too: runs and restarts', () => {
    const asked = { by: 'ann', at: '2026-01-03T11:00:00Z' };
    const plan = makePlan(
      input({
        now: NOON,
        desired: [job('/a'), job('/b')],
        live: [live('/a'), live('/b')],
        known: new Map([known('/a'), known('/b')]),
        restarts: new Map([[job('/a').ref, asked]]),
        runs: new Map([[job('/b').ref, { ...asked, act: 'trigger' }]]),
      }),
      policyOf({ freezes: [WEEKEND] }),
    );
    expect(plan.changes.map(({ wanted }) => wanted)).toEqual(['restart', 'trigger']);
  });

  it('have nothing to say of a plan that sends nothing', () => {
    const plan = makePlan(
      input({ now: NOON, desired: [job('/a')], live: [live('/a')], known: new Map([known('/a')]) }),
      policyOf({ freezes: [WEEKEND], approvals: [TWO] }),
    );
    expect(plan.decisions).toEqual([]);
  });
});
