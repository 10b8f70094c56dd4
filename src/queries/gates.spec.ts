import { describe, expect, it } from '@jest/globals';
import { input, job, LENIENT } from '../../test/builders/plan-input.js';
import { MemoryLedger } from '../../test/fakes/memory-ledger.js';
import type { Asked } from '../domain/plan/asked.js';
import { makePlan } from '../domain/plan/make-plan.js';
import { NO_FACTS, type GateFacts, type GatePolicy } from '../domain/plan/policy.js';
import { gateStates, readGates, type GateState } from './gates.js';

const NOON = Date.parse('2026-01-03T12:00:00Z');
const LATER = Date.parse('2026-01-05T12:00:00Z');
const WEEKEND = { name: 'weekend', from: 'Fri 16:00', to: 'Mon 08:00', zone: 'Europe/Berlin', jobs: [] };
const TWO = {
  name: 'two',
  required: 2,
  from: [],
  authorMayApprove: false,
  signed: true,
  jobs: [],
  actions: [],
  minChanges: 1,
};
const asked = { by: 'ann', at: '2026-01-03T11:00:00Z', reason: 'the disk is full' };

/** What stands of a plan that creates one job, or of none. */
const statesOf = (
  policy: Partial<GatePolicy>,
  {
    now = NOON,
    facts = {},
    paused = new Map(),
    calm = false,
  }: { now?: number; facts?: Partial<GateFacts>; paused?: Map<string, Asked>; calm?: boolean } = {},
): GateState[] => {
  const all = { ...LENIENT, ...policy };
  const known = { ...NO_FACTS, ...facts };
  const plan = makePlan(input({ now, facts: known, paused, desired: calm ? [] : [job('/web')] }), all);
  return gateStates({ environment: 'test', policy: all, facts: known, paused, now, plan });
};
const of = (states: readonly GateState[], gate: GateState['gate']): GateState | undefined =>
  states.find((each) => each.gate === gate);

describe('the state of gates', () => {
  it('is open for rules that stand in nobody’s way, with the time at which a freeze closes next', () => {
    const states = statesOf(
      { freezes: [WEEKEND], radius: { maxCount: 5, maxShare: 1 }, approvals: [{ ...TWO, minChanges: 2 }] },
      { now: LATER },
    );
    expect(states.map(({ gate, name, state }) => `${gate} ${name} ${state}`)).toEqual([
      'prune * open',
      'radius * open',
      'approval two open',
      'freeze weekend open',
    ]);
    expect(of(states, 'freeze')).toEqual({
      gate: 'freeze',
      name: 'weekend',
      state: 'open',
      refs: [],
      zone: 'Europe/Berlin',
      reason: 'from Fri 16:00 to Mon 08:00',
      closesAt: '2026-01-09T15:00:00Z',
    });
  });

  it('is what the plan says of a rule that holds it, with what to do', () => {
    const states = statesOf({ freezes: [WEEKEND], approvals: [TWO] });
    expect(of(states, 'freeze')).toMatchObject({
      state: 'held',
      refs: ['plain:/web'],
      opensAt: '2026-01-05T07:00:00Z',
      closesAt: '2026-01-09T15:00:00Z',
      todo: 'wait, or towline break-glass --env test',
    });
    expect(of(states, 'approval')).toMatchObject({
      state: 'held',
      todo: expect.stringMatching(/^towline approve [0-9a-f]{12}$/),
    });
  });

  it('is closed where nothing would pass and nothing waits', () => {
    const paused = new Map<string, Asked>([
      ['*', asked],
      ['plain:/web', { ...asked, until: '2026-01-03T11:59:00Z' }],
    ]);
    const states = statesOf(
      { freezes: [WEEKEND], prune: { ...LENIENT.prune, enabled: false } },
      { calm: true, paused, facts: { vetoes: [{ ...asked, kind: 'release', name: 'a:1', digests: [] }] } },
    );
    expect(states.map(({ gate, name, state, todo }) => [gate, name, state, todo])).toEqual([
      // The one that has ended is none any more.
      ['pause', '*', 'closed', 'towline resume --env test'],
      ['veto', 'a:1', 'closed', 'towline lift a:1 --env test'],
      ['prune', '*', 'closed', expect.stringContaining('--allow-prune')],
      ['freeze', 'weekend', 'closed', 'wait, or towline break-glass --env test'],
    ]);
    expect(of(states, 'freeze')?.opensAt).toBe('2026-01-05T07:00:00Z');
  });

  it('is overridden while the glass is broken, and that is told with its end', () => {
    const breakGlass = { ...asked, until: '2026-01-03T12:30:00Z' };
    const states = statesOf({ freezes: [WEEKEND] }, { facts: { breakGlass } });
    expect(of(states, 'freeze')).toMatchObject({ state: 'overridden' });
    expect(of(states, 'freeze')).not.toHaveProperty('todo');
    expect(of(states, 'break-glass')).toMatchObject({
      state: 'passed',
      closesAt: '2026-01-03T12:30:00Z',
      reason: expect.stringContaining('ann'),
    });
    const over = { ...breakGlass, until: '2026-01-03T11:30:00Z' };
    expect(of(statesOf({}, { facts: { breakGlass: over } }), 'break-glass')).toBeUndefined();
  });

  it('is told without a plan where nothing was mirrored yet', async () => {
    const report = await readGates(
      {
        environment: 'test',
        policy: { ...LENIENT, freezes: [WEEKEND] },
        ledger: new MemoryLedger(),
        now: NOON,
        gateFacts: async () => {
          throw new Error('there is nothing to ask about');
        },
      },
      undefined,
      new AbortController().signal,
    );
    expect(report).toMatchObject({ environment: 'test', gates: [{ gate: 'prune' }, { state: 'closed' }] });
    expect(report).not.toHaveProperty('plan');
  });
});
