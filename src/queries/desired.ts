import type { KvKey, KvLayout, MirrorChanges, MirrorFolder, MirrorRef } from '../domain/source/kv-layout.js';
import { claimOf, folderPrefix, kvKey, MIRROR_FLAG } from '../domain/source/kv-layout.js';
import { parseMirrorChanges, parseMirrorRef } from '../domain/source/mirror-ref.js';
import type { ObjectId } from '../domain/source/revision.js';
import type { TreeEntry } from '../domain/source/tree.js';
import { blobId, treeId } from '../domain/source/tree-id.js';
import type { KvEntry, KvStore } from '../ports/kv-store.js';

/** One mirrored file, proven to be what Git has. */
export interface MirroredFile {
  /** Folder of the job repository that it is from. */
  folder: string;
  /** Path in the folder. */
  path: string;
  id: ObjectId;
  bytes: Uint8Array;
}

/**
 * What stands in KV. Only `whole` may be acted on.
 * absent: nothing was mirrored yet · incomplete: a mirror pass is under way or was cut off · tampered: the values do not
 * add up to the Git trees that `.ref` names, and no mirror pass explains it · other-layers: the mirror was told of other
 * folders than the reader.
 */
export type MirrorState =
  | { kind: 'absent' }
  | { kind: 'whole'; mirrorRef: MirrorRef; refIndex: number; files: MirroredFile[] }
  | { kind: 'incomplete'; to: string; refIndex: number }
  | { kind: 'other-layers'; held: string[]; refIndex: number }
  | { kind: 'tampered'; reason: string; keys: KvKey[]; mirrorRef?: MirrorRef; refIndex: number };

/** What a reader keeps between two reads: files that were proven once. */
export interface MirrorCache {
  mirrorRef: MirrorRef;
  files: readonly MirroredFile[];
}

/** Files by their keys in KV. */
type Held = Map<string, MirroredFile>;

export interface ReadMirrorOptions {
  signal: AbortSignal;
  cache?: MirrorCache;
  /** The folders that the environment is made of, in order; undefined: whatever `.ref` names. */
  layers?: readonly string[];
  /** Keys and prefixes below the layout's own that others write. */
  claimed?: readonly string[];
  /** True: read everything, whatever the cache says. */
  full?: boolean;
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
  { signal, cache, layers, claimed = [], full = false }: ReadMirrorOptions,
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
    const wrong = folderProblem(mirrorRef, layout);
    if (wrong !== undefined)
      return {
        kind: 'tampered',
        reason: `${layout.ref} ${wrong}`,
        keys: [layout.ref],
        refIndex,
      };
    if (layers !== undefined && !sameLayers(mirrorRef, layers))
      return { kind: 'other-layers', held: mirrorRef.folders.map(({ folder }) => folder), refIndex };
    const quick = full || read > 0 ? undefined : await readChanged(kv, mirrorRef, changes, cache, signal);
    const files = quick ?? (await readAll(kv, layout, mirrorRef, { claimed, signal }));
    if (proves(mirrorRef, files)) return { kind: 'whole', mirrorRef, refIndex, files: [...files.values()] };
    state =
      changes?.state === 'writing'
        ? { kind: 'incomplete', to: changes.to, refIndex }
        : tampered(layout, mirrorRef, files, cache, refIndex);
  }
  return state;
}

/** What a `.ref` must not say: folders outside the prefix, or one inside another, would make one key two files. */
function folderProblem({ folders }: MirrorRef, layout: KvLayout): string | undefined {
  const names = folders.map(({ folder }) => folder);
  if (folders.some(({ folder, prefix }) => prefix !== folderPrefix(layout, names, folder)))
    return `names keys outside ${layout.config}`;
  const prefixes = folders.map(({ prefix }) => prefix);
  return prefixes.some((prefix, at) => prefixes.some((other, n) => n !== at && other.startsWith(prefix)))
    ? 'names folders that overlap'
    : undefined;
}

