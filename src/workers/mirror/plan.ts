import { createHash } from 'node:crypto';
import { claimOf, kvKey, kvJson, MIRROR_FLAG, whyNotHeld } from '../../domain/source/kv-layout.js';
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
  /** KV index up to which `live` is known. */
  index: number;
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
  policy: MirrorPolicy;
  /** Keys that Git changed since `.ref`; undefined where that is not known. */
  touched: ReadonlySet<KvKey> | undefined;
  /** Prefixes below this one that other mirrors write. */
  claimed: readonly string[];
}

/** What is done about keys that are not as Git and the last pass left them. */
export interface MirrorPolicy {
  /** Keys of somebody else. */
  foreign: 'keep' | 'delete';
  /** Own keys that were edited by hand. */
  drift: 'repair' | 'report';
}

export interface MirrorWrite {
  key: KvKey;
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
  /** Keys that were edited by hand and are left as they are, because the policy says so. */
  drift: KvKey[];
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
  /** KV index up to which everything below the prefix was looked at; 0: only some keys were. */
  seenIndex: number;
}

/** Keys in one `.changes` value; beyond that readers read everything, which is quicker then anyway. */
const MOST_CHANGED_KEYS = 2000;

/** Compares the folders in Git with the live keys, by content. Nothing is assumed from what earlier passes wrote. */
export function planMirror(observed: MirrorObserved): MirrorPlan {
  const { live, revision, claimed, policy } = observed;
  // What Git wants is taken out: the rest are keys that nobody in Git knows.
  const others = new Map(live.map((entry) => [entry.key, entry]));
  const writes: MirrorWrite[] = [];
  const folders = observed.folders.map((folder): MirrorFolder => {
    const { held, exceptions } = divided(folder, observed.valueBytes, claimed);
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
  const goes = ({ flags }: LiveKey): boolean => flags === MIRROR_FLAG || policy.foreign === 'delete';
  const deletes = left.filter(goes).map(({ key, modifyIndex, blob }) => ({ key, index: modifyIndex, blob }));
  const unfinished = observed.changes?.state === 'writing';
  const drifted = driftOf(observed, unfinished);
  return finishPlan({
    revision,
    ...withoutDrift({ writes, deletes }, drifted),
    foreign: left.filter((entry) => !goes(entry)).map(({ key }) => key),
    ref: { version: 1, revision, branch: observed.branch, folders },
    before: observed.mirrorRef,
    refIndex: observed.refIndex,
    unfinished,
    stale: observed.revisionKeyStale,
    seenIndex: observed.index,
  });
}

/** Tells of a key whether only somebody's hand can have changed it; undefined where that makes no difference. */
function driftOf(
  { policy, mirrorRef, touched }: MirrorObserved,
  unfinished: boolean,
): ((key: KvKey) => boolean) | undefined {
  if (policy.drift === 'repair' || mirrorRef === undefined || touched === undefined || unfinished)
    return undefined;
  return (key) => !touched.has(key);
}

function withoutDrift(
  { writes, deletes }: Pick<MirrorPlan, 'writes' | 'deletes'>,
  drifted: ((key: KvKey) => boolean) | undefined,
): Pick<MirrorPlan, 'writes' | 'deletes' | 'drift'> {
  if (drifted === undefined) return { writes, deletes, drift: [] };
  return {
    writes: writes.filter(({ key }) => !drifted(key)),
    deletes: deletes.filter(({ key }) => !drifted(key)),
    drift: [...writes, ...deletes].map(({ key }) => key).filter(drifted),
  };
}

/** What both ways to a plan have in common. */
export function finishPlan({
  revision,
  writes,
  deletes,
  foreign = [],
  drift = [],
  ref,
  before,
  refIndex,
  unfinished = false,
  stale = false,
  seenIndex = 0,
}: Pick<MirrorPlan, 'revision' | 'writes' | 'deletes' | 'ref' | 'refIndex'> & {
  foreign?: KvKey[];
  drift?: KvKey[];
  before: MirrorRef | undefined;
  unfinished?: boolean;
  stale?: boolean;
  seenIndex?: number;
}): MirrorPlan {
  const keys = (): KvKey[] => [...writes, ...deletes].map(({ key }) => key);
  const sameTree = JSON.stringify(before?.folders.map(treeOf)) === JSON.stringify(ref.folders.map(treeOf));
  return {
    id: planId(revision, writes, deletes),
    revision,
    writes,
    deletes,
    foreign,
    drift,
    healed: sameTree && !unfinished ? keys() : [],
    ref,
    refIndex,
    refChanged: stale || !sameText(before, ref),
    unfinished,
    changedKeys: writes.length + deletes.length > MOST_CHANGED_KEYS ? null : keys(),
    seenIndex,
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
  { prefix, tree: { entries } }: ObservedFolder,
  valueBytes: number,
  claimed: readonly string[],
): { held: TreeEntry[]; exceptions: MirrorException[] } {
  const held: TreeEntry[] = [];
  const exceptions: MirrorException[] = [];
  for (const entry of entries) {
    const reason = whyNotHeld(entry, valueBytes) ?? whyClaimed(prefix + entry.path, claimed);
    if (reason !== undefined || entry.mode !== '100644') exceptions.push(exceptionOf(entry, reason));
    if (reason === undefined) held.push(entry);
  }
  return { held, exceptions: inOrder(exceptions) };
}

/** Why a key is not this mirror's to write: it is one of these, or below one that ends in `/`. */
export function whyClaimed(key: string, claimed: readonly string[]): string | undefined {
  const taken = claimOf(key, claimed);
  if (taken === undefined) return undefined;
  return taken === key
    ? 'its key tells the revision'
    : `its key lies below ${taken}, which another mirror writes`;
}

/** By the bytes of the paths, so that every way to a plan comes to the same `.ref`. */
export function inOrder(exceptions: readonly MirrorException[]): MirrorException[] {
  return exceptions.toSorted((a, b) => Buffer.compare(bytesOf(a), bytesOf(b)));
}

function bytesOf({ path, pathHex }: MirrorException): Buffer {
  return pathHex === undefined ? Buffer.from(path, 'utf8') : Buffer.from(pathHex, 'hex');
}

/** Of two fixed forms and without a copy of the path: there may be a hundred thousand. */
export function writeOf({ id, size }: TreeEntry, key: KvKey, now: LiveKey | undefined): MirrorWrite {
  const index = now?.modifyIndex ?? 0;
  return size === undefined ? { key, id, index } : { key, id, index, size };
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
