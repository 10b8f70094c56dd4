import { blocked } from './diff.js';
import type { Change } from './plan.js';
import type { PrunePolicy } from './policy.js';

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
