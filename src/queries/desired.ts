import type { KvKey, KvLayout, MirrorChanges, MirrorRef } from '../domain/source/kv-layout.js';
import { claimOf, folderPrefix, kvKey, MIRROR_FLAG } from '../domain/source/kv-layout.js';
import { parseMirrorChanges, parseMirrorRef } from '../domain/source/mirror-ref.js';
import { blobId } from '../domain/source/tree-id.js';
import type { KvEntry, KvStore } from '../ports/kv-store.js';
import { HeldFiles, type MirroredFile } from './held-files.js';

export type { MirroredFile };

/**
 * What stands in KV. Only `whole` may be acted on.
 * absent: nothing was mirrored yet · incomplete: a mirror pass is under way or was cut off · tampered: the values do not
 * add up to the Git trees that `.ref` names, and no mirror pass explains it · other-layers: the mirror was told of other
 * folders than the reader.
 */
export type MirrorState =
  | { kind: 'absent' }
  | { kind: 'whole'; mirrorRef: MirrorRef; refIndex: number; files: MirroredFile[]; held: HeldFiles }
  | { kind: 'incomplete'; to: string; refIndex: number }
  | { kind: 'other-layers'; held: string[]; refIndex: number }
  | { kind: 'tampered'; reason: string; keys: KvKey[]; mirrorRef?: MirrorRef; refIndex: number };

/** What a reader keeps between two reads: files that were proven once. */
export interface MirrorCache {
  mirrorRef: MirrorRef;
  held: HeldFiles;
}

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
    const held = quick ?? (await readAll(kv, layout, mirrorRef, { claimed, signal }));
    if (held.proves(mirrorRef))
      return { kind: 'whole', mirrorRef, refIndex, files: [...held.files.values()], held };
    state =
      changes?.state === 'writing'
        ? { kind: 'incomplete', to: changes.to, refIndex }
        : tampered(layout, mirrorRef, held, cache, refIndex);
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

/** Undefined where the cache and the hint do not fit together; the cache is of no use then. */
async function readChanged(
  kv: KvStore,
  mirrorRef: MirrorRef,
  changes: MirrorChanges | undefined,
  cache: MirrorCache | undefined,
  signal: AbortSignal,
): Promise<HeldFiles | undefined> {
  if (cache === undefined) return undefined;
  const { held } = cache;
  if (sameFolders(cache.mirrorRef, mirrorRef)) return held;
  const fits =
    changes?.state === 'done' &&
    changes.from === cache.mirrorRef.revision &&
    changes.to === mirrorRef.revision;
  if (!fits || changes.keys === null || changes.keys.length > MOST_SINGLE_READS) return undefined;
  const entries = await Promise.all(
    changes.keys.map(async (key) => [key, await kv.get(kvKey(key), { signal })] as const),
  );
  for (const [key, entry] of entries) {
    if (entry?.flags === MIRROR_FLAG) held.set(key, fileOf(entry, mirrorRef));
    else held.delete(key);
  }
  return held.proves(mirrorRef) ? held : undefined;
}

async function readAll(
  kv: KvStore,
  layout: KvLayout,
  mirrorRef: MirrorRef,
  { claimed, signal }: { claimed: readonly string[]; signal: AbortSignal },
): Promise<HeldFiles> {
  const { value } = await kv.list(layout.config, { signal });
  const held = new HeldFiles();
  for (const entry of value)
    if (entry.flags === MIRROR_FLAG && claimOf(entry.key, claimed) === undefined)
      held.set(entry.key, fileOf(entry, mirrorRef));
  return held;
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

function sameFolders(a: MirrorRef, b: MirrorRef): boolean {
  return JSON.stringify(a.folders) === JSON.stringify(b.folders);
}

function tampered(
  layout: KvLayout,
  mirrorRef: MirrorRef,
  { files }: HeldFiles,
  cache: MirrorCache | undefined,
  refIndex: number,
): MirrorState {
  const trees = mirrorRef.folders.map(({ tree }) => tree).join(', ');
  const keys =
    cache === undefined || !sameFolders(cache.mirrorRef, mirrorRef) ? [] : differing(cache.held.files, files);
  const reason = `the values below ${layout.config} do not add up to the Git tree ${trees} of revision ${mirrorRef.revision}`;
  return { kind: 'tampered', reason, keys, mirrorRef, refIndex };
}

function differing(before: HeldFiles['files'], now: HeldFiles['files']): KvKey[] {
  const keys = new Set([...before.keys(), ...now.keys()]);
  return [...keys]
    .filter((key) => before.get(key)?.id !== now.get(key)?.id)
    .sort()
    .map(kvKey);
}
