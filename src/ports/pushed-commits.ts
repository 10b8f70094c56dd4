import type { Revision } from '../domain/source/revision.js';
import type { Waiting } from './kv-store.js';

/** A commit that a push brings. */
export interface PushedCommit {
  id: Revision;
  /** Paths that it changed; of a merge those that it decided itself. Empty where they were not asked for. */
  paths: string[];
}

/** What a push brings, read where the push is (in the quarantine, too). */
export interface PushedCommits {
  /**
   * Commits that `to` has in its history and none of `without` has; `firstParent`: on its own line only. Throws `invalid` for more than `limit`: who pushes so
   * many is asked to push in parts.
   */
  between(
    to: Revision,
    without: readonly Revision[],
    options: Waiting & { paths: boolean; limit: number; firstParent?: boolean },
  ): Promise<PushedCommit[]>;
}
