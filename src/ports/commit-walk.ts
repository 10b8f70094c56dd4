import type { ObjectFormat, ObjectId } from '../domain/source/revision.js';
import type { Waiting } from './kv-store.js';

/** An object whose bytes are what its id says. */
export interface SoundObject {
  id: ObjectId;
  type: 'blob' | 'tree' | 'commit' | 'tag';
  bytes: Uint8Array;
}

/** An object that is missing, that git can't read, or that holds something else than its id says. */
export interface DamagedObject {
  id: ObjectId;
  problem: string;
}

/** What a commit changed at a path, as blobs. */
export interface PathChange {
  path: string;
  /** Undefined: it was not there. */
  before?: ObjectId;
  /** Undefined: it is not there any more. */
  after?: ObjectId;
  /** Mode after it; `100644` for a plain file. */
  mode?: string;
}

export interface WalkedCommit {
  id: ObjectId;
  /** The whole commit object; undefined where it is damaged. */
  bytes: Uint8Array | undefined;
  tree: ObjectId | undefined;
  /** Against the first parent; against nothing where there is none. */
  changes: PathChange[];
  /** Itself, or trees on the way to what it changed. */
  damaged: DamagedObject[];
}

/**
 * Reads the objects of a repository in bulk and trusts none of them: each is hashed again. What is damaged is an answer
 * here and no error.
 */
export interface CommitWalk {
  readonly format: Promise<ObjectFormat>;
  /** Along first parents, oldest first. It begins at the newest commit that can't be read, where there is one. */
  walk(tip: ObjectId, waiting: Waiting): AsyncIterable<WalkedCommit>;
  /** All commits that a commit comes from, itself included, newest first, as git has them. */
  ancestors(tip: ObjectId, waiting: Waiting): Promise<ObjectId[]>;
  /** In the order asked for. */
  objects(ids: readonly ObjectId[], waiting: Waiting): AsyncIterable<SoundObject | DamagedObject>;
  /** Everything damaged in these trees and below them. What was found sound once is not read again. */
  damagedBelow(trees: readonly ObjectId[], waiting: Waiting): Promise<DamagedObject[]>;
  close(): Promise<void>;
}
