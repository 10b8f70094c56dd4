import type { JobKind, ValidatedJob } from '../job/job.js';
import type { JobRef, SchedulerName } from '../job/job-ref.js';
import type { FieldDiff } from '../job/scheduler-model.js';
import type { JsonObject } from '../source/json.js';
import type { Revision } from '../source/revision.js';
import type { LayerTree } from '../source/tree.js';
import type { ChangeAction } from './action.js';
import type { GateDecision } from './policy.js';

export type { ChangeAction };

/** A job as its scheduler has it. */
export interface LiveJob {
  ref: JobRef;
  kind: JobKind;
  id: string;
  /** The native document, as read. */
  spec: JsonObject;
  /** The scheduler's own version of the definition, where it has one. */
  version?: string;
  /** The environment that a label names as owner, where the scheduler has labels and one is set. */
  ownerLabel?: string;
  /** The job that it was put beside while that one is changed: not a job of Git, and taken away in the end. */
  beside?: JobRef;
  /** Whether it carries our marks but is a copy, where that was found out before parts of it were hidden. */
  copy?: boolean;
  /** True while the scheduler is still carrying out a change of this job. */
  deploying?: boolean;
}

/** One line of a plan. */
export interface Change {
  ref: JobRef;
  scheduler: SchedulerName;
  kind: JobKind;
  id: string;
  action: ChangeAction;
  /** What the action would have been without the block. */
  wanted?: ChangeAction;
  desired?: ValidatedJob;
  /** What is to be sent, where that is not exactly what Git states: fields that others own are as they are live. */
  document?: JsonObject;
  live?: LiveJob;
  /** What was last applied, where that is known. */
  lastApplied?: JsonObject;
  fields: FieldDiff[];
  /** Differences in fields that somebody else owns; they are left as they are. */
  elsewhere?: FieldDiff[];
  /** Of a run that is started. */
  args?: string;
  /** The group that it is changed together with: all of them or none. */
  together?: string;
  /** Why: "new in Git", "changed in Git", "changed by hand", "gone from Git", … */
  reason: string;
  /** What it will do there: "restarts 4 tasks". */
  effect?: string;
  /** Live differs from what was last applied although Git did not change. */
  drift: boolean;
  /** An earlier pass announced this job's change and never recorded an end: read back, then record. */
  unresolved: boolean;
  /** Changes of this plan that must end well before this one begins. */
  after: JobRef[];
}

export interface Plan {
  /**
   * Digest over what is to be done, whether gates hold it or not: what is approved is what has this digest, and nothing
   * else. `sha256:…`.
   */
  digest: string;
  /** Its first digits, for people. */
  id: string;
  environment: string;
  revision: Revision;
  /** Of each layer, in order. */
  trees: readonly LayerTree[];
  /** In an order that respects `after`. Of a plan that follows another one: of the jobs that it looked at. */
  changes: Change[];
  /** What the gates said, in the order in which they were asked. */
  decisions: GateDecision[];
}

/** True where the plan changes something (a blocked change does not count). */
export function changesSomething(plan: Plan): boolean {
  return plan.changes.some((c) => c.action !== 'none' && c.action !== 'blocked');
}
