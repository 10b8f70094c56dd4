import type { Diagnostic } from '../../source/diagnostic.js';
import type { Job } from '../job.js';
import type { SchedulerName } from '../job-ref.js';
import type { ModelContext, SchedulerModel } from '../scheduler-model.js';

/** A scheduler's model, with what is known of the server. */
export interface Understood {
  model: SchedulerModel;
  context: ModelContext;
}

/** The schedulers of an environment, in the order in which they are asked whether a document is theirs. */
export type Schedulers = ReadonlyMap<SchedulerName, Understood>;

export interface Stated {
  jobs: Job[];
  /** Jobs that could not be read right. */
  refused: Set<Job>;
  diagnostics: Diagnostic[];
  /** False where something may state more than was understood. */
  complete: boolean;
}
