import type { KvKey, KvLayout, MirrorChanges, MirrorFolder, MirrorRef } from '../domain/source/kv-layout.js';
import { kvKey, MIRROR_FLAG } from '../domain/source/kv-layout.js';
import { parseMirrorChanges, parseMirrorRef } from '../domain/source/mirror-ref.js';
import type { ObjectId } from '../domain/source/revision.js';
import type { TreeEntry } from '../domain/source/tree.js';
import { blobId, treeId } from '../domain/source/tree-id.js';
import type { KvEntry, KvStore } from '../ports/kv-store.js';

/** One mirrored file, proven to be what Git has. */
export interface MirroredFile {
  path: string;
  id: ObjectId;
  bytes: Uint8Array;
}

/**
 * What stands in KV. Only `whole` may be acted on.
 * absent: nothing was mirrored yet · incomplete: a mirror pass is under way or was cut off · tampered: the values do not
 * add up to the Git tree that `.ref` names, and no mirror pass explains it.
 */
export type MirrorState =
  | { kind: 'absent' }
  | { kind: 'whole'; mirrorRef: MirrorRef; refIndex: number; files: MirroredFile[] }
  | { kind: 'incomplete'; to: string; refIndex: number }
  | { kind: 'tampered'; reason: string; keys: KvKey[]; mirrorRef?: MirrorRef; refIndex: number };

/** What a reader keeps between two reads: files that were proven once. */
export interface MirrorCache {
  mirrorRef: MirrorRef;
  files: ReadonlyMap<string, MirroredFile>;
}

/** Reads before a mismatch counts: a read can meet the mirror's last transaction half-way. */
const READS = 4;
/** Keys fetched one by one at most; beyond that one read of the whole prefix is quicker. */
const MOST_SINGLE_READS = 64;

/**
 * Reads the mirrored files and proves them: the Git tree id is recomputed from the bytes that were read, and must be
 * the one in `.ref`. With a cache only the keys named in `.changes` are fetched; when the proof fails then, the hint
 * was wrong and everything is read.
 */
export async function readMirror(
  kv: KvStore,
  layout: KvLayout,
  { signal, cache, full = false }: { signal: AbortSignal; cache?: MirrorCache; full?: boolean },
): Promise<MirrorState> {
  let state: MirrorState = { kind: 'absent' };
  let refIndex: number | undefined;
  for (let read = 0; read < READS; read++) {
    const [ref, changesEntry] = await Promise.all([
      kv.get(layout.ref, { signal }),
      kv.get(layout.changes, { signal }),
    ]);
    const changes = changesEntry === undefined ? undefined : parseMirrorChanges(changesEntry.value);
    if (ref === undefined)
      return changes?.state === 'writing'
        ? { kind: 'incomplete', to: changes.to, refIndex: 0 }
        : { kind: 'absent' };
    if (read > 0 && refIndex === ref.modifyIndex && changes?.state !== 'writing') return state;
    refIndex = ref.modifyIndex;
    const parsed = parseMirrorRef(ref.value);
    if ('reason' in parsed)
      return {
        kind: 'tampered',
        reason: `${layout.ref} can't be read: ${parsed.reason}`,
        keys: [layout.ref],
        refIndex,
      };
    const { mirrorRef } = parsed;
    if (mirrorRef.folders.some((f) => f.prefix !== layout.config))
      return {
        kind: 'tampered',
        reason: `${layout.ref} names keys outside ${layout.config}`,
        keys: [layout.ref],
        refIndex,
      };
    const quick = full || read > 0 ? undefined : await readChanged(kv, mirrorRef, changes, cache, signal);
    const files = quick ?? (await readAll(kv, mirrorRef, signal));
    if (files !== undefined && proves(mirrorRef, files))
      return { kind: 'whole', mirrorRef, refIndex, files: [...files.values()] };
    state =
      changes?.state === 'writing'
        ? { kind: 'incomplete', to: changes.to, refIndex }
        : tampered(layout, mirrorRef, files, cache, refIndex);
  }
  return state;
}