function sameLayers({ folders }: MirrorRef, layers: readonly string[]): boolean {
  return folders.length === layers.length && folders.every(({ folder }, at) => folder === layers[at]);
}

/** Undefined where the cache and the hint do not fit together. */
async function readChanged(
  kv: KvStore,
  mirrorRef: MirrorRef,
  changes: MirrorChanges | undefined,
  cache: MirrorCache | undefined,
  signal: AbortSignal,
): Promise<Held | undefined> {
  if (cache === undefined) return undefined;
  const files = byKey(cache);
  if (sameFolders(cache.mirrorRef, mirrorRef)) return files;
  const fits =
    changes?.state === 'done' &&
    changes.from === cache.mirrorRef.revision &&
    changes.to === mirrorRef.revision;
  if (!fits || changes.keys === null || changes.keys.length > MOST_SINGLE_READS) return undefined;
  for (const key of changes.keys) {
    const entry = await kv.get(kvKey(key), { signal });
    if (entry?.flags === MIRROR_FLAG) files.set(key, fileOf(entry, mirrorRef));
    else files.delete(key);
  }
  return proves(mirrorRef, files) ? files : undefined;
}

function byKey({ mirrorRef, files }: MirrorCache): Held {
  const prefixes = new Map(mirrorRef.folders.map(({ folder, prefix }) => [folder, prefix]));
  return new Map(files.map((file) => [`${prefixes.get(file.folder) ?? ''}${file.path}`, file]));
}

async function readAll(
  kv: KvStore,
  layout: KvLayout,
  mirrorRef: MirrorRef,
  { claimed, signal }: { claimed: readonly string[]; signal: AbortSignal },
): Promise<Held> {
  const { value } = await kv.list(layout.config, { signal });
  const held = value.filter(({ key, flags }) => flags === MIRROR_FLAG && claimOf(key, claimed) === undefined);
  return new Map(held.map((entry) => [entry.key, fileOf(entry, mirrorRef)]));
}

/** A marked key outside all folders gets a folder that there is not, so that nothing is proven by it. */
function fileOf(entry: KvEntry, { folders }: MirrorRef): MirroredFile {
  const folder = folders.find(({ prefix }) => entry.key.startsWith(prefix));
  return {
    folder: folder?.folder ?? '//',
    path: entry.key.slice(folder?.prefix.length ?? 0),
    id: blobId(entry.value, folder?.format ?? 'sha1'),
    bytes: entry.value,
  };
}

/** True where the files, with the exceptions that `.ref` lists, are exactly the trees that `.ref` names. */
function proves({ folders }: MirrorRef, files: Held): boolean {
  const byFolder = new Map<string, MirroredFile[]>(folders.map(({ folder }) => [folder, []]));
  for (const file of files.values()) {
    const own = byFolder.get(file.folder);
    if (own === undefined) return false;
    own.push(file);
  }
  return folders.every((folder) => provesFolder(folder, byFolder.get(folder.folder) ?? []));
}

function provesFolder(folder: MirrorFolder, files: readonly MirroredFile[]): boolean {
  const entries = new Map<string, Pick<TreeEntry, 'path' | 'pathHex' | 'mode' | 'id'>>();
  for (const { path, id } of files) entries.set(path, { path, id, mode: '100644' });
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
  files: Held,
  cache: MirrorCache | undefined,
  refIndex: number,
): MirrorState {
  const trees = mirrorRef.folders.map(({ tree }) => tree).join(', ');
  const keys =
    cache === undefined || !sameFolders(cache.mirrorRef, mirrorRef) ? [] : differing(byKey(cache), files);
  const reason = `the values below ${layout.config} do not add up to the Git tree ${trees} of revision ${mirrorRef.revision}`;
  return { kind: 'tampered', reason, keys, mirrorRef, refIndex };
}

function differing(before: Held, now: Held): KvKey[] {
  const keys = new Set([...before.keys(), ...now.keys()]);
  return [...keys]
    .filter((key) => before.get(key)?.id !== now.get(key)?.id)
    .sort()
    .map(kvKey);
}
