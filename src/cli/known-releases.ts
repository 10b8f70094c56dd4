import { parseRelease } from '../domain/release/parse-release.js';
import type { Release } from '../domain/release/release.js';
import type { Session } from './compose.js';

/** What stands under an image's key: a release, or why it is none. */
export type KnownRelease = { image: string } & ({ release: Release } | { reason: string });

/** All releases in KV, by image. */
export async function knownReleases(session: Session, signal: AbortSignal): Promise<KnownRelease[]> {
  const kv = await session.kv();
  const { value: entries } = await kv.list(session.releasesPrefix, { signal });
  return entries
    .map(({ key, value }) => ({ image: key.slice(session.releasesPrefix.length), value }))
    .filter(({ image }) => image !== '')
    .map(({ image, value }) => ({ image, ...parseRelease(image, value) }));
}
