import type { ObjectFormat, ObjectId } from '../domain/source/revision.js';
import { parseTreeObject } from '../domain/source/tree-object.js';
import type { CatFile } from './cat-file.js';

/** One line of a tree object. */
export interface TreeLine {
  mode: string;
  id: ObjectId;
}

/** Mode of a folder in a tree object. */
export const FOLDER = '40000';

/** The lines of a tree object by name; names are kept as Latin-1 text, a lossless stand-in for their bytes. Undefined: none. */
export async function treeLines(
  objects: CatFile,
  id: ObjectId | undefined,
  format: ObjectFormat,
): Promise<Map<string, TreeLine>> {
  if (id === undefined) return new Map();
  const tree = await objects.ask(id);
  if (tree?.type !== 'tree') throw new Error(`${id} is no tree`);
  const lines = parseTreeObject(tree.bytes, format);
  if (lines === undefined) throw new Error(`the tree ${id} is damaged`);
  return lines;
}
