import type { Waiting } from './kv-store.js';

export interface ReviewComment {
  /** An HTML comment that nobody sees; the same for every version of this comment, and of no other one. */
  marker: string;
  /** Markdown; begins with the marker. */
  body: string;
}

/** Where a change is reviewed: the comments of one merge request or pull request. */
export interface ReviewComments {
  /** Characters that a comment may have. */
  readonly limit: number;
  /**
   * Writes a comment, in the place of the one with the same marker that this account wrote before. A comment of somebody
   * else is never touched, whatever it holds. Throws `unavailable` where it may be tried again, `refused` and `invalid`
   * where that would change nothing.
   */
  put(comment: ReviewComment, waiting: Waiting): Promise<'created' | 'updated' | 'unchanged'>;
}
