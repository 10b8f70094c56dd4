import { TowlineError } from '../../runtime/errors.js';
import type { MirrorPlan } from './plan.js';

/** How much may vanish from KV in one pass. */
export interface DeletePolicy {
  /** Keys at most. */
  maxCount: number;
  /** Share of the mirrored keys at most; counts from `FEW` keys on. */
  maxShare: number;
  /** True: a person has allowed it, this once. */
  allowed: boolean;
}

/** Below this a share says nothing: who has three files may delete two. */
const FEW = 10;

/**
 * Lets a plan pass that takes little away. A source that is suddenly small is more often a slip than a wish: then nothing
 * at all is written, so that KV stays the whole state that it was. A file that only moved takes nothing away.
 */
export function guardDeletes(plan: MirrorPlan, mirrored: number, policy: DeletePolicy): MirrorPlan {
  if (plan.deletes.length === 0) return plan;
  const written = new Set(plan.writes.map(({ id }) => id));
  const lost = plan.deletes.filter(({ blob }) => !written.has(blob));
  const share = lost.length / Math.max(1, mirrored);
  const tooMany = lost.length > policy.maxCount || (lost.length > FEW && share > policy.maxShare);
  if (policy.allowed || !tooMany) return plan;
  throw new TowlineError(
    'mirror-deletes',
    'refused',
    `revision ${plan.revision} would delete ${lost.length} of ${mirrored} mirrored keys; nothing was written`,
    {
      help: 'If that is meant: towline mirror --once --allow-deletes. The limits are mirror.deletes in towline.yaml.',
      details: lost.slice(0, 20).map(({ key }) => key),
    },
  );
}
