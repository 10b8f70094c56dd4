import { DateTime } from 'luxon';
import { parseImageRef } from '../job/image-ref.js';
import type { Release } from './release.js';
import { compareVersions, parseVersion } from './semver.js';

/** That a commit of an environment's branch promoted a release into it. */
export interface PastPromotion {
  /** As `Towline-Release` names it: `shop/web:1.2.3@sha256:…`. */
  release: string;
  digest?: string;
  /** When it was announced, ISO 8601, where the commit says so. */
  releasedAt?: string;
  sourceCommit?: string;
  sourceRepository?: string;
  sourceBranch?: string;
  buildUrl?: string;
  releasedBy?: string;
}

/**
 * Why a release is older than the tag that stands somewhere; undefined where it is not, or nobody can tell. Told by, in this
 * order: both tags are semantic versions; both were promoted here before; both were announced at a known time. `history` is
 * of the environment, oldest first.
 */
export function whyOlder(
  release: Pick<Release, 'image' | 'tag' | 'at'>,
  standing: string | undefined,
  history: readonly PastPromotion[],
): string | undefined {
  if (standing === undefined || standing === release.tag) return undefined;
  const [next, now] = [parseVersion(release.tag), parseVersion(standing)];
  if (next !== undefined && now !== undefined)
    return compareVersions(next, now) < 0 ? `${release.tag} is older than ${standing}` : undefined;
  const [mine, theirs] = [release.tag, standing].map((tag) =>
    history.findIndex((past) => names(past, release.image, tag)),
  );
  if (mine !== undefined && theirs !== undefined && mine >= 0 && theirs >= 0)
    return mine < theirs ? `${release.tag} was promoted here before ${standing} was` : undefined;
  const [announced, then] = [release.at, lastTime(history, release.image, standing)].map(msOf);
  if (announced !== undefined && then !== undefined && announced < then)
    return `${release.tag} was announced before ${standing} was`;
  return undefined;
}

function lastTime(history: readonly PastPromotion[], image: string, tag: string): string {
  return history.findLast((past) => names(past, image, tag))?.releasedAt ?? '';
}

/** True where a promotion was of this image and tag, with any digest. */
export function names({ release }: PastPromotion, image: string, tag: string): boolean {
  const ref = parseImageRef(release);
  return ref?.name === image && ref.tag === tag;
}

/** NaN, which is neither before nor after anything, where a text is no time. */
function msOf(iso: string): number {
  return DateTime.fromISO(iso, { zone: 'utc' }).toMillis();
}
