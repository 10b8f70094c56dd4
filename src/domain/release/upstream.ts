import { DateTime } from 'luxon';
import { names, type PastPromotion } from './position.js';
import type { PromoteFrom } from './policy.js';
import type { Release } from './release.js';

/** An image as a job of another environment runs it. */
export interface RunningImage {
  image: string;
  tag: string;
  /** Where the manifest states it. */
  digest?: string;
  jobRef: string;
  /** What hinders it from counting as healthy, as the end of a sentence; absent: it runs well. */
  problem?: string;
  /** In ms since the epoch: when its last deploy had ended well. */
  since: number;
}

/** What runs in the environment that releases come from. */
export interface Upstream {
  environment: string;
  running: readonly RunningImage[];
  /** What was promoted into it, oldest first. */
  history: readonly PastPromotion[];
}

/**
 * The releases that another environment runs, with the digest that was meant there: that of its manifest, else that of the
 * commit that promoted it, else that of the announced release with this tag.
 */
export function upstreamReleases({ running, history }: Upstream, announced: readonly Release[]): Release[] {
  const found = new Map<string, Release>();
  for (const { image, tag, digest } of running) {
    const past = history.findLast((each) => names(each, image, tag));
    const known = announced.find((each) => each.image === image && each.tag === tag);
    const meant = digest ?? past?.digest ?? known?.digest;
    const same =
      known !== undefined && (known.digest === undefined || known.digest === meant) ? known : undefined;
    const release: Release = {
      ...(same ?? factsOf(past)),
      image,
      tag,
      ...(meant === undefined ? {} : { digest: meant }),
    };
    found.set(`${image}:${tag}@${meant ?? ''}`, release);
  }
  return [...found.values()];
}

function factsOf(past: PastPromotion | undefined): Omit<Release, 'image' | 'tag'> {
  const { sourceCommit, sourceRepository, sourceBranch, buildUrl } = past ?? {};
  return {
    ...(sourceCommit === undefined ? {} : { sourceCommit }),
    ...(sourceRepository === undefined ? {} : { sourceRepository }),
    ...(sourceBranch === undefined ? {} : { sourceBranch }),
    ...(buildUrl === undefined ? {} : { buildUrl }),
    by: past?.releasedBy ?? 'unknown',
    at: past?.releasedAt ?? '',
  };
}

/** Why a release did not run well enough in the environment before; undefined: it did, at `now` (ms since the epoch). */
export function whyNotUpstream(
  release: Pick<Release, 'image' | 'tag' | 'digest'>,
  { environment, running }: Upstream,
  { healthyForMs }: Pick<PromoteFrom, 'healthyForMs'>,
  now: number,
): string | undefined {
  const ofImage = running.filter(({ image }) => image === release.image);
  if (ofImage.length === 0) return `no job of ${environment} runs its image`;
  const tags = [...new Set(ofImage.map(({ tag }) => tag))];
  const mine = ofImage.filter(
    ({ tag, digest }) =>
      tag === release.tag &&
      (digest === undefined || release.digest === undefined || digest === release.digest),
  );
  if (mine.length === 0) return `${environment} runs ${tags.join(' and ')} of it`;
  if (tags.length > 1)
    return `${environment} runs ${tags.join(' and ')} of it, so that it does not tell which one is meant`;
  const ill = mine.find(({ problem }) => problem !== undefined);
  if (ill !== undefined) return `${ill.jobRef} in ${environment} ${ill.problem ?? ''}`;
  const last = mine.reduce((a, b) => (b.since > a.since ? b : a));
  const left = last.since + healthyForMs - now;
  if (!(left <= 0))
    return `${last.jobRef} runs it in ${environment} since ${timeText(last.since)} only: it is promoted at ${timeText(last.since + healthyForMs)}`;
  return undefined;
}

function timeText(ms: number): string {
  return (
    DateTime.fromMillis(ms, { zone: 'utc' }).toISO({ suppressMilliseconds: true, precision: 'second' }) ??
    'a time unknown'
  );
}
