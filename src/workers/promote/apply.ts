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
      files = await editedFiles(promotion, tip, repository, signal);
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
