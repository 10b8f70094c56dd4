import type { KvKey } from '../domain/source/kv-layout.js';

export interface KvEntry {
  key: KvKey;
  value: Uint8Array;
  /** Opaque number; values above 2^53 lose precision and are never written by Towline. */
  flags: number;
  createIndex: number;
  modifyIndex: number;
  lockIndex: number;
  session?: string;
}

/** One operation of a transaction, in Consul's verbs. */
export type KvOperation =
  | { verb: 'set'; key: KvKey; value: Uint8Array; flags?: number }
  | { verb: 'cas'; key: KvKey; value: Uint8Array; flags?: number; index: number }
  | { verb: 'delete'; key: KvKey }
  | { verb: 'delete-cas'; key: KvKey; index: number }
  | { verb: 'check-index'; key: KvKey; index: number }
  | { verb: 'check-not-exists'; key: KvKey }
  | { verb: 'check-session'; key: KvKey; session: string };

export type TransactionResult =
  | { committed: true; entries: Pick<KvEntry, 'key' | 'modifyIndex' | 'flags'>[] }
  | { committed: false; errors: { operation: number; message: string }[] };

/** Limits of the store that writers must plan by. */
export interface KvLimits {
  /** Operations in one transaction. */
  operations: number;
  /** Bytes of a transaction's JSON body, Base64 included. */
  transactionBytes: number;
  /** Bytes of one value in a single put. */
  valueBytes: number;
}

export const CONSUL_LIMITS: KvLimits = { operations: 64, transactionBytes: 524_288, valueBytes: 524_288 };

export interface Waiting {
  signal: AbortSignal;
}

export interface Observed<T> {
  value: T;
  /** For the next blocking query. Lower than before: start again from 0. */
  index: number;
}

/**
 * A key-value store with Consul's semantics. "Absent" and "could not be read" are never the same: errors are thrown
 * (`unavailable` may be retried, `refused` is a missing right). A lost answer to a write is `unknown-outcome`.
 */
export interface KvStore {
  readonly limits: KvLimits;
  get(key: KvKey, waiting: Waiting): Promise<KvEntry | undefined>;
  /** Entries of several keys; those that are absent are left out. */
  getMany(keys: readonly KvKey[], waiting: Waiting): Promise<Map<KvKey, KvEntry>>;
  /** All entries below a prefix, in key order. The prefix should end in `/`. */
  list(prefix: string, waiting: Waiting): Promise<Observed<KvEntry[]>>;
  /** Names only; with a separator, cut after the first one behind the prefix. */
  keys(prefix: string, waiting: Waiting & { separator?: string }): Promise<string[]>;
  /** Writes one key. `cas`: only if its modifyIndex is this (0: only if absent). False where that failed. */
  put(key: KvKey, value: Uint8Array, options: Waiting & { flags?: number; cas?: number }): Promise<boolean>;
  /** Deletes one key, never a prefix. */
  delete(key: KvKey, options: Waiting & { cas?: number }): Promise<boolean>;
  /** All operations or none. At most `limits.operations`. */
  transaction(operations: readonly KvOperation[], waiting: Waiting): Promise<TransactionResult>;
  /** Blocks until the key's index passes `index` or `waitMs` is over; a return is not a change: compare. */
  watch(
    key: KvKey,
    options: Waiting & { index: number; waitMs: number },
  ): Promise<Observed<KvEntry | undefined>>;
  /** The same for everything below a prefix, without reading it: the index alone. */
  watchBelow(prefix: string, options: Waiting & { index: number; waitMs: number }): Promise<number>;
}
