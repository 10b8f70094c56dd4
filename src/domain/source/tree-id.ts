import type { ObjectFormat, ObjectId } from './revision.js';
import type { TreeEntry } from './tree.js';
import { TreeIndex } from './tree-index.js';
import { gitObjectId } from './tree-object.js';

/** The id that bytes have as a Git blob. */
export function blobId(bytes: Uint8Array, format: ObjectFormat): ObjectId {
  return gitObjectId('blob', bytes, format);
}

/** The id of the Git tree that holds exactly these entries, sub-trees included. */
export function treeId(
  entries: readonly Pick<TreeEntry, 'path' | 'pathHex' | 'mode' | 'id'>[],
  format: ObjectFormat,
): ObjectId {
  const index = new TreeIndex(format);
  for (const { path, pathHex, mode, id } of entries)
    index.set(pathHex === undefined ? path : Buffer.from(pathHex, 'hex'), { mode, id });
  return index.id;
}
