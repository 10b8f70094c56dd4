import {
  folderPrefix,
  kvKey,
  type KvKey,
  type KvLayout,
  type MirrorRef,
} from '../../domain/source/kv-layout.js';
import { parseMirrorChanges, parseMirrorRef } from '../../domain/source/mirror-ref.js';
import { formatOf, type ObjectId, type Revision } from '../../domain/source/revision.js';
import { blobId } from '../../domain/source/tree-id.js';
import type { JobRepository } from '../../ports/job-repository.js';
import type { KvEntry, KvStore } from '../../ports/kv-store.js';
import { TowlineError } from '../../runtime/errors.js';
import type { Log } from '../../runtime/log.js';
import { whyClaimed, type LiveKey, type MirrorObserved, type MirrorPolicy } from './plan.js';
import { isPlain, viewOf, type View } from './view.js';

export interface MirrorSources {
  branch: string;
  /** Folders of the job repository, in order. */
  layers: readonly string[];
  layout: KvLayout;
  repository: JobRepository;
  /** True: somebody else keeps the repository up to date. */
  fetched?: boolean;
  kv: KvStore;
  /** How the folders are seen before they become keys. */
  view?: View;
  /** A key that holds the revision as plain text, for programs that look for it there. */
  revisionKey?: KvKey;
  /** What is done about what was not expected. Default: keep what is foreign, repair the rest. */
  policy?: MirrorPolicy;
  /** Keys that are not this mirror's to write, and prefixes (with `/` at the end) of others below its own. */
  claimed?: readonly string[];
}

const CAREFUL: MirrorPolicy = { foreign: 'keep', drift: 'repair' };

/** The commit that is to be mirrored, after a look at the remote; undefined where the branch or tag is not there. */
export async function branchTip(
  { branch, repository, fetched = false }: MirrorSources,
  signal: AbortSignal,
): Promise<Revision | undefined> {
  if (!fetched) await repository.fetch({ signal, name: branch });
  return repository.resolve(branch, { signal });
}

export function branchMissing({ branch, repository }: MirrorSources): TowlineError {
  return new TowlineError(
    'mirror-branch-missing',
    'invalid',
    `${repository.location} has no branch "${branch}"`,
    { help: "Push the branch, or set the environment's branch in towline.yaml. KV stays as it is." },
  );
}

/** Reads the tree in Git and the live prefix in KV. A source that can't be read is an error, never an empty one. */
export async function observeMirror(
  sources: MirrorSources,
  { revision, signal, log }: { revision: Revision; signal: AbortSignal; log: Log },
): Promise<MirrorObserved> {
  const { branch, layers, layout, repository, kv, revisionKey, policy = CAREFUL, claimed = [] } = sources;
  const contents = new Map<ObjectId, Uint8Array>();
  const reads = Promise.all([
    kv.get(layout.ref, { signal }),
    kv.get(layout.changes, { signal }),
    kv.list(layout.config, { signal }),
    revisionKey === undefined ? undefined : kv.get(revisionKey, { signal }),
  ]);
  // It is awaited below; until then a failure must not count as unhandled.
  reads.catch(() => undefined);
  const folders: MirrorObserved['folders'] = [];
  for (const folder of layers) {
    const read = await repository.readTree(revision, folder, { signal });
    const tree = await viewOf(read, sources.view ?? {}, {
      repository,
      revision,
      folder,
      contents,
      signal,
      log,
    });
    folders.push({ folder, prefix: folderPrefix(layout, layers, folder), tree });
  }
  const [ref, changes, listed, told] = await reads;
  const mine = listed.value.filter(({ key }) => whyClaimed(key, claimed) === undefined);
  const live = mine.map(({ key, value, flags, modifyIndex }): LiveKey => ({
    key,
    blob: blobId(value, formatOf(revision)),
    flags,
    modifyIndex,
  }));
  const mirrorRef = refOf(ref, layout, log);
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
    index: listed.index,
    mirrorRef,
    refIndex: ref?.modifyIndex ?? 0,
    changes: changes === undefined ? undefined : parseMirrorChanges(changes.value),
    contents,
    revisionKeyStale: revisionKey !== undefined && new TextDecoder().decode(told?.value) !== revision,
    valueBytes: kv.limits.valueBytes,
    policy,
    touched:
      policy.drift === 'report'
        ? await touchedKeys(sources, { before: mirrorRef, revision, signal })
        : undefined,
    claimed,
  };
}

function refOf(ref: KvEntry | undefined, layout: KvLayout, log: Log): MirrorRef | undefined {
  const parsed = ref === undefined ? undefined : parseMirrorRef(ref.value);
  if (parsed === undefined) return undefined;
  if ('mirrorRef' in parsed) return parsed.mirrorRef;
  log.warn(
    { key: layout.ref, reason: parsed.reason },
    'the mirror ref was damaged and will be written again',
  );
  return undefined;
}

/** Keys that differ between the mirrored revision and this one; undefined where Git can't tell. */
async function touchedKeys(
  { layers, layout, repository, view = {} }: MirrorSources,
  { before, revision, signal }: { before: MirrorRef | undefined; revision: Revision; signal: AbortSignal },
): Promise<Set<KvKey> | undefined> {
  if (before === undefined) return undefined;
  if (before.revision === revision) return new Set();
  if (!isPlain(view) || (await repository.treeId(before.revision, '', { signal })) === undefined)
    return undefined;
  const keys = new Set<KvKey>();
  for (const folder of layers) {
    const prefix = folderPrefix(layout, layers, folder);
    for (const change of await repository.diff(before.revision, revision, folder, { signal }))
      keys.add(kvKey(prefix + (change.kind === 'deleted' ? change.path : change.entry.path)));
  }
  return keys;
}

/**
 * Refuses a branch whose tip does not follow from what is mirrored (a forced push), and a tag that points elsewhere now.
 * Nothing to refuse where nothing was mirrored yet.
 */
export async function refuseRewritten(
  { branch, layout, repository, kv }: MirrorSources,
  { revision, signal }: { revision: Revision; signal: AbortSignal },
): Promise<void> {
  const ref = await kv.get(layout.ref, { signal });
  const parsed = ref === undefined ? undefined : parseMirrorRef(ref.value);
  const before = parsed !== undefined && 'mirrorRef' in parsed ? parsed.mirrorRef.revision : undefined;
  if (before === undefined || before === revision) return;
  const refs = await repository.refs({ signal });
  const isBranch = refs.some(({ kind, name }) => kind === 'branch' && name === branch);
  const known = (await repository.treeId(before, '', { signal })) !== undefined;
  if (isBranch && known && (await repository.isAncestor(before, revision, { signal }))) return;
  throw new TowlineError(
    'mirror-rewritten',
    'refused',
    `"${branch}" was ${isBranch ? 'rewritten' : 'moved'}: ${revision} does not follow from ${before}; nothing was written`,
    { help: 'If that is meant: towline mirror --once --allow-rewrite. Or set rewritten: follow.' },
  );
}
