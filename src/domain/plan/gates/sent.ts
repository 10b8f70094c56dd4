import picomatch from 'picomatch';
import type { JobRef } from '../../job/job-ref.js';
import { blocked } from '../diff.js';
import type { Change } from '../plan.js';
import type { PlanInput } from '../plan-input.js';
import type { GateDecision, GatePolicy } from '../policy.js';

/** What gates are asked about. */
export interface Asking {
  input: Pick<PlanInput, 'environment' | 'revision' | 'trees' | 'schedulers' | 'now' | 'facts'>;
  policy: GatePolicy;
  /** Of the plan. */
  digest: string;
  id: string;
  /** Jobs of the environment: of Git, and those that it owns beside. */
  jobs: () => number;
  /** Live jobs that the environment owns. */
  owned: () => number;
}

/** True for what a scheduler would be told: only that can be held by a gate. */
export function isSent({ action }: Pick<Change, 'action'>): boolean {
  return action !== 'none' && action !== 'blocked';
}

/** Tells the jobs that patterns of ids are about; none: all. */
export function aboutJobs(patterns: readonly string[]): (change: Pick<Change, 'id' | 'ref'>) => boolean {
  if (patterns.length === 0) return () => true;
  const fits = picomatch([...patterns]);
  return ({ id, ref }) => fits(id) || patterns.includes(ref);
}

/** Holds the changes that a decision holds, for the reason of the first one that does. */
export function hold(changes: readonly Change[], decisions: readonly GateDecision[]): Change[] {
  const reasons = new Map<JobRef, string>();
  for (const { verdict, refs, reason } of decisions)
    if (verdict === 'held') for (const ref of refs) if (!reasons.has(ref)) reasons.set(ref, reason);
  if (reasons.size === 0) return [...changes];
  return changes.map((change): Change => {
    const reason = isSent(change) ? reasons.get(change.ref) : undefined;
    return reason === undefined ? change : blocked(change, change.action, reason);
  });
}

export function refsOf(changes: readonly Pick<Change, 'ref'>[]): JobRef[] {
  return changes.map(({ ref }) => ref).sort();
}
