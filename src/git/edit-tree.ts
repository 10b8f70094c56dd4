import type { ObjectId } from '../domain/source/revision.js';
import { parseObjectId } from '../domain/source/revision.js';
import type { Waiting } from '../ports/kv-store.js';
import type { CatFile } from './cat-file.js';
import { git, type OpenRepository } from './run.js';
import { FOLDER, treeLines, type TreeLine } from './tree-lines.js';

/** Blobs written side by side. */
const WRITERS = 8;

/** What a folder is to become: files by name (null: gone), and the folders below it. */
interface Edit {
  files: Map<string, ObjectId | null>;
  folders: Map<string, Edit>;
}

/**
 * The tree that a tree becomes by writing and removing files: only the folders on the way are read and written, however
 * large the rest is. Files keep their mode, folders that end up empty are gone.
 */
export async function editTree(
  place: OpenRepository,
  objects: CatFile,
  { base, files }: { base: ObjectId | undefined; files: ReadonlyMap<string, Uint8Array | null> },
  waiting: Waiting,
): Promise<ObjectId> {
  const blobs = await writeBlobs(place, files, waiting);
  const root: Edit = { files: new Map(), folders: new Map() };
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
  return (await written(root, base, { place, objects, waiting })) ?? makeTree(place, new Map(), waiting);
}

interface Tools {
  place: OpenRepository;
  objects: CatFile;
  waiting: Waiting;
}

/** Undefined: nothing is left of the folder. */
async function written(edit: Edit, base: ObjectId | undefined, tools: Tools): Promise<ObjectId | undefined> {
  const lines = await treeLines(tools.objects, base, tools.place.format);
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
  return lines.size === 0 ? undefined : makeTree(tools.place, lines, tools.waiting);
}

async function makeTree(
  place: OpenRepository,
  lines: ReadonlyMap<string, TreeLine>,
  waiting: Waiting,
): Promise<ObjectId> {
  const input = [...lines].map(([name, { mode, id }]) => {
    const type = mode === FOLDER ? 'tree' : mode === '160000' ? 'commit' : 'blob';
    return Buffer.concat([
      Buffer.from(`${mode} ${type} ${id}\t`),
      Buffer.from(name, 'latin1'),
      Buffer.from([0]),
    ]);
  });
  // A submodule's commit is somewhere else; everything else was read from this repository or written to it.
  const { stdout } = await git(place, ['mktree', '-z', '--missing'], {
    ...waiting,
    input: Buffer.concat(input),
  });
  return idIn(stdout);
}

async function writeBlobs(
  place: OpenRepository,
  files: ReadonlyMap<string, Uint8Array | null>,
  waiting: Waiting,
): Promise<Map<string, ObjectId | null>> {
  const ids = new Map<string, ObjectId | null>();
  const left = [...files];
  const writer = async (): Promise<void> => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const [path, bytes] = next;
      ids.set(
        path,
        bytes === null
          ? null
          : idIn((await git(place, ['hash-object', '-w', '--stdin'], { ...waiting, input: bytes })).stdout),
      );
    }
  };
  await Promise.all(Array.from({ length: Math.min(WRITERS, left.length) }, writer));
  return ids;
}

function idIn(stdout: Buffer): ObjectId {
  const id = parseObjectId(stdout.toString('latin1').trim());
  if (id === undefined) throw new Error('git printed no object id');
  return id;
}
