import { folderPrefix, kvKey, whyNotHeld } from '../../domain/source/kv-layout.js';
import type { KvKey, MirrorRef } from '../../domain/source/kv-layout.js';
import { parseMirrorChanges, parseMirrorRef } from '../../domain/source/mirror-ref.js';
import { isLfsPointer } from '../../domain/source/lfs.js';
import { formatOf, type ObjectId, type Revision } from '../../domain/source/revision.js';
import type { TreeChange } from '../../domain/source/tree.js';
import { blobId } from '../../domain/source/tree-id.js';
import type { MirrorSources } from './observe.js';
import type { ChangedFolder, LiveKey, MirrorChangesObserved } from './plan-changes.js';
import { isPlain } from './view.js';

/** Changed files at most; beyond that everything is compared, which is hardly slower then. */
const MOST_CHANGES = 500;
/** Bytes that are held in memory at most. */
const MOST_BYTES = 8 * 1024 * 1024;

/**
 * Only what Git changed since the revision in `.ref`, and the keys that it is about: the work grows with the change and
 * not with the repository. Undefined where that can't be known for sure: no whole `.ref` of the same folders, one whose
 * trees Git does not have, an unfinished pass, a large change. Then everything has to be looked at.
 */
export async function observeChanges(
  sources: MirrorSources,
  { revision, refIndex, signal }: { revision: Revision; refIndex: number | undefined; signal: AbortSignal },
): Promise<MirrorChangesObserved | undefined> {
  const { branch, layout, kv, claimed = [] } = sources;
  // What a file becomes can depend on other files, and what is left out on all of them.
  if (!isPlain(sources.view ?? {})) return undefined;
  const [ref, marker] = await Promise.all([
    kv.get(layout.ref, { signal }),
    kv.get(layout.changes, { signal }),
  ]);
  if (ref === undefined || (refIndex !== undefined && ref.modifyIndex !== refIndex)) return undefined;
  const parsed = parseMirrorRef(ref.value);
  const changes = marker === undefined ? undefined : parseMirrorChanges(marker.value);
  if ('reason' in parsed || changes?.state !== 'done' || changes.to !== parsed.mirrorRef.revision)
    return undefined;
  const before = parsed.mirrorRef;
  const folders = await changedFolders(before, revision, sources, signal);
  if (folders === undefined || folders.some(({ changes: all }) => all.some(isAttributes))) return undefined;
  const contents = await contentsOf(folders, sources, signal);
  if (contents === undefined) return undefined;
  // A new file has no key yet; where it has one all the same, the write is refused and everything is looked at.
  const keys = folders.flatMap(({ prefix, changes: all }) =>
    all.flatMap((change) => (change.kind === 'added' ? [] : (keyOf(prefix, change) ?? []))),
  );
  const live = await readKeys(keys, sources, revision, signal);
  const { valueBytes } = kv.limits;
  return {
    branch,
    revision,
    before,
    refIndex: ref.modifyIndex,
    folders,
    live,
    contents,
    valueBytes,
    claimed,
  };
}

async function changedFolders(
  before: MirrorRef,
  revision: Revision,
  { branch, layers, layout, repository }: MirrorSources,
  signal: AbortSignal,
): Promise<ChangedFolder[] | undefined> {
  if (before.branch !== branch || before.folders.length !== layers.length) return undefined;
  const folders: ChangedFolder[] = [];
  let count = 0;
  for (const [at, folder] of layers.entries()) {
    const known = before.folders[at];
    const prefix = folderPrefix(layout, layers, folder);
    if (known?.folder !== folder || known.prefix !== prefix) return undefined;
    const [old, now] = await Promise.all([
      repository.treeId(before.revision, folder, { signal }),
      repository.treeId(revision, folder, { signal }),
    ]);
    // A folder that is gone, or a `.ref` that Git does not confirm, is looked at as a whole.
    if (old !== known.tree || now === undefined) return undefined;
    const changes = old === now ? [] : await repository.diff(before.revision, revision, folder, { signal });
    count += changes.length;
    if (count > MOST_CHANGES) return undefined;
    folders.push({ folder, prefix, tree: now, changes });
  }
  return folders;
}

function isAttributes(change: TreeChange): boolean {
  const { path } = change.kind === 'deleted' ? change : change.entry;
  return path === '.gitattributes' || path.endsWith('/.gitattributes');
}

async function contentsOf(
  folders: readonly ChangedFolder[],
  { repository }: MirrorSources,
  signal: AbortSignal,
): Promise<Map<ObjectId, Uint8Array> | undefined> {
  const ids = new Set(
    folders.flatMap(({ changes }) =>
      changes.flatMap((change) =>
        change.kind === 'deleted' || whyNotHeld(change.entry) !== undefined ? [] : [change.entry.id],
      ),
    ),
  );
  const contents = new Map<ObjectId, Uint8Array>();
  let bytes = 0;
  for await (const blob of repository.readBlobs([...ids], { signal })) {
    bytes += blob.bytes.byteLength;
    // Whether that is what it looks like is for a look at the whole tree to say.
    if (bytes > MOST_BYTES || isLfsPointer(blob.bytes)) return undefined;
    contents.set(blob.id, blob.bytes);
  }
  return contents;
}

/** Undefined for names that KV can't hold and so does not hold. */
function keyOf(prefix: string, change: TreeChange): KvKey | undefined {
  const { path, pathHex } = change.kind === 'deleted' ? change : change.entry;
  const reason = whyNotHeld({ path, mode: '100644', ...(pathHex === undefined ? {} : { pathHex }) });
  return reason === undefined ? kvKey(prefix + path) : undefined;
}

async function readKeys(
  keys: readonly KvKey[],
  { kv }: MirrorSources,
  revision: Revision,
  signal: AbortSignal,
): Promise<Map<KvKey, LiveKey>> {
  const entries = await kv.getMany(keys, { signal });
  return new Map(
    [...entries].map(([key, { value, flags, modifyIndex }]) => {
      const blob = blobId(value, formatOf(revision));
      return [key, { key, blob, flags, modifyIndex }];
    }),
  );
}
