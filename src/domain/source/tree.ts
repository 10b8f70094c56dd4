import type { ObjectFormat, ObjectId } from './revision.js';

/** What git knows of one path below a folder. */
export type FileMode = '100644' | '100755' | '120000' | '160000';

export interface TreeEntry {
  /** Path below the folder, `/`-separated, UTF-8. */
  path: string;
  /** The path's exact bytes in hexadecimal, only where they are not valid UTF-8. */
  pathHex?: string;
  mode: FileMode;
  id: ObjectId;
  /** Size in bytes of a blob, where the adapter knows it. */
  size?: number;
  /** Git LFS keeps the content elsewhere; this is only where to find it. */
  lfs?: true;
}

/** A tree as read from git: the id that names it, and every entry below it that is not a tree. */
export interface Tree {
  id: ObjectId;
  format: ObjectFormat;
  entries: TreeEntry[];
}

/** The tree of one of the folders that an environment is made of. */
export interface LayerTree {
  /** Folder in the job repository, '' for its root. */
  folder: string;
  tree: ObjectId;
}

export type TreeChange =
  { kind: 'added' | 'modified'; entry: TreeEntry } | { kind: 'deleted'; path: string; pathHex?: string };

/** Path in the job repository of a path in a folder of it. */
export function pathIn(folder: string, path: string): string {
  return folder === '' ? path : `${folder}/${path}`;
}
