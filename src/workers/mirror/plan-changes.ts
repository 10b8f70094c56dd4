import { kvKey, MIRROR_FLAG, whyNotHeld } from '../../domain/source/kv-layout.js';
import type { KvKey, MirrorException, MirrorFolder, MirrorRef } from '../../domain/source/kv-layout.js';
import type { ObjectId, Revision } from '../../domain/source/revision.js';
import type { TreeChange, TreeEntry } from '../../domain/source/tree.js';
import {
  exceptionOf,
  finishPlan,
  inOrder,
  whyClaimed,
  writeOf,
  type LiveKey,
  type MirrorPlan,
  type MirrorWrite,
} from './plan.js';

export type { LiveKey };

/** What Git changed in one folder since the revision in `.ref`. */
export interface ChangedFolder {
  folder: string;
  prefix: string;
  /** The tree that it has now. */
  tree: ObjectId;
  changes: TreeChange[];
}

export interface MirrorChangesObserved {
  branch: string;
  revision: Revision;
  /** What `.ref` says; Git confirms its trees. */
  before: MirrorRef;
  refIndex: number;
  folders: ChangedFolder[];
  /** The keys of the changed paths, as far as they are there. */
  live: ReadonlyMap<KvKey, LiveKey>;
  /** Contents of the changed files. */
  contents: ReadonlyMap<ObjectId, Uint8Array>;
  valueBytes: number;
  /** Prefixes below this one that other mirrors write. */
  claimed: readonly string[];
}

/** The plan for a change alone. What else stands below the prefix is taken to be as the last pass left it. */
export function planChanges(observed: MirrorChangesObserved): MirrorPlan {
  const { before, branch, revision, refIndex, live } = observed;
  const writes: MirrorWrite[] = [];
  const deletes: MirrorPlan['deletes'] = [];
  const folders = observed.folders.map((folder, at): MirrorFolder => {
    const known = before.folders[at];
    if (known === undefined) throw new Error('the folders of .ref were compared before');
    const exceptions = new Map(known.exceptions.map((each) => [each.pathHex ?? each.path, each]));
    let { files } = known;
    for (const change of folder.changes) {
      if (change.kind === 'added') files += 1;
      if (change.kind === 'deleted') files -= 1;
      const entry = change.kind === 'deleted' ? undefined : sized(change.entry, observed.contents);
      const { path, pathHex } = change.kind === 'deleted' ? change : change.entry;
      exceptions.delete(pathHex ?? path);
      const key = kvKey(folder.prefix + path);
      const exception = entry === undefined ? undefined : exceptionFor(entry, key, observed);
      if (exception !== undefined) exceptions.set(pathHex ?? path, exception);
      const now = live.get(key);
      if (entry !== undefined && exception?.held !== false) {
        if (now?.blob !== entry.id || now.flags !== MIRROR_FLAG) writes.push(writeOf(entry, key, now));
      } else if (now?.flags === MIRROR_FLAG && whyClaimed(key, observed.claimed) === undefined)
        deletes.push({ key, index: now.modifyIndex, blob: now.blob });
    }
    return { ...known, tree: folder.tree, files, exceptions: inOrder([...exceptions.values()]) };
  });
  return finishPlan({
    revision,
    writes,
    deletes,
    ref: { version: 1, revision, branch, folders },
    before,
    refIndex,
  });
}

function sized(entry: TreeEntry, contents: ReadonlyMap<ObjectId, Uint8Array>): TreeEntry {
  const size = contents.get(entry.id)?.byteLength;
  return size === undefined ? entry : { ...entry, size };
}

function exceptionFor(
  entry: TreeEntry,
  key: KvKey,
  { valueBytes, claimed }: MirrorChangesObserved,
): MirrorException | undefined {
  const reason = whyNotHeld(entry, valueBytes) ?? whyClaimed(key, claimed);
  return reason === undefined && entry.mode === '100644' ? undefined : exceptionOf(entry, reason);
}
