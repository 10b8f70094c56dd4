import type { JsonObject } from '../domain/source/json.js';
import type { ObjectId } from '../domain/source/revision.js';
import type { OrderEntry } from '../domain/record/orders.js';
import type { LedgerEntry, LedgerRecord, LedgerState } from '../domain/record/ledger-entry.js';
import type { Waiting } from './kv-store.js';

/** The ledger's newest entry. */
export interface LedgerHead {
  /** Undefined: nothing was recorded yet. */
  commit: ObjectId | undefined;
  state: LedgerState | undefined;
}

/** The branch on which workers record what they did. */
export interface Ledger {
  readonly branch: string;
  head(waiting: Waiting): Promise<LedgerHead>;
  /** The documents last sent, by path in the ledger's tree, for the given paths. */
  documents(head: ObjectId, paths: readonly string[], waiting: Waiting): Promise<Map<string, JsonObject>>;
  /** Appends after `expected`, as `head` told it; throws `conflict` where somebody else came first. Returns the new commit. */
  append(
    entry: LedgerEntry | OrderEntry,
    expected: ObjectId | undefined,
    waiting: Waiting,
  ): Promise<ObjectId>;
  /** Newest first, along first parents. */
  history(options: Waiting & { limit: number; jobRef?: string }): Promise<LedgerRecord[]>;
}
