import { createHash } from 'node:crypto';
import { kvKey, kvJson, MIRROR_FLAG, whyNotHeld } from '../../domain/source/kv-layout.js';
import type {
  KvKey,
  MirrorChanges,
  MirrorException,
  MirrorFolder,
  MirrorRef,
} from '../../domain/source/kv-layout.js';
import type { ObjectId, Revision } from '../../domain/source/revision.js';
import type { Tree, TreeEntry } from '../../domain/source/tree.js';

/** A key below `config/` as it stands in KV, its value reduced to the id that it has as a Git blob. */
export interface LiveKey {
  key: KvKey;
  blob: ObjectId;
  flags: number;
  modifyIndex: number;
}

/** A folder of the job repository as Git has it. */
export interface ObservedFolder {
  folder: string;
  /** Key prefix of its files, ends in `/`; no prefix begins with another. */
  prefix: string;
  tree: Tree;
}

export interface MirrorObserved {
  branch: string;
  revision: Revision;
  folders: ObservedFolder[];
  live: readonly LiveKey[];
  /** What `.ref` says now; undefined where it is absent or unreadable. */
  mirrorRef: MirrorRef | undefined;
  refIndex: number;
  changes: MirrorChanges | undefined;
  /** Bytes that one value may have. */
  valueBytes: number;
  /** Values that are no blobs of the repository. */
  contents: ReadonlyMap<ObjectId, Uint8Array>;
  /** The key that repeats the revision holds another one. */
  revisionKeyStale: boolean;
}

export interface MirrorWrite {
  key: KvKey;
  path: string;
  id: ObjectId;
  /** modifyIndex that the key has now, 0 where it is absent. */
  index: number;
  /** Bytes, where known. */
  size?: number;
}

export interface MirrorDelete {
  key: KvKey;
  index: number;
  /** What it holds now. */
  blob: ObjectId;
}

export interface MirrorPlan {
  /** Names what will be written. */
  id: string;
  revision: Revision;
  writes: MirrorWrite[];
  deletes: MirrorDelete[];
  /** Keys of others below the prefix: reported and left alone. */
  foreign: KvKey[];
  /** Keys that were edited by hand and will be put right; a subset of writes and deletes. */
  healed: KvKey[];
  ref: MirrorRef;
  refIndex: number;
  /** False: `.ref` says it already. */
  refChanged: boolean;
  /** A pass that was cut off left its mark; this one finishes it. */
  unfinished: boolean;
  /** Hint for readers; null: too long, read everything. */
  changedKeys: string[] | null;
}

/** Keys in one `.changes` value; beyond that readers read everything, which is quicker then anyway. */
const MOST_CHANGED_KEYS = 2000;

/** Compares the folders in Git with the live keys, by content. Nothing is assumed from what earlier passes wrote. */
export function planMirror(observed: MirrorObserved): MirrorPlan {
  const { live, revision } = observed;
  // What Git wants is taken out: the rest are keys that nobody in Git knows.
  const others = new Map(live.map((entry) => [entry.key, entry]));
  const writes: MirrorWrite[] = [];
  const folders = observed.folders.map((folder): MirrorFolder => {
    const { held, exceptions } = divided(folder.tree, observed.valueBytes);
    for (const entry of held) {
      const key = kvKey(folder.prefix + entry.path);
      const now = others.get(key);
      others.delete(key);
      if (now?.blob !== entry.id || now.flags !== MIRROR_FLAG) writes.push(writeOf(entry, key, now));
    }
    const { id, entries, format } = folder.tree;
    return {
      folder: folder.folder,
      prefix: folder.prefix,
      tree: id,
      files: entries.length,
      format,
      exceptions,
    };
  });
  const left = [...others.values()];
  const deletes = left
    .filter((entry) => entry.flags === MIRROR_FLAG)
    .map(({ key, modifyIndex, blob }) => ({ key, index: modifyIndex, blob }));
  const foreign = left.filter((entry) => entry.flags !== MIRROR_FLAG).map(({ key }) => key);
  return finishPlan({
    revision,
    writes,
    deletes,
    foreign,
    ref: { version: 1, revision, branch: observed.branch, folders },
    before: observed.mirrorRef,
    refIndex: observed.refIndex,
    unfinished: observed.changes?.state === 'writing',
    stale: observed.revisionKeyStale,
  });
}

