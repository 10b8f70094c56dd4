import { editImage } from '../../domain/release/edit-image.js';
import { releaseText } from '../../domain/release/parse-release.js';
import { placeText } from '../../domain/source/diagnostic.js';
import type { Revision } from '../../domain/source/revision.js';
import type { GitStore } from '../../ports/git-store.js';
import type { Clock } from '../../ports/clock.js';
import { TowlineError } from '../../runtime/errors.js';
import { promotionMessage, type ImageEdit, type PromotePlan, type Promotion } from './plan.js';

export interface PromoteTargets {
  repository: GitStore;
  author: { name: string; email: string };
  clock: Clock;
  pass: string;
}

export interface PromoteApplied {
  commits: { revision: Revision; release: string; files: string[] }[];
}

/**
 * One commit for each release, on top of each other, published together by compare-and-swap. When somebody else pushed
 * first, a `conflict` is thrown and the whole pass is done anew on the new tip.
 */
export async function applyPromote(
  plan: PromotePlan,
  { repository, author, clock, pass }: PromoteTargets,
  signal: AbortSignal,
): Promise<PromoteApplied> {
  let tip = plan.revision;
  const commits: PromoteApplied['commits'] = [];
  for (const promotion of plan.promotions) {
    const files = await editedFiles(promotion, tip, repository, signal);
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
  await repository.publish(plan.branch, tip, { expected: plan.revision, runHooks: true, signal });
  return { commits };
}

async function editedFiles(
  { edits }: Promotion,
  revision: Revision,
  repository: GitStore,
  signal: AbortSignal,
): Promise<Map<string, Uint8Array>> {
  const byPath = new Map<string, ImageEdit[]>();
  for (const edit of edits) byPath.set(edit.path, [...(byPath.get(edit.path) ?? []), edit]);
  const files = new Map<string, Uint8Array>();
  for (const [path, all] of byPath) {
    const bytes = await repository.readFile(revision, path, { signal });
    if (bytes === undefined)
      throw new TowlineError('promote-file-gone', 'conflict', `${path} is gone at ${revision}`);
    const edited = editImage(path, bytes, all);
    if ('diagnostics' in edited) {
      const first = edited.diagnostics[0];
      throw new TowlineError(
        'promote-not-editable',
        'refused',
        first === undefined ? path : `${placeText(first.place)}: ${first.message}`,
        {
          help: first?.fix ?? 'Write the image as a plain string in this file, or change it by hand.',
          details: edited.diagnostics,
          ...(first === undefined ? {} : { place: first.place }),
        },
      );
    }
    files.set(path, edited.bytes);
  }
  return files;
}
