import type { MirrorException, MirrorFolder, MirrorRef } from '../domain/source/kv-layout.js';
import type { ObjectId } from '../domain/source/revision.js';
import { TreeIndex } from '../domain/source/tree-index.js';

/** One mirrored file, proven to be what Git has. */
export interface MirroredFile {
  /** Folder of the job repository that it is from. */
  folder: string;
  /** Path in the folder. */
  path: string;
  id: ObjectId;
  bytes: Uint8Array;
}

/** The tree that the files of a folder add up to, with what `.ref` says of entries that are no plain files. */
interface Proof {
  index: TreeIndex;
  exceptions: Map<string, MirrorException>;
  /** The exceptions as text: with others the tree is another one. */
  text: string;
}

/** Files by their keys in KV, with the tree ids that they add up to; a change costs what it changes. */
export class HeldFiles {
  readonly files = new Map<string, MirroredFile>();
  readonly #proofs = new Map<string, Proof>();

  set(key: string, file: MirroredFile): void {
    const before = this.files.get(key);
    if (before !== undefined && (before.folder !== file.folder || before.path !== file.path))
      this.delete(key);
    // In its old place: what comes after it must not seem to have changed.
    this.files.set(key, file);
    const proof = this.#proofs.get(file.folder);
    if (proof !== undefined) place(proof, file);
  }

  delete(key: string): void {
    const file = this.files.get(key);
    if (file === undefined) return;
    this.files.delete(key);
    const proof = this.#proofs.get(file.folder);
    // What KV does not hold stays a part of the tree.
    if (proof?.exceptions.get(file.path)?.held !== false) proof?.index.delete(file.path);
  }

  /** True where the files, with the exceptions that `.ref` lists, are exactly the trees that `.ref` names. */
  proves({ folders }: MirrorRef): boolean {
    const known = new Set(folders.map(({ folder }) => folder));
    if ([...this.files.values()].some(({ folder }) => !known.has(folder))) return false;
    return folders.every((folder) => this.#proves(folder));
  }

  #proves(folder: MirrorFolder): boolean {
    const { index, exceptions } = this.#proofOf(folder);
    for (const { path, id, held } of exceptions.values())
      if (held && this.files.get(`${folder.prefix}${path}`)?.id !== id) return false;
    return index.id === folder.tree;
  }

  #proofOf({ folder, format, exceptions }: MirrorFolder): Proof {
    const text = JSON.stringify(exceptions);
    const known = this.#proofs.get(folder);
    if (known?.text === text && known.index.format === format) return known;
    const proof: Proof = {
      index: new TreeIndex(format),
      exceptions: new Map(exceptions.map((each) => [each.path, each])),
      text,
    };
    for (const { path, pathHex, mode, id, held } of exceptions)
      if (!held) proof.index.set(pathHex === undefined ? path : Buffer.from(pathHex, 'hex'), { mode, id });
    for (const file of this.files.values()) if (file.folder === folder) place(proof, file);
    this.#proofs.set(folder, proof);
    return proof;
  }
}

/** An entry that KV holds, and whose mode is unusual, has the mode that `.ref` names. */
function place({ index, exceptions }: Proof, { path, id }: MirroredFile): void {
  const exception = exceptions.get(path);
  if (exception !== undefined && !exception.held) return;
  index.set(path, { mode: exception?.mode ?? '100644', id });
}