/** What both ways to a plan have in common. */
export function finishPlan({
  revision,
  writes,
  deletes,
  foreign = [],
  ref,
  before,
  refIndex,
  unfinished = false,
  stale = false,
}: Pick<MirrorPlan, 'revision' | 'writes' | 'deletes' | 'ref' | 'refIndex'> & {
  foreign?: KvKey[];
  before: MirrorRef | undefined;
  unfinished?: boolean;
  stale?: boolean;
}): MirrorPlan {
  const keys = (): KvKey[] => [...writes, ...deletes].map(({ key }) => key);
  const sameTree = JSON.stringify(before?.folders.map(treeOf)) === JSON.stringify(ref.folders.map(treeOf));
  return {
    id: planId(revision, writes, deletes),
    revision,
    writes,
    deletes,
    foreign,
    healed: sameTree && !unfinished ? keys() : [],
    ref,
    refIndex,
    refChanged: stale || !sameText(before, ref),
    unfinished,
    changedKeys: writes.length + deletes.length > MOST_CHANGED_KEYS ? null : keys(),
  };
}

/** A name for what will be written, piece by piece: a first mirror writes a hundred thousand keys. */
function planId(
  revision: Revision,
  writes: readonly MirrorWrite[],
  deletes: readonly MirrorDelete[],
): string {
  const hash = createHash('sha256').update(revision);
  for (const { key, id } of writes) hash.update(`\n${id} ${key}`);
  for (const { key } of deletes) hash.update(`\n- ${key}`);
  return hash.digest('hex').slice(0, 12);
}

function treeOf({ prefix, tree }: MirrorFolder): string[] {
  return [prefix, tree];
}

/** What KV can hold of a tree, and everything that `.ref` has to say of it beyond that. */
function divided(
  { entries }: Tree,
  valueBytes: number,
): { held: TreeEntry[]; exceptions: MirrorException[] } {
  const held: TreeEntry[] = [];
  const exceptions: MirrorException[] = [];
  for (const entry of entries) {
    const reason = whyNotHeld(entry, valueBytes);
    if (reason !== undefined || entry.mode !== '100644') exceptions.push(exceptionOf(entry, reason));
    if (reason === undefined) held.push(entry);
  }
  return { held, exceptions: inOrder(exceptions) };
}

/** By the bytes of the paths, so that every way to a plan comes to the same `.ref`. */
export function inOrder(exceptions: readonly MirrorException[]): MirrorException[] {
  return exceptions.toSorted((a, b) => Buffer.compare(bytesOf(a), bytesOf(b)));
}

function bytesOf({ path, pathHex }: MirrorException): Buffer {
  return pathHex === undefined ? Buffer.from(path, 'utf8') : Buffer.from(pathHex, 'hex');
}

export function writeOf(entry: TreeEntry, key: KvKey, now: LiveKey | undefined): MirrorWrite {
  return {
    key,
    path: entry.path,
    id: entry.id,
    index: now?.modifyIndex ?? 0,
    ...(entry.size === undefined ? {} : { size: entry.size }),
  };
}

/** True where KV already is what Git says. */
export function nothingToMirror(plan: MirrorPlan): boolean {
  return plan.writes.length === 0 && plan.deletes.length === 0 && !plan.refChanged && !plan.unfinished;
}

export function exceptionOf(entry: TreeEntry, reason: string | undefined): MirrorException {
  return {
    path: entry.path,
    ...(entry.pathHex === undefined ? {} : { pathHex: entry.pathHex }),
    mode: entry.mode,
    id: entry.id,
    held: reason === undefined,
    ...(reason === undefined ? {} : { reason }),
  };
}

function sameText(a: MirrorRef | undefined, b: MirrorRef): boolean {
  return a !== undefined && Buffer.from(kvJson(a)).equals(Buffer.from(kvJson(b)));
}
