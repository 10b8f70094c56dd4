import type { ObjectFormat, ObjectId } from './revision.js';
import type { TreeEntry } from './tree.js';
import { splitPath, treeObjectId, type TreeMember } from './tree-object.js';

interface Folder {
  files: Map<string, Pick<TreeEntry, 'mode' | 'id'>>;
  folders: Map<string, Folder>;
  /** Undefined: something below it changed since. */
  id: ObjectId | undefined;
}

/**
 * The tree id of a set of files that changes now and then: after a change only the folders on its way are hashed again,
 * however many others there are. Names are kept as Latin-1 text, a lossless stand-in for their bytes.
 */
export class TreeIndex {
  readonly #root: Folder = { files: new Map(), folders: new Map(), id: undefined };

  constructor(readonly format: ObjectFormat) {}

  /** `name`: the path, or its bytes where they are no text. */
  set(name: string | Uint8Array, file: Pick<TreeEntry, 'mode' | 'id'>): void {
    const names = splitPath(bytesOf(name));
    const last = names.pop();
    if (last === undefined) return;
    let folder = this.#root;
    folder.id = undefined;
    for (const each of names) {
      let next = folder.folders.get(each);
      if (next === undefined) {
        next = { files: new Map(), folders: new Map(), id: undefined };
        folder.folders.set(each, next);
      }
      next.id = undefined;
      folder = next;
    }
    folder.files.set(last, { mode: file.mode, id: file.id });
  }

  delete(name: string | Uint8Array): void {
    const names = splitPath(bytesOf(name));
    const last = names.pop();
    const way: { folder: Folder; name: string }[] = [];
    let folder: Folder | undefined = this.#root;
    for (const each of names) {
      way.push({ folder, name: each });
      folder = folder.folders.get(each);
      if (folder === undefined) return;
    }
    if (last === undefined || !folder.files.delete(last)) return;
    folder.id = undefined;
    // A folder without anything in it is none.
    for (const { folder: parent, name: each } of way.reverse()) {
      const child = parent.folders.get(each);
      parent.id = undefined;
      if (child !== undefined && child.files.size === 0 && child.folders.size === 0)
        parent.folders.delete(each);
    }
  }

  /** The id of the whole, as git has it. */
  get id(): ObjectId {
    // Deepest folders first, without recursion: paths come from outside and may be deep.
    const order: Folder[] = [this.#root];
    for (const folder of order)
      for (const child of folder.folders.values()) if (child.id === undefined) order.push(child);
    for (const folder of order.reverse()) folder.id ??= this.#idOf(folder);
    return this.#idOf(this.#root);
  }

  #idOf({ files, folders }: Folder): ObjectId {
    const members: TreeMember[] = [];
    for (const [name, { mode, id }] of files) members.push({ name: Buffer.from(name, 'latin1'), mode, id });
    for (const [name, child] of folders)
      if (child.id !== undefined)
        members.push({ name: Buffer.from(name, 'latin1'), mode: '40000', id: child.id });
    return treeObjectId(members, this.format);
  }
}

function bytesOf(name: string | Uint8Array): Buffer {
  return typeof name === 'string' ? Buffer.from(name, 'utf8') : Buffer.from(name);
}
