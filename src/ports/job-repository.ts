import type { ObjectId, Revision } from '../domain/source/revision.js';
import type { Tree, TreeChange } from '../domain/source/tree.js';
import type { Waiting } from './kv-store.js';

/** A commit, as far as Towline looks at one. */
export interface CommitInfo {
  revision: Revision;
  parents: Revision[];
  author: { name: string; email: string };
  /** Author time, ISO 8601. */
  at: string;
  subject: string;
  body: string;
  /** Trailers of the message in order, keys as written. */
  trailers: { key: string; value: string }[];
}

/** A branch or tag, by its name and by the object that it points to. */
export interface RefInfo {
  /** `refs/heads/main`. */
  ref: string;
  name: string;
  kind: 'branch' | 'tag';
  id: ObjectId;
  /** Of a tag: it has an object of its own, with a message. */
  annotated: boolean;
}

export interface LogOptions {
  limit: number;
  firstParent?: boolean;
  paths?: readonly string[];
  /** Text that the message holds. */
  grep?: string;
  /** A whole line of the message. */
  line?: string;
  /** This commit and all before it are left out. It has to be there. */
  exclude?: Revision;
  /** Commits left out at the beginning. */
  skip?: number;
  /** Committed at these times or between them, in ms since the epoch. */
  since?: number;
  until?: number;
}

/**
 * The read side of a repository of manifests. Errors: `unavailable` for a remote that does not answer, `invalid` for a
 * folder or branch that is not there (never an empty result), `refused` for missing rights.
 */
export interface JobRepository {
  /** Where it is, without credentials. */
  readonly location: string;
  /**
   * Brings branches and tags up to date from the remote; nothing to do for a repository that is used in place. With a
   * name only that branch or tag need be.
   */
  fetch(waiting: Waiting & { name?: string }): Promise<void>;
  /** All branches and tags as they are now, where it is and not in a copy. */
  refs(waiting: Waiting): Promise<RefInfo[]>;
  /** The commit of a branch (`main`), tag or full id; undefined where there is none. */
  resolve(branchRef: string, waiting: Waiting): Promise<Revision | undefined>;
  /**
   * The commit that a person means: as `resolve`, and else git's own ways to say it (`HEAD~2`, `origin/main`, the first
   * digits of an id). Not for names out of a configuration: a missing branch must not be taken for something else.
   */
  resolveExpression(expression: string, waiting: Waiting): Promise<Revision | undefined>;
  /** The tree of a folder ('' for the root) with every non-tree entry below it. Throws `invalid` where it is missing. */
  readTree(revision: Revision, folder: string, waiting: Waiting): Promise<Tree>;
  /** The id of a folder's tree; undefined where the revision or the folder is not there. */
  treeId(revision: Revision, folder: string, waiting: Waiting): Promise<ObjectId | undefined>;
  /** Tree-to-tree difference of a folder, no rename detection; either revision may lack the folder. */
  diff(from: Revision, to: Revision, folder: string, waiting: Waiting): Promise<TreeChange[]>;
  /** Contents of blobs, in the order asked for; each as exact bytes. Throws on a missing object. */
  readBlobs(ids: readonly ObjectId[], waiting: Waiting): AsyncIterable<{ id: ObjectId; bytes: Uint8Array }>;
  /** One file of a revision, or undefined. */
  readFile(revision: Revision, path: string, waiting: Waiting): Promise<Uint8Array | undefined>;
  /** Commits from `revision` back, newest first, at most `limit`; `paths` limits to those that touch one of them. */
  log(revision: Revision, options: Waiting & LogOptions): Promise<CommitInfo[]>;
  isAncestor(ancestor: Revision, descendant: Revision, waiting: Waiting): Promise<boolean>;
}
