import { describe, expect, it } from '@jest/globals';
import { LENIENT } from '../../../test/builders/plan-input.js';
import { deployWorld } from '../../../test/fakes/deploy-world.js';
import { NO_FACTS, type Approval, type FreezeRule } from '../../domain/plan/policy.js';
import { systemClock } from '../../runtime/system-clock.js';
import { deployWorker, type DeployResult } from './index.js';

const signal = new AbortController().signal;
const FREEZE: FreezeRule = {
  name: 'deadline',
  from: '2026-01-02T00:00',
  to: '2026-01-05T08:00',
  zone: 'UTC',
  jobs: [],
};
const TWO = {
  name: 'two',
  required: 1,
  from: [],
  authorMayApprove: true,
  signed: false,
  jobs: [],
  actions: [],
  minChanges: 1,
};

/** A world whose clock stands where it is put. */
function frozenWorld(more: Parameters<typeof deployWorld>[0] = {}) {
  const time = { now: Date.parse('2026-01-03T12:00:00Z') };
  const clock = { ...systemClock, now: () => time.now };
  const world = deployWorld({ clock, policy: { ...LENIENT, freezes: [FREEZE] }, ...more });
  const worker = deployWorker(world.options);
  return { ...world, time, pass: (full = false) => worker.once({ signal, trigger: 'test', full }) };
}
const digestOf = (result: DeployResult): string =>
  result.kind === 'nothing-observed' ? '' : result.plan.plan.digest;

describe('a deployer before a closed gate', () => {
  it('sends nothing, says why once, and sends it by itself as soon as that opens', async () => {
    const { state, pass, time, scheduler, status, kv } = frozenWorld();
    await state({ web: { cmd: 'a' } });
    await pass();
    expect(await status('web')).toMatchObject({
      state: 'blocked',
      message: 'frozen by "deadline" until Mon 2026-01-05 08:00 UTC',
    });
    const { index } = await kv.list('towline/test/status/', { signal });
    time.now += 3_600_000;
    await pass();
    expect((await kv.list('towline/test/status/', { signal })).index).toBe(index);
    expect(scheduler.calls).toEqual([]);
    // A quick look is enough, and nothing has changed in Git.
    time.now = Date.parse('2026-01-05T08:00:00Z');
    await pass();
    expect(scheduler.calls).toEqual(['create web']);
  });

  it('carries out the plan that was approved while it was frozen, and no other one', async () => {
    const approvals: Approval[] = [];
    const { state, pass, time, scheduler, ledger } = frozenWorld({
      policy: { ...LENIENT, freezes: [FREEZE], approvals: [TWO] },
      gateFacts: async () => ({ ...NO_FACTS, approvals }),
    });
    await state({ web: { cmd: 'a' } });
    const plan = digestOf(await pass());
    approvals.push({ plan, by: 'ann', at: 'then', signed: false, commit: 'c' });
    expect(digestOf(await pass())).toBe(plan);
    expect(scheduler.calls).toEqual([]);
    await state({ web: { cmd: 'a' }, more: {} });
    time.now = Date.parse('2026-01-05T08:00:00Z');
    await pass();
    expect(scheduler.calls).toEqual([]);
    await state({ web: { cmd: 'a' } });
    await pass();
    expect(scheduler.calls).toEqual(['create web']);
    const { entry } = ledger.entries.at(-1) ?? {};
    expect(entry).toMatchObject({
      phase: 'outcome',
      planDigest: plan,
      decisions: [{ gate: 'approval', name: 'two', verdict: 'passed', refs: ['plain:web'] }],
    });
  });
});
