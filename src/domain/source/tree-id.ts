import { createHash } from 'node:crypto';
import type { ObjectFormat, ObjectId } from './revision.js';
import type { FileMode, TreeEntry } from './tree.js';

/** The id that bytes have as a Git blob. */
export function blobId(bytes: Uint8Array, format: ObjectFormat): ObjectId {
  return objectId('blob', bytes, format);
}

interface Folder {
  files: { name: Buffer; mode: FileMode; id: ObjectId }[];
  folders: Map<string, Folder>;
}

/**
 * The id of the Git tree that holds exactly these entries, sub-trees included, computed as git does: each tree is a list
 * of `MODE NAME\0ID`, ordered by the bytes of the names with folders compared as if they ended in `/`.
 */
export function treeId(
  entries: readonly Pick<TreeEntry, 'path' | 'pathHex' | 'mode' | 'id'>[],
  format: ObjectFormat,
): ObjectId {
  const root: Folder = { files: [], folders: new Map() };
  for (const { path, pathHex, mode, id } of entries) {
    const bytes = pathHex === undefined ? Buffer.from(path, 'utf8') : Buffer.from(pathHex, 'hex');
    const names = split(bytes);
    const name = names.pop();
    if (name === undefined) continue;
    folderAt(root, names).files.push({ name, mode, id });
  }
  return idOf(root, format);
}

const SLASH = 0x2f;

function split(path: Buffer): Buffer[] {
  const names: Buffer[] = [];
  let from = 0;
  for (let at = path.indexOf(SLASH); at >= 0; at = path.indexOf(SLASH, from)) {
    names.push(path.subarray(from, at));
    from = at + 1;
  }
  names.push(path.subarray(from));
  return names;
}

/** Folder names are kept as Latin-1 text: a lossless stand-in for their bytes. */
function folderAt(root: Folder, names: readonly Buffer[]): Folder {
  let folder = root;
  for (const name of names) {
    const key = name.toString('latin1');
    let next = folder.folders.get(key);
    if (next === undefined) {
      next = { files: [], folders: new Map() };
      folder.folders.set(key, next);
    }
    folder = next;
  }
  return folder;
}

/** Deepest folders first, without recursion: paths come from outside and may be deep. */
function idOf(root: Folder, format: ObjectFormat): ObjectId {
  const order: Folder[] = [root];
  for (const folder of order) order.push(...folder.folders.values());
  const ids = new Map<Folder, ObjectId>();
  for (const folder of order.reverse()) {
    const lines = [
      ...folder.files.map(({ name, mode, id }) => ({ key: name, line: lineOf(mode, name, id) })),
      ...[...folder.folders].map(([key, child]) => {
        const name = Buffer.from(key, 'latin1');
        return {
          key: Buffer.concat([name, Buffer.from('/')]),
          line: lineOf('40000', name, ids.get(child) ?? ''),
        };
      }),
    ];
    lines.sort((a, b) => Buffer.compare(a.key, b.key));
    ids.set(folder, objectId('tree', Buffer.concat(lines.map(({ line }) => line)), format));
  }
  return ids.get(root) ?? objectId('tree', new Uint8Array(), format);
}

function lineOf(mode: string, name: Buffer, id: string): Buffer {
  return Buffer.concat([Buffer.from(`${mode} `), name, Buffer.from([0]), Buffer.from(id, 'hex')]);
}

function objectId(type: 'blob' | 'tree', bytes: Uint8Array, format: ObjectFormat): ObjectId {
  return createHash(format).update(`${type} ${bytes.byteLength}\0`).update(bytes).digest('hex') as ObjectId;
}
