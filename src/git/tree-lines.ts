import { parseObjectId, type ObjectFormat, type ObjectId } from '../domain/source/revision.js';
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
  const lines = new Map<string, TreeLine>();
  if (id === undefined) return lines;
  const tree = await objects.ask(id);
  if (tree?.type !== 'tree') throw new Error(`${id} is no tree`);
  const bytes = Buffer.from(tree.bytes.buffer, tree.bytes.byteOffset, tree.bytes.byteLength);
  const idLength = format === 'sha256' ? 32 : 20;
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const end = bytes.indexOf(0x00, space);
    const entry = parseObjectId(bytes.toString('hex', end + 1, end + 1 + idLength));
    if (space < 0 || end < 0 || entry === undefined) throw new Error(`the tree ${id} is damaged`);
    lines.set(bytes.toString('latin1', space + 1, end), {
      mode: bytes.toString('latin1', at, space),
      id: entry,
    });
    at = end + 1 + idLength;
  }
  return lines;
}
