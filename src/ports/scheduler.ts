import type { Change, LiveJob } from '../domain/plan/plan.js';
import type { Outcome } from '../domain/record/outcome.js';
import type { Json } from '../domain/source/json.js';
import type { Waiting } from './kv-store.js';

export interface ApplyOptions extends Waiting {
  /** Environment name, written into the ownership label where there are labels. */
  environment: string;
  /** How long a change may take until it counts as failed. */
  deadlineMs: number;
  /** `rollback`: put back what ran before; `leave`: stop waiting and leave it as it is. */
  onFailure: 'rollback' | 'leave';
  /** Take over a foreign deployment that holds the lock (409) instead of waiting for it. */
  force: boolean;
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
  /** Carries out one change and waits until it is judged. A change with action `none` and `unresolved` is only judged. */
  apply(change: Change, options: ApplyOptions): Promise<Outcome>;
  tasks(jobId: string, waiting: Waiting): Promise<LiveTask[]>;
  /** Version and addresses, for `status` and the model's context. */
  describe(waiting: Waiting): Promise<{ version?: string; facts: Json }>;
  close(): Promise<void>;
}
