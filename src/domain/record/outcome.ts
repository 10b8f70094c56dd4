import type { JobRef, SchedulerName } from '../job/job-ref.js';
import type { JobKind } from '../job/job.js';
import type { ChangeAction } from '../plan/plan.js';
import type { JsonObject } from '../source/json.js';

/**
 * How a change ended.
 * applied: live is as desired and healthy · failed: it is not, and was left so · rolled-back: what ran before runs
 * again · blocked: nothing was sent · unknown: sent, and nobody can tell yet.
 */
export type OutcomeState = 'applied' | 'failed' | 'rolled-back' | 'blocked' | 'unknown';

export interface Outcome {
  ref: JobRef;
  scheduler: SchedulerName;
  kind: JobKind;
  id: string;
  action: ChangeAction;
  state: OutcomeState;
  /** For people: what happened, with the last failure where there was one. */
  message: string;
  /** The exact document that was sent last; absent for deletes and where nothing was sent. */
  sent?: JsonObject;
  /** Members of it that Git states in another form: a schedule that was sent from its next moment on. */
  stated?: JsonObject;
  /** The scheduler's version of the definition after it. */
  version?: string;
  deploymentId?: string;
  /** What the scheduler answered to the call that changed something; absent where none was made, or the answer got lost. */
  httpStatus?: number;
  /** The plan was about something that is not so any more: nothing was done, and a new plan is due now. */
  replan?: boolean;
  /** ISO 8601, UTC. */
  startedAt: string;
  endedAt: string;
}
