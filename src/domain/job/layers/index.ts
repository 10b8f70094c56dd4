import type { Manifest } from '../manifest.js';
import type { JobNaming } from '../scheduler-model.js';
import { firstManifest, patchManifest } from './patch-manifest.js';
import type { Diagnostic } from '../../source/diagnostic.js';
import { twinPaths, type LayeredPath } from './twin-paths.js';

/** The manifests of one folder; their paths are those in the job repository and begin with the folder. */
export interface Layer {
  /** '' is the root of the repository. */
  folder: string;
  manifests: readonly Manifest[];
}

/** Results for pairs of the same objects: what did not change is not merged again. */
export class MergeCache {
  readonly #known = new WeakMap<object, { other: object; result: Manifest }>();

  #layers: readonly Layer[] = [];
  #twins: readonly Diagnostic[] = [];

  /** Findings about paths alone: the same paths have the same. */
  twins(layers: readonly Layer[], find: () => Diagnostic[]): readonly Diagnostic[] {
    const before = this.#layers;
    const same =
      before.length === layers.length &&
      layers.every(({ folder, manifests }, at) => {
        const other = before[at];
        return (
          other?.folder === folder &&
          other.manifests.length === manifests.length &&
          manifests.every((manifest, n) => {
            const twin = other.manifests[n];
            return twin === manifest || twin?.path === manifest.path;
          })
        );
      });
    if (!same) this.#twins = find();
    this.#layers = layers;
    return this.#twins;
  }

  of(one: object, other: object, make: () => Manifest): Manifest {
    const known = this.#known.get(one);
    if (known?.other === other) return known.result;
    const result = make();
    this.#known.set(one, { other, result });
    return result;
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
  const twins = cache.twins(layers, () => twinPaths(layers.flatMap(pathsOf)));
  const result = layers.length === 1 ? firstLayer(layers, cache) : merged(layers, naming, cache);
  for (const twin of twins) {
    const at = result.findIndex(({ path }) => path === twin.place.file);
    const manifest = result[at];
    // A twin begins a path of its own, so it is the first file of a manifest.
    if (manifest !== undefined) result[at] = { ...manifest, diagnostics: [...manifest.diagnostics, twin] };
  }
  return result;
}

function pathsOf({ folder, manifests }: Layer, layer: number): LayeredPath[] {
  return manifests.map(({ path }) => ({ path: inLayer(path, folder), file: path, layer }));
}

function inLayer(path: string, folder: string): string {
  return folder === '' ? path : path.slice(folder.length + 1);
}

function firstLayer([layer]: readonly Layer[], cache: MergeCache): Manifest[] {
  return (layer?.manifests ?? []).map((manifest) => cache.of(manifest, FIRST, () => firstManifest(manifest)));
}

/** Stands for what a first manifest is merged with. */
const FIRST = {};

function merged(layers: readonly Layer[], naming: readonly JobNaming[], cache: MergeCache): Manifest[] {
  const found = new Map<string, Manifest>();
  for (const [layer, { folder, manifests }] of layers.entries())
    for (const manifest of manifests) {
      const path = inLayer(manifest.path, folder);
      const own =
        layer === layers.length - 1 ? manifest : cache.of(manifest, manifest, () => shared(manifest));
      const base = found.get(path);
      found.set(
        path,
        base === undefined
          ? cache.of(own, FIRST, () => firstManifest(own))
          : cache.of(base, own, () => patchManifest(base, own, naming)),
      );
    }
  return [...found.values()];
}

function shared(manifest: Manifest): Manifest {
  if (manifest.silences === undefined) return manifest;
  return { ...manifest, silences: manifest.silences.map((each) => ({ ...each, shared: true })) };
}
