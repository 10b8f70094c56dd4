import type { JobRef } from '../../domain/job/job-ref.js';
import type { ValidatedJob } from '../../domain/job/job.js';
import { IdleChanges } from '../../domain/plan/idle-changes.js';
import type { LiveJob } from '../../domain/plan/plan.js';
import type { JobStatus } from '../../domain/record/status.js';
import { ManifestCache, type Models } from '../../queries/declared.js';
import type { MirrorCache } from '../../queries/desired.js';
import type { OnRecord } from '../../queries/known.js';
import type { Scheduler } from '../../ports/scheduler.js';

/** Jobs read one by one at most; for more the whole list is quicker. */
const FEW = 64;

/** What was seen at the last look at everything, kept up to date by what this worker itself did since. */
export interface Seen {
  live: Map<JobRef, LiveJob>;
  /** Jobs of which the live definition is not known any more. */
  stale: Set<JobRef>;
  desired: ReadonlyMap<JobRef, ValidatedJob>;
  statuses: Map<JobRef, JobStatus>;
}

/**
 * What a deployer keeps between passes, so that a commit costs what it changes. A new process starts with none of it and
 * finds the same plan. Nothing is concluded from it that would do harm where it is out of date: what is about to be
 * changed is read anew before the plan is made, and once more before the change is sent.
 */
export class DeployMemory {
  mirror: MirrorCache | undefined;
  readonly manifests = new ManifestCache();
  readonly idle = new IdleChanges();
  models: Models | undefined;
  onRecord: OnRecord | undefined;
  seen: Seen | undefined;
}

/**
 * The live jobs at a quick look: those whose manifest changed, and those that were changed since, are read anew. Undefined
 * where that can't be done job by job: then everything has to be read.
 */
export async function refreshed(
  seen: Seen,
  desired: ReadonlyMap<JobRef, ValidatedJob>,
  schedulers: readonly Scheduler[],
  signal: AbortSignal,
): Promise<LiveJob[] | undefined> {
  const wanted = new Set(seen.stale);
  for (const [ref, job] of desired) if (seen.desired.get(ref) !== job) wanted.add(ref);
  for (const ref of seen.desired.keys()) if (!desired.has(ref)) wanted.add(ref);
  if (wanted.size > FEW) return undefined;
  const byName = new Map(schedulers.map((scheduler) => [scheduler.name, scheduler]));
  const found = await Promise.all(
    [...wanted].map(async (ref) => {
      const job = desired.get(ref) ?? seen.desired.get(ref) ?? seen.live.get(ref);
      const scheduler = byName.get(ref.slice(0, ref.indexOf(':')));
      if (job === undefined || scheduler?.find === undefined) return undefined;
      return { ref, live: await scheduler.find(job, { signal }) };
    }),
  );
  for (const each of found) {
    if (each === undefined) return undefined;
    if (each.live === undefined) seen.live.delete(each.ref);
    else seen.live.set(each.ref, each.live);
    seen.stale.delete(each.ref);
  }
  return [...seen.live.values()];
}
