import { MIRROR_FLAG, type KvKey, type KvLayout } from '../../domain/source/kv-layout.js';
import type { KvOperation, KvStore } from '../../ports/kv-store.js';
import type { HeldLock } from '../../ports/lock.js';
import { TowlineError } from '../../runtime/errors.js';
import { whyClaimed } from './plan.js';

export interface RemoveOptions {
  layout: KvLayout;
  kv: KvStore;
  lock: HeldLock;
  revisionKey?: KvKey;
  claimed: readonly string[];
  /** Keys that may go at once. */
  maxCount: number;
  signal: AbortSignal;
}

/**
 * Takes away everything that a mirror wrote, for a branch or tag that is gone. `.ref` goes first: what is left of a removal
 * that was cut off is no whole state, and the next one finds it.
 */
export async function removeMirrored(options: RemoveOptions): Promise<number> {
  const { layout, kv, lock, revisionKey, claimed, maxCount, signal } = options;
  const listed = await kv.list(layout.config, { signal });
  const own = listed.value.filter(
    ({ key, flags }) => flags === MIRROR_FLAG && whyClaimed(key, claimed) === undefined,
  );
  if (own.length > maxCount)
    throw new TowlineError(
      'mirror-deletes',
      'refused',
      `the branch is gone, and with it ${own.length} keys would go; nothing was deleted`,
      {
        help: 'If that is meant: towline mirror --once --allow-deletes. The limits are deletes in towline.yaml.',
      },
    );
  const operations: KvOperation[] = [
    ...[layout.ref, layout.changes, ...(revisionKey === undefined ? [] : [revisionKey])].map(
      (key): KvOperation => ({ verb: 'delete', key }),
    ),
    ...own.map(({ key, modifyIndex }): KvOperation => ({ verb: 'delete-cas', key, index: modifyIndex })),
  ];
  const size = kv.limits.operations - 1;
  for (let at = 0; at < operations.length; at += size) {
    const some = operations.slice(at, at + size);
    const result = await kv.transaction([lock.guard(), ...some], { signal });
    if (!result.committed)
      throw new TowlineError('mirror-conflict', 'conflict', 'a key was changed while the keys were deleted', {
        help: 'The next pass looks again.',
        details: result.errors,
      });
  }
  return own.length;
}
