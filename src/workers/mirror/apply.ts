import { kvJson, MIRROR_FLAG } from '../../domain/source/kv-layout.js';
import type { KvKey, KvLayout, MirrorChanges } from '../../domain/source/kv-layout.js';
import type { ObjectId, Revision } from '../../domain/source/revision.js';
import type { JobRepository } from '../../ports/job-repository.js';
import type { KvOperation, KvStore, TransactionResult } from '../../ports/kv-store.js';
import type { HeldLock } from '../../ports/lock.js';
import { TowlineError } from '../../runtime/errors.js';
import { bodyBytes, Packer } from './batches.js';
import { InFlight } from './in-flight.js';
import type { MirrorPlan, MirrorWrite } from './plan.js';

export interface MirrorTargets {
  layout: KvLayout;
  repository: JobRepository;
  kv: KvStore;
  lock: HeldLock;
  /** Contents that were read already, or that are no blobs of the repository. */
  contents: ReadonlyMap<ObjectId, Uint8Array>;
  /** A key that repeats the revision as plain text. */
  revisionKey?: KvKey;
}

export interface MirrorApplied {
  revision: Revision;
  written: number;
  deleted: number;
  transactions: number;
  /** KV index of the last write. */
  index: number;
}

/** Values read from Git and held in memory at a time. */
const WINDOW_BYTES = 16 * 1024 * 1024;
/** Transactions under way at once; Consul's client has as many connections. */
const IN_FLIGHT = 8;

/**
 * Writes the plan. Every transaction carries the lock's guard: a mirror that lost its lock can't write. A small plan is a
 * single transaction. A large one is marked as under way first, then written by several transactions side by side, and the
 * last one alone writes `.ref` and clears the mark. Readers check the Git tree id, so what they see between the two is
 * known to be no whole state.
 */
export async function applyMirror(
  plan: MirrorPlan,
  from: Revision | null,
  targets: MirrorTargets,
  signal: AbortSignal,
): Promise<MirrorApplied> {
  const { layout, kv, lock } = targets;
  const mark = (state: MirrorChanges['state'], keys: string[] | null): KvOperation => ({
    verb: 'set',
    key: layout.changes,
    value: kvJson({ version: 1, state, from, to: plan.revision, keys } satisfies MirrorChanges),
  });
  // An interrupted pass may have changed anything between its `from` and `to`: say so to readers that hold a cache.
  const last: KvOperation[] = [
    { verb: 'cas', key: layout.ref, value: kvJson(plan.ref), index: plan.refIndex },
    mark('done', plan.unfinished ? null : plan.changedKeys),
    ...(targets.revisionKey === undefined
      ? []
      : [{ verb: 'set', key: targets.revisionKey, value: Buffer.from(plan.revision) } as const]),
  ];
  const reserved = {
    operations: last.length + 2,
    bytes:
      1024 +
      [...last, mark('writing', null), lock.guard()].reduce(
        (sum, operation) => sum + bodyBytes(operation),
        0,
      ),
  };
  if (reserved.bytes > kv.limits.transactionBytes / 2)
    throw new TowlineError(
      'mirror-exceptions',
      'invalid',
      `${plan.ref.folders.reduce((sum, { exceptions }) => sum + exceptions.length, 0)} files can't be held by KV as they are, too many to name them all in ${layout.ref}; nothing was written`,
      {
        help: 'Leave them out with exclude, or keep links, submodules and large files in a folder of their own.',
      },
    );
  let transactions = 0;
  const commit = async (operations: KvOperation[]): Promise<TransactionResult & { committed: true }> => {
    const result = await kv.transaction([lock.guard(), ...operations], { signal });
    if (!result.committed) throw conflict(result.errors);
    transactions += 1;
    return result;
  };

  const packer = new Packer(kv.limits, reserved);
  const inFlight = new InFlight(IN_FLIGHT);
  /** The first of several transactions marks the pass as under way, and has to be there before the others begin. */
  let marked: Promise<unknown> | undefined;
  const begin = (operations: KvOperation[]): Promise<void> => {
    marked = commit([mark('writing', null), ...operations]);
    return inFlight.add(async () => marked);
  };
  const after = (write: () => Promise<unknown>): Promise<void> =>
    inFlight.add(async () => {
      await marked;
      return write();
    });
  try {
    let deleting = false;
    for await (const operation of operationsOf(plan, targets, signal)) {
      // What is new must stand before what is old goes: a file that moved is never missing.
      if (!deleting && operation.verb === 'delete-cas') await inFlight.drained();
      deleting = operation.verb === 'delete-cas';
      if (
        operation.verb === 'cas' &&
        1024 + reserved.bytes + bodyBytes(operation) > kv.limits.transactionBytes
      ) {
        if (marked === undefined) await begin([]);
        await after(() => putAlone(operation, kv, signal));
        continue;
      }
      const full = packer.add(operation);
      if (full === undefined) continue;
      if (marked === undefined) await begin(full);
      else await after(() => commit(full));
    }
  } finally {
    // Nothing may be written after this has ended, however it ends: the lock may go to somebody else.
    await inFlight.settled();
  }
  await inFlight.drained();
  const { entries } = await commit([...packer.rest(), ...last]);
  const index = entries.reduce((most, { modifyIndex }) => Math.max(most, modifyIndex), 0);
  return {
    revision: plan.revision,
    written: plan.writes.length,
    deleted: plan.deletes.length,
    transactions,
    index,
  };
}

