import type { Manifest } from '../manifest.js';
import type { JobNaming } from '../scheduler-model.js';
import { firstManifest, patchManifest } from './patch-manifest.js';
import { twinPaths } from './twin-paths.js';

/** The manifests of one folder; their paths are those in the job repository and begin with the folder. */
export interface Layer {
  /** '' is the root of the repository. */
  folder: string;
  manifests: readonly Manifest[];
}

/** Results for pairs of the same objects: what did not change is not merged again. */
export class MergeCache {
  readonly #known = new WeakMap<object, WeakMap<object, Manifest>>();

  of(one: object, other: object, make: () => Manifest): Manifest {
    const inner = this.#known.get(one) ?? new WeakMap<object, Manifest>();
    this.#known.set(one, inner);
    const known = inner.get(other);
    if (known !== undefined) return known;
    const now = make();
    inner.set(other, now);
    return now;
  }
}

/**
 * The manifests of an environment: a file of a later layer with the path (in its layer) of an earlier one is a JSON Merge
 * Patch on it, a new path is a manifest of its own. In the order of the paths in which they first appear.
 */
export function mergeLayers(
  layers: readonly Layer[],
  naming: readonly JobNaming[],
  cache = new MergeCache(),
): Manifest[] {
  const merged = new Map<string, Manifest>();
  const paths: Parameters<typeof twinPaths>[0][number][] = [];
  for (const [layer, { folder, manifests }] of layers.entries()) {
    for (const manifest of manifests) {
      const path = folder === '' ? manifest.path : manifest.path.slice(folder.length + 1);
      paths.push({ path, file: manifest.path, layer });
      const own =
        layer === layers.length - 1 ? manifest : cache.of(manifest, manifest, () => shared(manifest));
      const base = merged.get(path);
      merged.set(
        path,
        base === undefined ? firstManifest(own) : cache.of(base, own, () => patchManifest(base, own, naming)),
      );
    }
  }
  const result = [...merged.values()];
  for (const twin of twinPaths(paths)) {
    const at = result.findIndex(({ path }) => path === twin.place.file);
    const manifest = result[at];
    // A twin begins a path of its own, so it is the first file of a manifest.
    if (manifest !== undefined) result[at] = { ...manifest, diagnostics: [...manifest.diagnostics, twin] };
  }
  return result;
}

function shared(manifest: Manifest): Manifest {
  if (manifest.silences === undefined) return manifest;
  return { ...manifest, silences: manifest.silences.map((each) => ({ ...each, shared: true })) };
}
