import type { MergeRequest } from '../domain/release/proposal.js';
import type { Waiting } from './kv-store.js';

/** What a merge or pull request says. */
export interface MergeRequestText {
  title: string;
  body: string;
}

export interface MergeRequestBranches {
  /** The branch that is proposed. */
  branch: string;
  /** The branch that it is proposed for. */
  target: string;
}

/**
 * Merge requests of GitLab, pull requests of GitHub and Gitea, of one project. Errors: `refused` for a token without rights,
 * `unavailable` for a forge that does not answer or not now, `invalid` for what it does not take.
 */
export interface MergeRequests {
  /** Those of a branch into another, open and ended, newest first. */
  find(branches: MergeRequestBranches, waiting: Waiting): Promise<MergeRequest[]>;
  /** Makes one. Where there is one already, that one is brought up to date instead. */
  create(branches: MergeRequestBranches, text: MergeRequestText, waiting: Waiting): Promise<MergeRequest>;
  /** Gives one another title and text. */
  update(id: number, text: MergeRequestText, waiting: Waiting): Promise<MergeRequest>;
}
