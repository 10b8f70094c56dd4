import type { RevisionStatus } from '../domain/record/revision-verdict.js';
import type { Waiting } from './kv-store.js';

/** Where people look at a revision: a forge's page of the commit, or its notes. */
export interface StatusBoard {
  /** For messages and logs: `github`, `notes`. */
  readonly name: string;
  /**
   * Says how a revision stands in an environment; the last word counts. Throws `unavailable` where it may be tried again,
   * `refused` and `invalid` where that would change nothing.
   */
  report(status: RevisionStatus, waiting: Waiting): Promise<void>;
}

/** The name under which an environment's status stands beside those of others: `towline/production`. */
export function statusContext(environment: string): string {
  return `towline/${environment}`;
}
