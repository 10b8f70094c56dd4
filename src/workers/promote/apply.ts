import { releaseText } from '../../domain/release/parse-release.js';
import type { Revision } from '../../domain/source/revision.js';
import type { GitStore } from '../../ports/git-store.js';
import type { Clock } from '../../ports/clock.js';
import { TowlineError } from '../../runtime/errors.js';
import { editedFiles } from '../edited-files.js';
import { promotionMessage, type PromotePlan } from './plan.js';

export interface PromoteTargets {
  repository: GitStore;
  author: { name: string; email: string };
  clock: Clock;
  pass: string;
}

export interface PromoteApplied {
  commits: { revision: Revision; release: string; files: string[] }[];
  /** Releases whose manifests can't be edited safely; the others were promoted. */
  refused: { release: string; error: TowlineError }[];
}

/**
 * One commit for each release, on top of each other, published together by compare-and-swap. When somebody else pushed
 * first, a `conflict` is thrown and the whole pass is done anew on the new tip. A manifest that can't be edited holds back
 * its own release and no other; where nothing else is left to do, that is the error of the pass.
 */
export async function applyPromote(
  plan: PromotePlan,
  { repository, author, clock, pass }: PromoteTargets,
  signal: AbortSignal,
): Promise<PromoteApplied> {
  let tip = plan.revision;
  const commits: PromoteApplied['commits'] = [];
  const refused: PromoteApplied['refused'] = [];
  for (const promotion of plan.promotions) {
    let files: Map<string, Uint8Array>;
    try {
      files = await editedFiles(promotion.edits, tip, repository, signal);
    } catch (error) {
      if (!(error instanceof TowlineError && error.kind === 'refused')) throw error;
      refused.push({ release: releaseText(promotion.release), error });
      continue;
    }
    tip = await repository.writeCommit(
      {
        base: tip,
        parents: [tip],
        files,
        message: promotionMessage(promotion, plan.environment, pass),
        author,
        at: clock.now(),
      },
      { signal },
    );
    commits.push({ revision: tip, release: releaseText(promotion.release), files: [...files.keys()] });
  }
  const [first] = refused;
  if (commits.length === 0 && first !== undefined) throw first.error;
  await repository.publish(plan.branch, tip, { expected: plan.revision, runHooks: true, signal });
  return { commits, refused };
}
