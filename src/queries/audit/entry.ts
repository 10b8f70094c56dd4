import type { CommitObject } from '../../domain/source/commit-object.js';
import type { Json } from '../../domain/source/json.js';
import type { ObjectId } from '../../domain/source/revision.js';
import type { LedgerState } from '../../domain/record/ledger-entry.js';
import type { PathChange } from '../../ports/commit-walk.js';

export type Phase = 'intent' | 'outcome' | 'order' | 'mirror';

/** One entry of the ledger between the state that it found and the one that it left. */
export interface AuditedEntry {
  id: ObjectId;
  bytes: Uint8Array;
  commit: CommitObject;
  phase: Phase;
  changes: readonly PathChange[];
  /** Undefined: it is the first one, or what was before can't be read. */
  before: LedgerState | undefined;
  after: LedgerState;
  /** Paths of the tree that it left, with their blobs. */
  files: ReadonlyMap<string, ObjectId>;
  /** Texts of the files that it changed, by their blobs. */
  texts: ReadonlyMap<ObjectId, string>;
  /** A text as JSON, undefined where it is none; what was read is not read again. */
  parse: (text: string) => Json | undefined;
}

/** What a trailer of an outcome says of a job: `marathon:/shop/web update applied http=200 …`. */
export interface NamedJob {
  ref: string;
  action: string;
  state: string;
  /** The whole line. */
  text: string;
}

/** Values of a trailer, in order. */
export function valuesOf({ commit }: Pick<AuditedEntry, 'commit'>, key: string): string[] {
  return commit.trailers.filter((t) => t.key === key).map((t) => t.value);
}

export function valueOf(entry: Pick<AuditedEntry, 'commit'>, key: string): string | undefined {
  return valuesOf(entry, key)[0];
}

/** Jobs that an entry names; a reference holds no white space. */
export function namedJobs(entry: Pick<AuditedEntry, 'commit'>): NamedJob[] {
  return valuesOf(entry, 'Towline-Job').map((text) => {
    const [ref = '', action = '', state = ''] = text.split(' ');
    return { ref, action, state, text };
  });
}

export function isPhase(text: string | undefined): text is Phase {
  return text === 'intent' || text === 'outcome' || text === 'order' || text === 'mirror';
}
