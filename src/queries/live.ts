import type { SchedulerName } from '../domain/job/job-ref.js';
import type { LiveJob } from '../domain/plan/plan.js';
import type { Scheduler } from '../ports/scheduler.js';
import { isAbort, messageOf } from '../runtime/errors.js';

export interface LiveJobs {
  live: LiveJob[];
  /** Schedulers that could not be read, with the reason. Their jobs are not in `live`, and nothing follows from that. */
  unreadable: Map<SchedulerName, string>;
}

/** What all schedulers of an environment have. One that does not answer does not hide the others. */
export async function readLive(schedulers: readonly Scheduler[], signal: AbortSignal): Promise<LiveJobs> {
  const unreadable = new Map<SchedulerName, string>();
  const lists = await Promise.all(
    schedulers.map(async (scheduler) => {
      try {
        return await scheduler.observe({ signal });
      } catch (error) {
        if (signal.aborted || isAbort(error)) throw error;
        unreadable.set(scheduler.name, messageOf(error));
        return [];
      }
    }),
  );
  return { live: lists.flat(), unreadable };
}
