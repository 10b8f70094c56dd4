import type { Revision } from '../domain/source/revision.js';
import type { JobRepository } from './job-repository.js';
import type { Waiting } from './kv-store.js';

export interface NewCommit {
  /** The commit whose tree is changed; undefined: start from an empty tree. */
  base?: Revision;
  /** First parent first; empty: a root commit. Given explicitly, never guessed. */
  parents: Revision[];
  /** Path → new bytes, or null to remove it. File modes of existing files are kept. */
  files: ReadonlyMap<string, Uint8Array | null>;
  message: string;
  author: { name: string; email: string };
  /** Author and committer time in ms since the epoch. */
  at: number;
  /** True: signed, or not written at all. Else where git's own configuration says so. */
  sign?: boolean;
  /** Settings of git that count for it beside the repository's own: whose key, of which kind. */
  settings?: ReadonlyMap<string, string>;
}

export interface Publishing extends Waiting {
  /** What the branch points to now; undefined: it does not exist. */
  expected: Revision | undefined;
  runHooks: boolean;
  pushOptions?: readonly string[];
}

/** The write side: objects first, then one compare-and-swap of a branch. */
export interface GitStore extends JobRepository {
  /** Writes a commit that nothing points to yet. Signed where git's own configuration says so. */
  writeCommit(commit: NewCommit, waiting: Waiting): Promise<Revision>;
  /**
   * Moves a branch from `expected` (undefined: it must not exist) to `revision`, on the remote where there is one.
   * Throws `conflict` where somebody else came first. `runHooks: false` skips hooks where the repository is in place.
   * `pushOptions` are told to the server beside the push (one line each); one that takes none rejects it (`refused`).
   */
  publish(branch: string, revision: Revision, options: Publishing): Promise<void>;
  /** The two in one, where a commit is written to be published: quicker, since one need not wait for the other. */
  append(branch: string, commit: NewCommit, options: Publishing): Promise<Revision>;
}