/** Sets before deletes; every operation only where the key still is as it was observed. */
async function* operationsOf(
  plan: MirrorPlan,
  { repository, contents }: MirrorTargets,
  signal: AbortSignal,
): AsyncIterable<KvOperation> {
  const put = ({ key, index }: MirrorWrite, value: Uint8Array): KvOperation => ({
    verb: 'cas',
    key,
    value,
    flags: MIRROR_FLAG,
    index,
  });
  for (const window of windows(plan.writes)) {
    const byId = new Map<ObjectId, MirrorWrite[]>();
    for (const write of window) {
      const known = contents.get(write.id);
      if (known !== undefined) {
        yield put(write, known);
        continue;
      }
      const same = byId.get(write.id);
      if (same === undefined) byId.set(write.id, [write]);
      else same.push(write);
    }
    for await (const { id, bytes } of repository.readBlobs([...byId.keys()], { signal }))
      for (const write of byId.get(id) ?? []) yield put(write, bytes);
  }
  for (const { key, index } of plan.deletes) yield { verb: 'delete-cas', key, index };
}

function* windows(writes: readonly MirrorWrite[]): Iterable<MirrorWrite[]> {
  let window: MirrorWrite[] = [];
  let bytes = 0;
  for (const write of writes) {
    if (window.length > 0 && (bytes + (write.size ?? 0) > WINDOW_BYTES || window.length >= 10_000)) {
      yield window;
      window = [];
      bytes = 0;
    }
    window.push(write);
    bytes += write.size ?? 0;
  }
  if (window.length > 0) yield window;
}

/** A value too large for a transaction: a single put, fenced by compare-and-set since it can't carry the guard. */
async function putAlone(
  operation: KvOperation & { verb: 'cas' },
  kv: KvStore,
  signal: AbortSignal,
): Promise<void> {
  const { key, value, flags, index } = operation;
  const done = await kv.put(key, value, { signal, cas: index, ...(flags === undefined ? {} : { flags }) });
  if (!done) throw conflict([{ operation: 0, message: `${key} was changed meanwhile` }]);
}

function conflict(errors: readonly { operation: number; message: string }[]): TowlineError {
  const denied = errors.find((e) => /permission denied/i.test(e.message));
  if (denied !== undefined) {
    return new TowlineError('mirror-denied', 'refused', `Consul refused a write: ${denied.message}`, {
      help: 'The token needs key:write on the prefix and session:write on the node.',
      details: errors,
    });
  }
  return new TowlineError(
    'mirror-conflict',
    'conflict',
    `the transaction was rolled back: ${errors[0]?.message ?? 'no reason given'}`,
    {
      help: 'A key was changed, or the lock was lost, while the pass ran. The next pass looks again.',
      details: errors,
    },
  );
}
