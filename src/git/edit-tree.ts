import type { ObjectFormat, ObjectId } from '../domain/source/revision.js';
import type { CatFile } from './cat-file.js';
import type { ObjectWriter } from './object-writer.js';
import { FOLDER, treeLines } from './tree-lines.js';

/** What a folder is to become: files by name (null: gone), and the folders below it. */
interface Edit {
  files: Map<string, ObjectId | null>;
  folders: Map<string, Edit>;
}

interface Tools {
  objects: CatFile;
  writer: ObjectWriter;
  format: ObjectFormat;
}

/**
 * The tree that a tree becomes by writing and removing files: only the folders on the way are read and written, however
 * large the rest is. Files keep their mode, folders that end up empty are gone.
 */
export async function editTree(
  { base, files }: { base: ObjectId | undefined; files: ReadonlyMap<string, Uint8Array | null> },
  tools: Tools,
): Promise<ObjectId> {
  const root: Edit = { files: new Map(), folders: new Map() };
  const blobs = await Promise.all(
    [...files].map(
      async ([path, bytes]) => [path, bytes === null ? null : await tools.writer.blob(bytes)] as const,
    ),
  );
  for (const [path, id] of blobs) {
    const names = Buffer.from(path, 'utf8').toString('latin1').split('/');
    const name = names.pop() ?? '';
    let folder = root;
    for (const each of names) {
      const next = folder.folders.get(each) ?? { files: new Map(), folders: new Map() };
      folder.folders.set(each, next);
      folder = next;
    }
    folder.files.set(name, id);
  }
  return (await written(root, base, tools)) ?? tools.writer.tree(new Map());
}

/** Undefined: nothing is left of the folder. */
async function written(edit: Edit, base: ObjectId | undefined, tools: Tools): Promise<ObjectId | undefined> {
  const lines = await treeLines(tools.objects, base, tools.format);
  const below = await Promise.all(
    [...edit.folders].map(async ([name, folder]) => {
      const before = lines.get(name);
      return [name, await written(folder, before?.mode === FOLDER ? before.id : undefined, tools)] as const;
    }),
  );
  for (const [name, id] of below) {
    if (id === undefined) lines.delete(name);
    else lines.set(name, { mode: FOLDER, id });
  }
  for (const [name, id] of edit.files) {
    const before = lines.get(name);
    if (id === null) lines.delete(name);
    else
      lines.set(name, { mode: before === undefined || before.mode === FOLDER ? '100644' : before.mode, id });
  }
  return lines.size === 0 ? undefined : tools.writer.tree(lines);
}
