import { segments, type Pointer } from '../../source/json.js';
import { isPatched, mergePatch } from '../../source/merge-patch.js';
import type { ManifestDocument } from '../manifest.js';

/** A document with that of a later layer merged into it. Places point into the file that says the value. */
export function patchDocument(base: ManifestDocument, patch: ManifestDocument): ManifestDocument {
  const owner = (at: Pointer): ManifestDocument =>
    isPatched(base.value, patch.value, segments(at)) ? patch : base;
  return {
    index: base.index,
    value: mergePatch(base.value, patch.value),
    files: [...base.files, ...patch.files],
    origins: [...base.origins, ...patch.origins],
    placeOf: (at, part) => owner(at).placeOf(at, part),
    originOf: (at) => owner(at).originOf(at),
  };
}
