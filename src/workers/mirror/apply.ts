import { kvJson, MIRROR_FLAG } from '../../domain/source/kv-layout.js';
import type { KvLayout, MirrorChanges } from '../../domain/source/kv-layout.js';
import type { Revision } from '../../domain/source/revision.js';
import type { JobRepository } from '../../ports/job-repository.js';
import type { KvOperation, KvStore } from '../../ports/kv-store.js';
import type { HeldLock } from '../../ports/lock.js';
import { TowlineError } from '../../runtime/errors.js';
import { batches, bodyBytes } from './batches.js';
import type { MirrorObserved, MirrorPlan, MirrorWrite } from './plan.js';

export interface MirrorTargets {
  layout: KvLayout;
  repository: JobRepository;
  kv: KvStore;
  lock: HeldLock;
}

export interface MirrorApplied {
  revision: Revision;
  written: number;
  deleted: number;
  transactions: number;
}

/** Values read from Git and held in memory at a time. */
const WINDOW_BYTES = 16 * 1024 * 1024;

/**
 * Writes the plan. Every transaction carries the lock's guard: a mirror that lost its lock can't write. The first one
 * marks the pass as under way, the last one writes `.ref` and clears the mark; a small plan is a single transaction.
 * Readers check the Git tree id, so what they see between the two is known to be no whole state.
 */
export async function applyMirror(
  plan: MirrorPlan,
  observed: MirrorObserved,
  { layout, repository, kv, lock }: MirrorTargets,
  signal: AbortSignal,
): Promise<MirrorApplied> {
  const from = observed.mirrorRef?.revision ?? null;
  const mark = (state: MirrorChanges['state'], keys: string[] | null): KvOperation => ({
    verb: 'set',
    key: layout.changes,
    value: kvJson({ version: 1, state, from, to: plan.revision, keys } satisfies MirrorChanges),
  });
  const last: KvOperation[] = [
    { verb: 'cas', key: layout.ref, value: kvJson(plan.ref), index: plan.refIndex },
    mark('done', plan.changedKeys),
  ];
  const reserved = {
    operations: last.length + 1,
    bytes: 1024 + [...last, lock.guard()].reduce((sum, operation) => sum + bodyBytes(operation), 0),
  };
  let transactions = 0;
  const commit = async (operations: KvOperation[]): Promise<void> => {
    const result = await kv.transaction([lock.guard(), ...operations], { signal });
    if (!result.committed) throw conflict(result.errors);
    transactions += 1;
  };
  // An interrupted pass may have changed anything between its `from` and `to`: say so to readers that hold a cache.
  const hint = plan.unfinished ? null : plan.changedKeys;
  last[1] = mark('done', hint);

  let pending: KvOperation[] = [];
  let marked = false;
  const begin = async (): Promise<void> => {
    if (!marked) await commit([mark('writing', null)]);
    marked = true;
  };
  for await (const operation of operationsOf(plan, repository, signal)) {
    if (
      operation.verb === 'cas' &&
      1024 + reserved.bytes + bodyBytes(operation) > kv.limits.transactionBytes
    ) {
      await begin();
      await putAlone(operation, kv, signal);
      continue;
    }
    pending.push(operation);
    const packed = batches(pending, kv.limits, reserved);
    if (packed.length > 1) {
      await begin();
      for (const batch of packed.slice(0, -1)) await commit(batch);
      pending = packed.at(-1) ?? [];
    }
  }
  await commit([...pending, ...last]);
  return { revision: plan.revision, written: plan.writes.length, deleted: plan.deletes.length, transactions };
}

/** Sets before deletes; every operation only where the key still is as it was observed. */
async function* operationsOf(
  plan: MirrorPlan,
  repository: JobRepository,
  signal: AbortSignal,
): AsyncIterable<KvOperation> {
  for (const window of windows(plan.writes)) {
    const byId = new Map<string, MirrorWrite[]>();
    for (const write of window) byId.set(write.id, [...(byId.get(write.id) ?? []), write]);
    const ids = window.map((write) => write.id).filter((id, at, all) => all.indexOf(id) === at);
    for await (const { id, bytes } of repository.readBlobs(ids, { signal })) {
      for (const { key, index } of byId.get(id) ?? [])
        yield { verb: 'cas', key, value: bytes, flags: MIRROR_FLAG, index };
    }
  }
  for (const { key, index } of plan.deletes) yield { verb: 'delete-cas', key, index };
}

function* windows(writes: readonly MirrorWrite[]): Iterable<MirrorWrite[]> {
  let window: MirrorWrite[] = [];
  let bytes = 0;
  for (const write of writes) {
    if (window.length > 0 && (bytes + (write.size ?? 0) > WINDOW_BYTES || window.length >= 1000)) {
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
