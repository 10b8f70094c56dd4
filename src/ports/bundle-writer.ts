import type { Revision } from '../domain/source/revision.js';
import type { Waiting } from './kv-store.js';

export interface NewBundle {
  /** Branches by their names (`main`). */
  branches: ReadonlyMap<string, Revision>;
  /** A commit without parents that holds files beside them, under a ref of its own. */
  evidence: {
    ref: string;
    files: ReadonlyMap<string, Uint8Array>;
    message: string;
    author: { name: string; email: string };
    /** In ms since the epoch. */
    at: number;
  };
  /** Absolute path; a file that is there is replaced. */
  file: string;
}

/** Packs branches of a repository with all their history into one file, as `git bundle` does. */
export interface BundleWriter {
  writeBundle(bundle: NewBundle, waiting: Waiting): Promise<void>;
}
