import { blocked } from './diff.js';
import type { Change } from './plan.js';

/** How much may be deleted in one pass without a person. */
export interface PrunePolicy {
  /** False: nothing is ever pruned. */
  enabled: boolean;
  /** Deletions in one pass. */
  maxCount: number;
  /** Share of the environment's jobs, 0 to 1. A single deletion is never too large a share. */
  maxShare: number;
  /** A person has looked: no limit for this pass. */
  allowed: boolean;
}

/**
 * The prune limit: a mistake in Git (a wrong folder, a lost merge) must not empty an environment. Above the limit every
 * deletion of the plan is held, not just those beyond it: which ones are right can't be told from here.
 */
export function gatePrunes(changes: readonly Change[], owned: () => number, policy: PrunePolicy): Change[] {
  const deletions = changes.filter((c) => c.action === 'delete').length;
  const reason = deletions === 0 ? undefined : pruneReason(deletions, owned(), policy);
  if (reason === undefined) return [...changes];
  return changes.map((c) => (c.action === 'delete' ? blocked(c, 'delete', reason) : c));
}

function pruneReason(deletions: number, owned: number, policy: PrunePolicy): string | undefined {
  if (deletions === 0 || policy.allowed) return undefined;
  if (!policy.enabled) return 'gone from Git, but pruning is switched off for this environment';
  if (deletions > policy.maxCount)
    return `${deletions} jobs would be deleted, more than the limit of ${policy.maxCount}; allow it with --allow-prune`;
  if (deletions > 1 && deletions > owned * policy.maxShare)
    return `${deletions} of ${owned} jobs would be deleted, more than ${Math.round(policy.maxShare * 100)} %; allow it with --allow-prune`;
  return undefined;
}
