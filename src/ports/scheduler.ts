import type { JobKind } from '../domain/job/job.js';
import type { Change, LiveJob } from '../domain/plan/plan.js';
import type { LedgerIntent } from '../domain/record/ledger-entry.js';
import type { Outcome } from '../domain/record/outcome.js';
import type { Json } from '../domain/source/json.js';
import type { Waiting } from './kv-store.js';

/** Where a scheduler is reached: fixed, or looked up anew (DNS, Consul). */
export interface Addresses {
  /** Addresses of the same scheduler, the best first. Throws `unavailable` where they can't be looked up. */
  list(signal: AbortSignal): Promise<readonly string[]>;
  /** One of them did not answer: look again at the next call. */
  doubt(): void;
}

/** How requests say who they come from. */
export type SchedulerAuth =
  | { user: string; password: string }
  | { token: string }
  | { login: { url: string; uid: string } & ({ password: string } | { privateKey: string }) };

/** PEM texts. */
export interface SchedulerTls {
  ca?: string;
  cert?: string;
  key?: string;
  serverName?: string;
  verify: boolean;
}

export interface ApplyOptions extends Waiting {
  /** Environment name, written into the ownership label where there are labels. */
  environment: string;
  /** How long a change may take until it counts as failed. */
  deadlineMs: number;
  /** How long a change must stay good until it counts as good. */
  soakMs: number;
  /** How long no machine may have room until the change counts as failed. */
  noOffersMs: number;
  /** Tasks of the new definition that may end by themselves until the change counts as failed. */
  maxTaskFailures: number;
  /**
   * What is done about a change that failed. `rollback`: put back what ran before, and see that it runs; `hold`: stop
   * where it stands, so that nothing more of what still works is taken away; `leave`: the scheduler goes on trying.
   */
  onFailure: 'rollback' | 'hold' | 'leave';
  /** Take over a foreign deployment that holds the lock (409) instead of waiting for it. */
  force: boolean;
  /** What an earlier pass announced of this job, and never ended: where the change is only judged, how that ended. */
  announced?: LedgerIntent;
  /** Called with progress for people, at most about once a second. */
  progress?: (text: string) => void;
}

/** A running task, as far as `why` and `status` need it. */
export interface LiveTask {
  id: string;
  jobId: string;
  host?: string;
  ports: number[];
  state: string;
  healthy?: boolean;
  /** Version of the definition that it runs. */
  version?: string;
  startedAt?: string;
  /** Ids of its containers, where the scheduler tells. */
  containerIds?: readonly string[];
}

/**
 * What runs jobs. `observe` throws on a failed or partial read: a list that could not be read is never an empty one.
 * `apply` never throws for a change that failed: that is an outcome. It throws `aborted` when the signal fires.
 */
export interface Scheduler {
  /** Name in the environment, by default the kind. */
  readonly name: string;
  readonly kind: string;
  observe(waiting: Waiting): Promise<LiveJob[]>;
  /** One job as `observe` would tell it, where that is quicker; undefined: there is none. */
  find?(job: { kind: JobKind; id: string }, waiting: Waiting): Promise<LiveJob | undefined>;
  /** Carries out one change and waits until it is judged. A change with action `none` and `unresolved` is only judged. */
  apply(change: Change, options: ApplyOptions): Promise<Outcome>;
  /** Carries out several changes as one, where the scheduler can: all of them end well, or all are put back. */
  applyTogether?(changes: readonly Change[], options: ApplyOptions): Promise<Outcome[]>;
  tasks(jobId: string, waiting: Waiting): Promise<LiveTask[]>;
  /** Version and addresses, for `status` and the model's context. */
  describe(waiting: Waiting): Promise<{ version?: string; facts: Json }>;
  close(): Promise<void>;
}
