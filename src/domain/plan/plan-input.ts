import type { JobRef, SchedulerName } from '../job/job-ref.js';
import type { JobKind, ValidatedJob } from '../job/job.js';
import type { ModelContext, SchedulerModel } from '../job/scheduler-model.js';
import type { JsonObject } from '../source/json.js';
import type { Revision } from '../source/revision.js';
import type { LayerTree } from '../source/tree.js';
import type { FieldRule } from './field-rules.js';
import type { Asked, AskedRun } from './asked.js';
import type { LiveJob } from './plan.js';
import type { GateFacts } from './policy.js';

/** What is on record of a job: from the ledger. */
export interface KnownJob {
  scheduler: SchedulerName;
  kind: JobKind;
  id: string;
  /** The document last sent, as Git stated it; absent where none was, or where it could not be read. */
  document?: JsonObject;
  /** Digest of the desired document that failed and is not tried again. */
  failedDigest?: string;
}

/** `from`: the version that was live when it was announced, where that has happened. */
export interface AskedRestart extends Asked {
  from?: string;
}

/** What a plan that follows another one looks at; nothing is to be done about all else, as the last one found. */
export interface Since {
  touched: ReadonlySet<JobRef>;
  /** All jobs of Git, and all live ones. */
  desired: ReadonlyMap<JobRef, ValidatedJob>;
  live: ReadonlyMap<JobRef, LiveJob>;
}

/** Everything that a plan is made of. Plans come from nothing else: no configuration lookup, no clock of its own, no I/O. */
export interface PlanInput {
  environment: string;
  revision: Revision;
  /** Of each layer, in order. */
  trees: readonly LayerTree[];
  desired: readonly ValidatedJob[];
  /** Jobs that Git states but that validation refused. They are neither applied nor pruned. */
  rejected: ReadonlyMap<JobRef, string>;
  /** False where a file could not be read or understood: then nobody may conclude that a job is gone. */
  complete: boolean;
  live: readonly LiveJob[];
  /** Of an input that names only a part of the jobs: how many there are of all, and how many live ones are owned. */
  counts?: { jobs: number; owned: number };
  known: ReadonlyMap<JobRef, KnownJob>;
  /** Jobs whose change was announced and never recorded. */
  unresolved: ReadonlySet<JobRef>;
  /** Schedulers that could not be read now, with the reason: their jobs are left alone. */
  unreadable: ReadonlyMap<SchedulerName, string>;
  schedulers: ReadonlyMap<SchedulerName, { model: SchedulerModel; context: ModelContext }>;
  /** Where the plan follows another one: what may be different since. Absent: everything. */
  since?: Since;
  /** Fields that somebody else owns. */
  ignoreFields: readonly FieldRule[];
  /** Groups whose jobs are changed as one, by their ids. */
  together: readonly string[];
  /** Jobs for which nothing is sent now, by reference; `*` stands for all. */
  paused: ReadonlyMap<string, Asked>;
  /** Jobs that are to be restarted as they are. */
  restarts: ReadonlyMap<JobRef, AskedRestart>;
  /** Runs that are to be started or ended. `announced`: that has been begun. */
  runs: ReadonlyMap<JobRef, AskedRun & { announced?: boolean }>;
  /** Existing jobs of others that may be taken over. */
  adopt: 'none' | 'all' | ReadonlySet<JobRef>;
  /** Failed jobs that may be tried again although nothing changed. */
  retry: 'none' | 'all' | ReadonlySet<JobRef>;
  /** When it is made, in ms since the epoch. Only gates look at it. */
  now: number;
  /** What the gates have to know beside all this. */
  facts: GateFacts;
}
