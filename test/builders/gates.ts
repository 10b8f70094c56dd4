import { input, job, known, LENIENT, live } from './plan-input.js';
import type { Plan } from '../../src/domain/plan/plan.js';
import type { PlanInput } from '../../src/domain/plan/plan-input.js';
import {
  NO_FACTS,
  type Approval,
  type ApprovalRule,
  type BreakGlass,
  type FreezeRule,
  type GateDecision,
  type GateFacts,
  type GatePolicy,
} from '../../src/domain/plan/policy.js';

export const at = (iso: string): number => Date.parse(iso);
export const NOON = at('2026-01-03T12:00:00Z');
export const WEEKEND: FreezeRule = {
  name: 'weekend',
  from: 'Fri 16:00',
  to: 'Mon 08:00',
  zone: 'UTC',
  jobs: [],
};
export const TWO: ApprovalRule = {
  name: 'two',
  required: 2,
  from: [],
  authorMayApprove: false,
  signed: true,
  jobs: [],
  actions: [],
  minChanges: 1,
};
export const GLASS: BreakGlass = {
  by: 'eve@x',
  at: '2026-01-03T11:30:00Z',
  until: '2026-01-03T12:30:00Z',
  reason: 'the shop is down',
};

/** Parts of a policy on top of one that holds nothing, and parts of the facts on top of none. */
export const policyOf = (parts: Partial<GatePolicy>): GatePolicy => ({ ...LENIENT, ...parts });
export const facts = (parts: Partial<GateFacts>): GateFacts => ({ ...NO_FACTS, ...parts });
export const approval = ({ digest: plan }: Plan, by: string, more: Partial<Approval> = {}): Approval => ({
  plan,
  by,
  at: '2026-01-03T11:00:00Z',
  signed: true,
  commit: 'c'.repeat(40),
  ...more,
});

/** Two jobs that depend on nothing, one that is updated, one that goes. */
export const world = (parts: Partial<PlanInput> = {}): PlanInput =>
  input({
    desired: [job('/shop/web', { cmd: 'b' }), job('/shop/api'), job('/db/main')],
    live: [live('/shop/web', { cmd: 'a' }), live('/old', { cmd: 'old' })],
    known: new Map([known('/shop/web', { cmd: 'a' }), known('/old')]),
    now: NOON,
    ...parts,
  });
export const EVERYTHING = ['plain:/db/main', 'plain:/old', 'plain:/shop/api', 'plain:/shop/web'];
/** What a plan says of its gates: the jobs that are held, why one is, all decisions, and the one of a gate. */
export const heldIn = ({ changes }: Plan): string[] =>
  changes.flatMap(({ ref, action }) => (action === 'blocked' ? [ref] : [])).sort();
export const reasonOf = ({ changes }: Plan, ref: string): string | undefined =>
  changes.find((change) => change.ref === ref)?.reason;
export const said = ({ decisions }: Plan): string[] =>
  decisions.map(({ verdict, gate, name, refs }) => `${verdict} ${gate} ${name} ${refs.length}`);
export const only = ({ decisions }: Plan, gate: GateDecision['gate']): GateDecision | undefined =>
  decisions.find((each) => each.gate === gate);
