import type { Change } from '../plan.js';
import type { PlanInput } from '../plan-input.js';
import type { BreakGlass, GateDecision, GatePolicy } from '../policy.js';
import { approvals } from './approvals.js';
import { budgets, unpruned } from './budgets.js';
import { freezes } from './freezes.js';
import { msOf } from './local-time.js';
import { isOver, pauses } from './pauses.js';
import { hold, isSent, refsOf, type Asking } from './sent.js';
import { vetoes } from './vetoes.js';

export type { Asking };
export { isOver, isSent };

export interface Gated {
  changes: Change[];
  decisions: GateDecision[];
}

/** What is not to be sent at all, whoever agrees and however long one waits: pauses, vetoes, pruning switched off. */
export function holdUnwanted(changes: readonly Change[], input: PlanInput, policy: GatePolicy): Gated {
  const decisions = [...pauses(changes, input), ...vetoes(changes, input), ...unpruned(changes, policy)];
  return { changes: hold(changes, decisions), decisions };
}

/**
 * What is sent, if time and people allow it: budgets, approvals and freezes. What was approved is what is sent, or nothing:
 * where people had to agree, the whole plan waits for what any change of it waits for.
 */
export function passGates(wanted: readonly Change[], asking: Asking): Gated {
  const sent = wanted.filter(isSent);
  if (sent.length === 0) return { changes: [...wanted], decisions: [] };
  const limits = budgets(sent, asking);
  const people = approvals(sent, asking);
  const whole = people.length > 0 || limits.some(({ verdict }) => verdict === 'passed');
  const asked = [...limits, ...people, ...freezes(sent, asking, whole)];
  const glass = glassInForce(asking.input);
  if (glass !== undefined) return { changes: [...wanted], decisions: broken(asked, glass) };
  const rest = whole ? restOf(sent, asked, asking) : [];
  return { changes: hold(wanted, [...asked, ...rest]), decisions: asked };
}

/** Holds those that no gate holds by themselves. */
function restOf(sent: readonly Change[], asked: readonly GateDecision[], { id }: Asking): GateDecision[] {
  const first = asked.find(({ verdict }) => verdict === 'held');
  if (first === undefined) return [];
  return [
    {
      ...first,
      refs: refsOf(sent),
      reason: `goes with the rest of plan ${id} or not at all, and that waits: ${first.reason}`,
    },
  ];
}

/** Only while it lasts. */
export function glassInForce({
  facts,
  now,
}: {
  facts: { breakGlass?: BreakGlass };
  now: number;
}): BreakGlass | undefined {
  const { breakGlass } = facts;
  return breakGlass !== undefined && msOf(breakGlass.until) > now ? breakGlass : undefined;
}

function broken(asked: readonly GateDecision[], { by, until, reason }: BreakGlass): GateDecision[] {
  const who = `by ${by} until ${until}: ${reason}`;
  const held = asked.filter(({ verdict }) => verdict === 'held');
  if (held.length === 0) return [...asked];
  return [
    ...asked.map((decision): GateDecision => {
      if (decision.verdict !== 'held') return decision;
      return { ...decision, verdict: 'overridden', reason: `${decision.reason}; overridden ${who}` };
    }),
    {
      gate: 'break-glass',
      name: '*',
      verdict: 'passed',
      refs: [...new Set(held.flatMap(({ refs }) => refs))].sort(),
      reason: `gates are open ${who}`,
    },
  ];
}
