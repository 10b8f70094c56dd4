import { jobRef } from '../../src/domain/job/job-ref.js';
import type { Job, ValidatedJob } from '../../src/domain/job/job.js';
import type { Change, ChangeAction, LiveJob } from '../../src/domain/plan/plan.js';
import type { JsonObject } from '../../src/domain/source/json.js';
import type { ApplyOptions } from '../../src/ports/scheduler.js';

export interface ChangedJob {
  scheduler: string;
  kind: string;
  id: string;
  /** What Git states; absent where the change sends nothing of it. */
  spec?: JsonObject | undefined;
  live?: LiveJob | undefined;
}

/** A change as a plan would have it. */
export function changeOf(action: ChangeAction, { scheduler, kind, id, spec, live }: ChangedJob): Change {
  return {
    ref: jobRef(scheduler, id),
    scheduler,
    kind,
    id,
    action,
    ...(spec === undefined ? {} : { desired: stated({ scheduler, kind, id, spec }) }),
    ...(live === undefined ? {} : { live }),
    fields: [],
    reason: '',
    drift: false,
    unresolved: false,
    after: [],
  };
}

/** A job as validation would give it, from line 7 of a file. */
export function stated({
  scheduler,
  kind,
  id,
  spec,
}: Pick<ChangedJob, 'scheduler' | 'kind' | 'id'> & { spec: JsonObject }): ValidatedJob {
  const file = 'web.yaml';
  const job: Job = {
    ref: jobRef(scheduler, id),
    scheduler,
    kind,
    id,
    spec,
    source: {
      file,
      files: [file],
      document: 0,
      pointer: '',
      placeOf: (pointer) => ({ file, line: 7, column: 3, pointer }),
    },
  };
  return job as ValidatedJob;
}

/** How a change is judged, with short times. */
export function applyOptions(more: Partial<ApplyOptions> = {}): ApplyOptions {
  return {
    environment: 'test',
    deadlineMs: 5000,
    soakMs: 0,
    noOffersMs: 1000,
    maxTaskFailures: 3,
    onFailure: 'rollback',
    force: false,
    signal: new AbortController().signal,
    ...more,
  };
}
