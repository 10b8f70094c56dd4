import type { ImageRef } from '../job/image-ref.js';

/** The value of `releases/IMAGE`: "this image exists, built from this commit by this build". */
export interface Release {
  /** Image name with registry, without tag. */
  image: string;
  tag: string;
  /** `sha256:…`, where the registry's answer is known. */
  digest?: string;
  /** Source commit that it was built from. */
  sourceCommit?: string;
  sourceRepository?: string;
  /** Branch of the source that it was built from. */
  sourceBranch?: string;
  buildUrl?: string;
  /** Who announced it. */
  by: string;
  /** ISO 8601, UTC. */
  at: string;
}

/** The same release: image, tag and (where both know it) digest are equal; who and when do not matter. */
export function sameRelease(a: Release, b: Release): boolean {
  return (
    a.image === b.image &&
    a.tag === b.tag &&
    (a.digest === undefined || b.digest === undefined || a.digest === b.digest)
  );
}

export function releaseImage(release: Release): ImageRef {
  return {
    name: release.image,
    tag: release.tag,
    ...(release.digest === undefined ? {} : { digest: release.digest }),
  };
}
