import { MOST_BYTES } from '../domain/job/manifest.js';
import { whyNotHeld } from '../domain/source/kv-layout.js';
import type { ObjectId, Revision } from '../domain/source/revision.js';
import { pathIn, type LayerTree, type TreeEntry } from '../domain/source/tree.js';
import type { JobRepository } from '../ports/job-repository.js';
import { holdsJobs, type LayerFiles } from './declared.js';

/** The manifests of one folder at a revision, and the id of its tree. */
export interface RevisionLayer extends LayerFiles, LayerTree {}

/**
 * The manifests of an environment's folders at a revision: files whose names may hold jobs, in Git's order. Links,
 * submodules and files that KV can't name are told apart: what they state is not known.
 */
export async function layersAt(
  repository: JobRepository,
  revision: Revision,
  folders: readonly string[],
  signal: AbortSignal,
): Promise<RevisionLayer[]> {
  const layers: RevisionLayer[] = [];
  for (const folder of folders) {
    const tree = await repository.readTree(revision, folder, { signal });
    const entries: TreeEntry[] = [];
    const unread: { path: string; reason: string }[] = [];
    for (const entry of tree.entries.filter(({ path }) => holdsJobs(path))) {
      const reason = whyNotHeld(entry, MOST_BYTES);
      if (reason === undefined) entries.push(entry);
      else unread.push({ path: pathIn(folder, entry.path), reason });
    }
    const contents = new Map<ObjectId, Uint8Array>();
    const ids = [...new Set(entries.map((e) => e.id))];
    for await (const { id, bytes } of repository.readBlobs(ids, { signal })) contents.set(id, bytes);
    const files = entries.flatMap(({ path, id }) => {
      const bytes = contents.get(id);
      return bytes === undefined ? [] : [{ path: pathIn(folder, path), id, bytes }];
    });
    layers.push({ folder, tree: tree.id, files, unread });
  }
  return layers;
}

/** The trees of an environment's folders at a revision, in order; folders that are not there are left out. */
export async function treesAt(
  repository: JobRepository,
  revision: Revision,
  folders: readonly string[],
  signal: AbortSignal,
): Promise<LayerTree[]> {
  const trees: LayerTree[] = [];
  for (const folder of folders) {
    const tree = await repository.treeId(revision, folder, { signal });
    if (tree !== undefined) trees.push({ folder, tree });
  }
  return trees;
}
