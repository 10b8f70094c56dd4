import type { Change } from '../plan.js';
import type { GateDecision, GatePolicy } from '../policy.js';
import { answerTo, approvedText, neededText, strictest } from './approvals.js';
import { isSent, refsOf, type Asking } from './sent.js';

/** Nothing is ever deleted where that is switched off: no person can let it pass, except by the flag. */
export function unpruned(changes: readonly Change[], { prune }: Pick<GatePolicy, 'prune'>): GateDecision[] {
  const deletions = changes.filter((change) => isSent(change) && change.action === 'delete');
  if (deletions.length === 0 || prune.enabled) return [];
  const reason = 'gone from Git, but pruning is switched off for this environment';
  return [prune.allowed ? allowed(deletions, reason) : decision('prune', 'held', deletions, reason)];
}

/**
 * The prune limit and the radius: a mistake in Git (a wrong folder, a lost merge) must neither empty an environment nor
 * change all of it. Above a limit every change concerned is held, not just those beyond it: which ones are right can't
 * be told from here. People can let them pass by approving the plan.
 */
export function budgets(sent: readonly Change[], asking: Asking): GateDecision[] {
  return [...pruneBudget(sent, asking), ...radiusBudget(sent, asking)];
}

function pruneBudget(sent: readonly Change[], asking: Asking): GateDecision[] {
  const { prune } = asking.policy;
  const deletions = sent.filter(({ action }) => action === 'delete');
  const excess = prune.enabled ? excessOf(deletions.length, asking.owned, prune) : undefined;
  if (excess === undefined) return [];
  const reason = `${excess.of} would be deleted, more than ${excess.than}`;
  if (prune.allowed) return [allowed(deletions, reason)];
  return [byPeople('prune', deletions, `${reason}; allow it with --allow-prune, or it`, asking)];
}

/** Runs that are started and ended by hand change no job. */
function radiusBudget(sent: readonly Change[], asking: Asking): GateDecision[] {
  const { radius } = asking.policy;
  if (radius === undefined) return [];
  const changed = sent.filter(({ action }) => action !== 'trigger' && action !== 'kill');
  const excess = excessOf(changed.length, asking.jobs, radius);
  if (excess === undefined) return [];
  return [
    byPeople(
      'radius',
      changed,
      `${excess.of} would be changed at once, more than ${excess.than}; it`,
      asking,
    ),
  ];
}

/** How a number is above its limits; undefined where it is not. A single one is never too large a share. */
function excessOf(
  number: number,
  all: () => number,
  { maxCount, maxShare }: { maxCount: number; maxShare: number },
): { of: string; than: string } | undefined {
  if (number === 0) return undefined;
  if (number > maxCount) return { of: `${number} jobs`, than: `the limit of ${maxCount}` };
  if (number > 1 && number > all() * maxShare)
    return { of: `${number} of ${all()} jobs`, than: `${Math.round(maxShare * 100)} %` };
  return undefined;
}

function byPeople(
  gate: 'prune' | 'radius',
  changes: readonly Change[],
  reason: string,
  asking: Asking,
): GateDecision {
  const demand = strictest(asking.policy.approvals);
  const answer = answerTo(demand, asking);
  return answer.enough
    ? decision(gate, 'passed', changes, approvedText(answer, asking))
    : decision(gate, 'held', changes, `${reason} ${neededText(demand, answer, asking)}`);
}

function allowed(deletions: readonly Change[], reason: string): GateDecision {
  return decision('prune', 'overridden', deletions, `${reason}; allowed by --allow-prune`);
}

function decision(
  gate: 'prune' | 'radius',
  verdict: GateDecision['verdict'],
  changes: readonly Change[],
  reason: string,
): GateDecision {
  return { gate, name: '*', verdict, refs: refsOf(changes), reason };
}
