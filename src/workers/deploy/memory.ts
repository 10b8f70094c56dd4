import type { JobRef } from '../../domain/job/job-ref.js';
import type { ValidatedJob } from '../../domain/job/job.js';
import type { Validation } from '../../domain/job/validate/index.js';
import type { LiveJob, Plan } from '../../domain/plan/plan.js';
import type { PlanInput } from '../../domain/plan/plan-input.js';
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
  /** What Git stated then, and the mark of that. */
  desired: Map<JobRef, ValidatedJob>;
  mark: object;
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
  /** Jobs that the next plan has to look at in any case: until a plan is made, whatever was told of them. */
  again = new Set<JobRef>();
  models: Models | undefined;
  onRecord: OnRecord | undefined;
  seen: Seen | undefined;

  lookAgain(...all: Iterable<JobRef>[]): void {
    for (const refs of all) for (const ref of refs) this.again.add(ref);
  }

  /**
   * A plan was made: only what it does, holds or leaves open has to be looked at again, and what was refused. While a
   * manifest can't be read nothing is concluded from what is absent, so that all of it has to be.
   */
  planned({ changes }: Plan, { rejected, complete }: Pick<PlanInput, 'rejected' | 'complete'>): void {
    if (complete) this.again = new Set();
    this.lookAgain(rejected.keys());
    for (const { ref, action, unresolved } of changes)
      if (action !== 'none' || unresolved) this.again.add(ref);
  }
}

/**
 * Brings what was seen up to date at a quick look: jobs whose manifest changed, and those that were changed since, are read
 * anew. The jobs of which something may be different; undefined where that can't be done job by job: then everything has
 * to be read.
 */
export async function refresh(
  seen: Seen,
  declared: Validation,
  schedulers: readonly Scheduler[],
  signal: AbortSignal,
): Promise<Set<JobRef> | undefined> {
  const before = new Map<JobRef, ValidatedJob>();
  const stated = statedSince(seen, declared, before);
  const wanted = new Set([...seen.stale, ...stated]);
  if (wanted.size > FEW) return undefined;
  const byName = new Map(schedulers.map((scheduler) => [scheduler.name, scheduler]));
  const found = await Promise.all(
    [...wanted].map(async (ref) => {
      const job = seen.desired.get(ref) ?? before.get(ref) ?? seen.live.get(ref);
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
  return wanted;
}

/** The jobs that Git states otherwise than at the last look; `seen` then has them as they are, `before` those that are gone. */
function statedSince(seen: Seen, declared: Validation, before: Map<JobRef, ValidatedJob>): Set<JobRef> {
  const { mark, since } = declared;
  const changed = new Set<JobRef>();
  if (mark === seen.mark) return changed;
  if (since?.mark === seen.mark) {
    for (const [ref, job] of since.jobs) {
      seen.desired.set(ref, job);
      changed.add(ref);
    }
  } else {
    const desired = new Map(declared.jobs.map((job) => [job.ref, job]));
    for (const [ref, job] of desired) if (seen.desired.get(ref) !== job) changed.add(ref);
    for (const [ref, job] of seen.desired)
      if (!desired.has(ref)) {
        changed.add(ref);
        before.set(ref, job);
      }
    seen.desired = desired;
  }
  seen.mark = mark;
  return changed;
}
