import type { Appended } from '../domain/record/appended.js';
import type { LedgerRecord, LedgerState } from '../domain/record/ledger-entry.js';
import type { JsonObject } from '../domain/source/json.js';
import type { ObjectId } from '../domain/source/revision.js';
import type { Waiting } from './kv-store.js';

/** The ledger's newest entry. */
export interface LedgerHead {
  /** Undefined: nothing was recorded yet. */
  commit: ObjectId | undefined;
  state: LedgerState | undefined;
}

export interface HistoryOptions extends Waiting {
  limit: number;
  /** Entries that are about this job. */
  jobRef?: string;
  /** Entries with exactly this line among their trailers, for example `Towline-Phase: order`. */
  trailer?: string;
  /** From this entry back, itself included, instead of from the newest. */
  from?: ObjectId;
  /** Entries that come before the first of them are left out of the count. */
  skip?: number;
  /** In ms since the epoch: only entries of this time, both ends included. */
  since?: number;
  until?: number;
}

/** The branch on which workers record what they did. */
export interface Ledger {
  readonly branch: string;
  /**
   * `known`: the newest entry that this process knows of is good enough; whoever appends after it finds out. `local`: the
   * newest one that was seen here, also while the ledger is away.
   */
  head(waiting: Waiting & { known?: boolean; local?: boolean }): Promise<LedgerHead>;
  /** What an entry left behind; undefined where there is no such entry. */
  stateAt(entry: ObjectId, waiting: Waiting): Promise<LedgerState | undefined>;
  /** The documents in an entry's tree, by path, for the given paths; those that are not there are left out. */
  documents(entry: ObjectId, paths: readonly string[], waiting: Waiting): Promise<Map<string, JsonObject>>;
  /** Paths of the documents in an entry's tree, as `ledgerFile` names them. */
  paths(entry: ObjectId, waiting: Waiting): Promise<string[]>;
  /** Appends after `expected`, as `head` told it; throws `conflict` where somebody else came first. Returns the new commit. */
  append(entry: Appended, expected: ObjectId | undefined, waiting: Waiting): Promise<ObjectId>;
  /** Newest first, along first parents. */
  history(options: HistoryOptions): Promise<LedgerRecord[]>;
  /** One entry, by its id or by the first digits of it; undefined where the ledger has none. */
  entry(id: string, waiting: Waiting): Promise<LedgerRecord | undefined>;
}
