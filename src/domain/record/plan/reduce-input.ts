import type { Job, ValidatedJob } from '../../job/job.js';
import type { JobRef } from '../../job/job-ref.js';
import { jobCount, liveAsJob, ownedCount } from '../../plan/make-plan.js';
import type { LiveJob, Plan } from '../../plan/plan.js';
import type { PlanInput } from '../../plan/plan-input.js';
import { EVERY_JOB } from '../../plan/asked.js';
import { recordedChanges } from './plan-json.js';

/**
 * The part of an input that its plan comes from: the jobs that are changed or held, and what these depend on. As in a plan
 * that follows another one, all else is as it should be. Whether that gives the same plan the caller finds out.
 */
export function reducedInput(input: PlanInput, plan: Plan): PlanInput {
  const changes = recordedChanges(plan);
  const touched = new Set<JobRef>(changes.map(({ ref }) => ref));
  const stated = changes.flatMap(({ desired }) => desired ?? []);
  const present = changes.flatMap(({ live }) => live ?? []);
  const needs = new Set<JobRef>(stated.flatMap((job) => dependenciesOf(job, input.desired, input)));
  const desired = sorted([...stated, ...desiredOf(input, without(needs, touched))]);
  const deletes = changes.some(({ action, wanted }) => (wanted ?? action) === 'delete');
  const live = sorted([...present, ...(deletes ? liveNeeds(present, touched, input) : [])]);
  const about = (ref: string): boolean => touched.has(ref as JobRef) || needs.has(ref as JobRef);
  return {
    ...input,
    desired,
    live,
    since: { touched, desired: byRef(desired), live: byRef(live) },
    counts: { jobs: jobCount(input), owned: ownedCount(input) },
    rejected: only(input.rejected, about),
    known: of(input.known, touched),
    unresolved: new Set([...touched].filter((ref) => input.unresolved.has(ref))),
    paused: only(input.paused, (ref) => ref === EVERY_JOB || about(ref)),
    restarts: of(input.restarts, touched),
    runs: of(input.runs, touched),
  };
}

/** A deletion waits for the live jobs that depend on the deleted one: what depends on what there, of all that are live. */
function liveNeeds(present: readonly LiveJob[], touched: ReadonlySet<JobRef>, input: PlanInput): LiveJob[] {
  const all = new Map<string, Job[]>();
  const found = new Map(input.live.map((job) => [job.ref, job]));
  for (const job of input.live) {
    const scheduler = schedulerOf(job.ref);
    const list = all.get(scheduler) ?? [];
    list.push(liveAsJob(job, scheduler));
    all.set(scheduler, list);
  }
  const needs = new Set<JobRef>();
  for (const job of present) {
    const scheduler = schedulerOf(job.ref);
    for (const ref of dependenciesOf(liveAsJob(job, scheduler), all.get(scheduler) ?? [], input))
      needs.add(ref);
  }
  return [...without(needs, touched)].flatMap((ref) => found.get(ref) ?? []);
}

function dependenciesOf(job: Job, all: readonly Job[], { schedulers }: PlanInput): JobRef[] {
  return schedulers.get(job.scheduler)?.model.dependencies(job, all) ?? [];
}

function desiredOf({ since, desired }: PlanInput, refs: ReadonlySet<JobRef>): ValidatedJob[] {
  if (refs.size === 0) return [];
  if (since === undefined) return desired.filter(({ ref }) => refs.has(ref));
  return [...refs].flatMap((ref) => since.desired.get(ref) ?? []);
}

function without(refs: ReadonlySet<JobRef>, others: ReadonlySet<JobRef>): Set<JobRef> {
  return new Set([...refs].filter((ref) => !others.has(ref)));
}

function only<K extends string, V>(map: ReadonlyMap<K, V>, keep: (name: K) => boolean): Map<K, V> {
  return new Map([...map].filter(([name]) => keep(name)));
}

/** Of a map that may be about ten thousand jobs. */
function of<V>(map: ReadonlyMap<JobRef, V>, refs: ReadonlySet<JobRef>): Map<JobRef, V> {
  const found = new Map<JobRef, V>();
  for (const ref of refs) {
    const value = map.get(ref);
    if (value !== undefined) found.set(ref, value);
  }
  return found;
}

function sorted<T extends { ref: JobRef }>(jobs: readonly T[]): T[] {
  return [...jobs].sort((a, b) => (a.ref < b.ref ? -1 : a.ref > b.ref ? 1 : 0));
}

function byRef<T extends { ref: JobRef }>(jobs: readonly T[]): Map<JobRef, T> {
  return new Map(jobs.map((job) => [job.ref, job]));
}

function schedulerOf(ref: JobRef): string {
  return ref.slice(0, ref.indexOf(':'));
}
