import type { KvKey } from '../domain/source/kv-layout.js';
import type { KvOperation, Waiting } from './kv-store.js';

/** A lock that is held now. */
export interface HeldLock {
  readonly key: KvKey;
  readonly session: string;
  /** Fires when the lock is lost, with the reason. Pass it (AbortSignal.any) to everything done under the lock. */
  readonly lost: AbortSignal;
  /** A transaction guard: the store refuses the transaction unless this lock is still held. */
  guard(): KvOperation;
  release(): Promise<void>;
}

/** Session locks: one active worker of a kind per environment. */
export interface Lock {
  /** Waits until the lock is held. */
  acquire(key: KvKey, waiting: Waiting): Promise<HeldLock>;
  /** Takes the lock if it is free now, else undefined. `holder` of a refused lock is not known. */
  tryAcquire(key: KvKey, waiting: Waiting): Promise<HeldLock | undefined>;
}