/** Undefined where the cache and the hint do not fit together. */
async function readChanged(
  kv: KvStore,
  mirrorRef: MirrorRef,
  changes: MirrorChanges | undefined,
  cache: MirrorCache | undefined,
  signal: AbortSignal,
): Promise<Map<string, MirroredFile> | undefined> {
  if (cache === undefined) return undefined;
  if (sameFolders(cache.mirrorRef, mirrorRef)) return new Map(cache.files);
  const fits =
    changes?.state === 'done' &&
    changes.from === cache.mirrorRef.revision &&
    changes.to === mirrorRef.revision;
  if (!fits || changes.keys === null || changes.keys.length > MOST_SINGLE_READS) return undefined;
  const files = new Map(cache.files);
  for (const key of changes.keys) {
    const folder = mirrorRef.folders.find((f) => key.startsWith(f.prefix));
    if (folder === undefined) return undefined;
    const entry = await kv.get(kvKey(key), { signal });
    const path = key.slice(folder.prefix.length);
    if (entry?.flags === MIRROR_FLAG) files.set(path, fileOf(entry, folder));
    else files.delete(path);
  }
  return proves(mirrorRef, files) ? files : undefined;
}

async function readAll(
  kv: KvStore,
  mirrorRef: MirrorRef,
  signal: AbortSignal,
): Promise<Map<string, MirroredFile> | undefined> {
  const folder = mirrorRef.folders[0];
  if (folder === undefined) return undefined;
  const { value } = await kv.list(folder.prefix, { signal });
  const held = value.filter((entry) => entry.flags === MIRROR_FLAG).map((entry) => fileOf(entry, folder));
  return new Map(held.map((file) => [file.path, file]));
}

function fileOf(entry: KvEntry, folder: MirrorFolder): MirroredFile {
  return {
    path: entry.key.slice(folder.prefix.length),
    id: blobId(entry.value, folder.format),
    bytes: entry.value,
  };
}

/** True where the files, with the exceptions that `.ref` lists, are exactly the tree that `.ref` names. */
function proves(mirrorRef: MirrorRef, files: ReadonlyMap<string, MirroredFile>): boolean {
  const folder = mirrorRef.folders[0];
  if (folder === undefined || mirrorRef.folders.length !== 1) return false;
  const entries = new Map<string, Pick<TreeEntry, 'path' | 'pathHex' | 'mode' | 'id'>>();
  for (const { path, id } of files.values()) entries.set(path, { path, id, mode: '100644' });
  for (const { path, pathHex, mode, id, held } of folder.exceptions) {
    const file = entries.get(path);
    if (held && file?.id !== id) return false;
    entries.set(pathHex ?? path, { path, mode, id, ...(pathHex === undefined ? {} : { pathHex }) });
  }
  return treeId([...entries.values()], folder.format) === folder.tree;
}

function sameFolders(a: MirrorRef, b: MirrorRef): boolean {
  return JSON.stringify(a.folders) === JSON.stringify(b.folders);
}

function tampered(
  layout: KvLayout,
  mirrorRef: MirrorRef,
  files: ReadonlyMap<string, MirroredFile> | undefined,
  cache: MirrorCache | undefined,
  refIndex: number,
): MirrorState {
  const tree = mirrorRef.folders[0]?.tree ?? 'none';
  const keys =
    cache === undefined || files === undefined || !sameFolders(cache.mirrorRef, mirrorRef)
      ? []
      : differing(layout, cache.files, files);
  const reason = `the values below ${layout.config} do not add up to the Git tree ${tree} of revision ${mirrorRef.revision}`;
  return { kind: 'tampered', reason, keys, mirrorRef, refIndex };
}

function differing(
  layout: KvLayout,
  before: ReadonlyMap<string, MirroredFile>,
  now: ReadonlyMap<string, MirroredFile>,
): KvKey[] {
  const paths = new Set([...before.keys(), ...now.keys()]);
  return [...paths]
    .filter((path) => before.get(path)?.id !== now.get(path)?.id)
    .sort()
    .map((path) => kvKey(layout.config + path));
}
