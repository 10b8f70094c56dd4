import type { Signature } from '../domain/trust/signature.js';
import type { ObjectId, Revision } from '../domain/source/revision.js';
import type { Waiting } from './kv-store.js';

export type { Signature };

export interface SignatureOptions extends Waiting {
  /** The revision of the job repository whose signers judge it. */
  signersAt: Revision;
  /** In ms since the epoch; by default the committer time of the commit. */
  at?: number;
}

/** What signatures of commits are worth, by the signers that the job repository names. Nothing here throws for a bad one. */
export interface Signatures {
  check(commit: ObjectId | Revision, options: SignatureOptions): Promise<Signature>;
  /** The same for a commit whose bytes are at hand, as `git cat-file commit` prints them. */
  checkBytes(bytes: Uint8Array, options: SignatureOptions): Promise<Signature>;
  /** A commit of the job repository, by the signers of its first parent; a root commit by its own. */
  checkRevision(revision: Revision, waiting: Waiting): Promise<Signature>;
}
