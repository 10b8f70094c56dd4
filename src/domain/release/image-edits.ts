import { imageRefText, parseImageRef } from '../job/image-ref.js';
import type { JobRef } from '../job/job-ref.js';
import type { Pointer } from '../source/json.js';
import type { PastPromotion } from './position.js';
import { whyOlder } from './position.js';
import type { PromotePolicy } from './policy.js';
import type { Release } from './release.js';

/** A place in a manifest that names an image. */
export interface ImageUse {
  /** Path in the job repository. */
  path: string;
  document: number;
  pointer: Pointer;
  image: string;
  /** It stands in an earlier layer, which other environments may share: an edit there would reach them too. */
  shared?: boolean;
  jobRef: JobRef;
}

export interface ImageEdit extends ImageUse {
  /** The image reference that will stand there. */
  value: string;
}

/** What a release comes to in the places that name its image. */
export interface ImageEdits {
  edits: ImageEdit[];
  /** Places that are left as they are on purpose, and why: each the end of a sentence. */
  left: { use: ImageUse; why: string; kind: 'older' | 'no-digest' }[];
}

export interface EditRules {
  pin: PromotePolicy['pin'];
  history: readonly PastPromotion[];
  /** A person said that it may be older than what stands there. */
  allowDowngrade: boolean;
  /** It was promoted here before. */
  again: boolean;
}

/**
 * Which places get another text. None that names another image, or this release already, none that has to be pinned where no
 * digest is known, and none where it would be a way back.
 */
export function imageEdits(uses: readonly ImageUse[], release: Release, rules: EditRules): ImageEdits {
  const result: ImageEdits = { edits: [], left: [] };
  for (const use of uses) {
    const now = parseImageRef(use.image);
    if (now?.name !== release.image) continue;
    const pinned = rules.pin === 'digest' || now.digest !== undefined;
    const value = imageRefText({
      name: release.image,
      tag: release.tag,
      ...(pinned && release.digest !== undefined ? { digest: release.digest } : {}),
    });
    if (value === use.image || isStatedAlready(now, release, rules)) continue;
    const older = rules.allowDowngrade ? undefined : whyOlder(release, now.tag, rules.history);
    if (older !== undefined) result.left.push({ use, kind: 'older', why: older });
    else if (pinned && release.digest === undefined)
      result.left.push({ use, kind: 'no-digest', why: 'its digest is not known' });
    else result.edits.push({ ...use, value });
  }
  return result;
}

/** The tag stands there: without a digest to compare, or unpinned since before digests were asked for. */
function isStatedAlready(
  now: { tag?: string; digest?: string },
  { tag, digest }: Release,
  { pin, again }: EditRules,
): boolean {
  if (now.tag !== tag) return false;
  if (now.digest === undefined) return pin === 'digest' && again;
  return digest === undefined;
}
