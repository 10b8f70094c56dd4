import type { Diagnostic } from '../../source/diagnostic.js';
import type { Job, ValidatedJob } from '../job.js';
import type { JobRef } from '../job-ref.js';

/** What a set of manifests states, and everything that is wrong with it. */
export interface Validation {
  jobs: ValidatedJob[];
  /** Jobs that a manifest states and a rule refuses, one stated twice at each of its places. They exist in Git: nobody may delete them for being absent. */
  rejected: Job[];
  diagnostics: Diagnostic[];
  /** False where a file could not be read or a document not be understood: then what is absent may still be there. */
  complete: boolean;
  /** This result and no other. */
  mark: object;
  /** Where it is another one but for a few jobs: the mark of that, and these jobs as they are now. */
  since?: { mark: object; jobs: ReadonlyMap<JobRef, ValidatedJob> };
}
