import { parseMirrorChanges, parseMirrorRef } from '../../domain/source/mirror-ref.js';
import { expandTree, isExpandable, type ExpandOptions } from '../../domain/source/expand/index.js';
import { folderPrefix, type KvKey, type KvLayout } from '../../domain/source/kv-layout.js';
import { formatOf, type ObjectId, type Revision } from '../../domain/source/revision.js';
import type { Tree } from '../../domain/source/tree.js';
import { blobId } from '../../domain/source/tree-id.js';
import type { JobRepository } from '../../ports/job-repository.js';
import type { KvStore } from '../../ports/kv-store.js';
import { TowlineError } from '../../runtime/errors.js';
import type { Log } from '../../runtime/log.js';
import type { LiveKey, MirrorObserved } from './plan.js';

export interface MirrorSources {
  branch: string;
  /** Folders of the job repository, in order. */
  layers: readonly string[];
  layout: KvLayout;
  repository: JobRepository;
  kv: KvStore;
  /** Files that hold a document become keys of its leaves. */
  expand?: ExpandOptions;
  /** A key that holds the revision as plain text, for programs that look for it there. */
  revisionKey?: KvKey;
}

/** The commit that is to be mirrored, after a look at the remote. */
export async function branchTip(
  { branch, repository }: MirrorSources,
  signal: AbortSignal,
): Promise<Revision> {
  await repository.fetch({ signal });
  const revision = await repository.resolve(branch, { signal });
  if (revision === undefined) {
    throw new TowlineError(
      'mirror-branch-missing',
      'invalid',
      `${repository.location} has no branch "${branch}"`,
      {
        help: "Push the branch, or set the environment's branch in towline.yaml. KV stays as it is.",
      },
    );
  }
  return revision;
}

/** Reads the tree in Git and the live prefix in KV. A source that can't be read is an error, never an empty one. */
export async function observeMirror(
  { branch, layers, layout, repository, kv, expand, revisionKey }: MirrorSources,
  { revision, signal, log }: { revision: Revision; signal: AbortSignal; log: Log },
): Promise<MirrorObserved> {
  const contents = new Map<ObjectId, Uint8Array>();
  const folders: MirrorObserved['folders'] = [];
  for (const folder of layers) {
    const read = await withSizes(await repository.readTree(revision, folder, { signal }), repository, signal);
    const tree =
      expand === undefined ? read : await expanded(read, expand, { repository, contents, signal, log });
    folders.push({ folder, prefix: folderPrefix(layout, layers, folder), tree });
  }
  const [ref, changes, listed, told] = await Promise.all([
    kv.get(layout.ref, { signal }),
    kv.get(layout.changes, { signal }),
    kv.list(layout.config, { signal }),
    revisionKey === undefined ? undefined : kv.get(revisionKey, { signal }),
  ]);
  const live: LiveKey[] = listed.value.map(({ key, value, flags, modifyIndex }) => ({
    key,
    blob: blobId(value, formatOf(revision)),
    flags,
    modifyIndex,
  }));
  const parsed = ref === undefined ? undefined : parseMirrorRef(ref.value);
  if (parsed !== undefined && 'reason' in parsed)
    log.warn(
      { key: layout.ref, reason: parsed.reason },
      'the mirror ref was damaged and will be written again',
    );
  const mirrorRef = parsed !== undefined && 'mirrorRef' in parsed ? parsed.mirrorRef : undefined;
  if (folders.every(({ tree }) => tree.entries.length === 0) && live.length > 0) {
    throw new TowlineError(
      'mirror-source-empty',
      'refused',
      `${layers.map((folder) => `"${folder}"`).join(' and ')} of ${branch} hold no file, KV holds ${live.length}`,
      {
        help: 'An empty source never empties KV. Commit a file, or remove the environment by hand.',
      },
    );
  }
  return {
    branch,
    revision,
    folders,
    live,
    mirrorRef,
    refIndex: ref?.modifyIndex ?? 0,
    changes: changes === undefined ? undefined : parseMirrorChanges(changes.value),
    contents,
    revisionKeyStale: revisionKey !== undefined && new TextDecoder().decode(told?.value) !== revision,
    valueBytes: kv.limits.valueBytes,
  };
}

/** The tree as its leaves. What can't be read as a document stands there as it is, and is named. */
async function expanded(
  tree: Tree,
  options: ExpandOptions,
  {
    repository,
    contents,
    signal,
    log,
  }: { repository: JobRepository; contents: Map<ObjectId, Uint8Array>; signal: AbortSignal; log: Log },
): Promise<Tree> {
  const files = new Map<ObjectId, Uint8Array>();
  const ids = [...new Set(tree.entries.filter(isExpandable).map(({ id }) => id))];
  for await (const { id, bytes } of repository.readBlobs(ids, { signal })) files.set(id, bytes);
  const result = expandTree(tree, files, options);
  for (const [id, bytes] of result.contents) contents.set(id, bytes);
  for (const collision of result.collisions)
    log.warn(collision, 'two files want the same key; the first has it');
  if (result.flat.length > 0)
    log.warn(
      { files: result.flat.slice(0, 20), count: result.flat.length },
      'not a document; mirrored as it is',
    );
  return result.tree;
}

/** Fills in the sizes that an adapter does not know: a value that is too large must be known before the plan. */
async function withSizes(tree: Tree, repository: JobRepository, signal: AbortSignal): Promise<Tree> {
  const unknown = tree.entries.filter((e) => e.size === undefined && e.mode.startsWith('100'));
  if (unknown.length === 0) return tree;
  const sizes = new Map<ObjectId, number>();
  const ids = [...new Set(unknown.map((e) => e.id))];
  for await (const { id, bytes } of repository.readBlobs(ids, { signal })) sizes.set(id, bytes.byteLength);
  const entries = tree.entries.map((e) => {
    const size = e.size ?? sizes.get(e.id);
    return size === undefined ? e : { ...e, size };
  });
  return { ...tree, entries };
}
