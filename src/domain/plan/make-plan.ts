import { sortByDependencies } from '../job/graph.js';
import type { Job } from '../job/job.js';
import type { JobRef } from '../job/job-ref.js';
import { digest } from '../source/digest.js';
import { blocked, changeOfDesired, changeOfForgotten, changeOfGone } from './diff.js';
import { holdSets, inSets } from './sets.js';
import { gatePrunes, type PrunePolicy } from './gate.js';
import type { Change, LiveJob, Plan } from './plan.js';
import type { PlanInput } from './plan-input.js';

/**
 * What has to happen so that the schedulers run what Git states. Pure: the same input gives the same plan, byte for
 * byte. Changes come in an order that respects `after`; a job that is held back holds back what depends on it.
 */
export function makePlan(input: PlanInput, policy: PrunePolicy): Plan {
  const live = new Map(input.live.map((job) => [job.ref, job]));
  const stated = desiredChanges(input, live);
  const drafts = [...stated, ...goneChanges(input, stated), ...forgottenChanges(input, live)];
  const gated = gatePrunes(drafts, ownedCount(input), policy);
  const changes = holdSets(holdDependents(inOrder(withAfter(inSets(gated, input), input)), input));
  return {
    id: planId(input.environment, changes),
    environment: input.environment,
    revision: input.revision,
    trees: input.trees,
    changes,
  };
}

function desiredChanges(input: PlanInput, live: ReadonlyMap<JobRef, LiveJob>): Change[] {
  return input.desired.map((job) => ({ ...changeOfDesired(job, live.get(job.ref), input), after: [] }));
}

function goneChanges(input: PlanInput, stated: readonly Change[]): Change[] {
  const wanted = new Set(input.desired.map((job) => job.ref));
  // Whoever changes a job looks after the one beside it.
  const busy = new Set(stated.filter(({ action }) => action !== 'none').map(({ ref }) => ref));
  return input.live.flatMap((job) => {
    if (wanted.has(job.ref) || (job.beside !== undefined && busy.has(job.beside))) return [];
    const change = changeOfGone(job, schedulerOf(job.ref), input);
    return change === undefined ? [] : [{ ...change, after: [] }];
  });
}

function forgottenChanges(input: PlanInput, live: ReadonlyMap<JobRef, LiveJob>): Change[] {
  const wanted = new Set(input.desired.map((job) => job.ref));
  return [...input.known].flatMap(([ref, known]) => {
    if (wanted.has(ref) || live.has(ref)) return [];
    const change = changeOfForgotten(ref, known, input);
    return change === undefined ? [] : [{ ...change, after: [] }];
  });
}

function ownedCount(input: PlanInput): number {
  return input.live.filter((job) => job.ownerLabel === input.environment || input.known.has(job.ref)).length;
}

/**
 * Dependencies first when something is made or changed. A deletion waits for every job that depends on the deleted one
 * now, whether that job is deleted as well or changed so that it no longer does.
 */
function withAfter(changes: readonly Change[], input: PlanInput): Change[] {
  const active = new Set(changes.filter((c) => c.action !== 'none').map((c) => c.ref));
  const all = input.desired;
  const after = new Map<JobRef, Set<JobRef>>(changes.map((c) => [c.ref, new Set<JobRef>()]));
  const live = new Map<string, Job[]>();
  const liveOf = (name: string): Job[] => {
    const known = live.get(name) ?? liveJobs(input, name);
    live.set(name, known);
    return known;
  };
  const kindOfChange = new Map(changes.map((c) => [c.ref, c.wanted ?? c.action]));
  for (const change of changes) {
    if (change.action === 'none') continue;
    const scheduler = input.schedulers.get(change.scheduler);
    if (scheduler === undefined) continue;
    if (change.desired !== undefined) {
      for (const ref of scheduler.model.dependencies(change.desired, all)) {
        if (ref !== change.ref && active.has(ref) && kindOfChange.get(ref) !== 'delete')
          after.get(change.ref)?.add(ref);
      }
    }
    if (change.live !== undefined) {
      const asJob = liveAsJob(change.live, change.scheduler);
      for (const ref of scheduler.model.dependencies(asJob, liveOf(change.scheduler))) {
        if (ref !== change.ref && kindOfChange.get(ref) === 'delete') after.get(ref)?.add(change.ref);
      }
    }
  }
  return changes.map((c) => ({ ...c, after: [...(after.get(c.ref) ?? [])].sort() }));
}

function liveJobs(input: PlanInput, scheduler: string): Job[] {
  return input.live
    .filter((job) => schedulerOf(job.ref) === scheduler)
    .map((job) => liveAsJob(job, scheduler));
}

function liveAsJob(live: LiveJob, scheduler: string): Job {
  const file = `live:${live.ref}`;
  return {
    ref: live.ref,
    scheduler,
    kind: live.kind,
    id: live.id,
    spec: live.spec,
    source: { file, files: [file], document: 0, pointer: '', placeOf: (at) => ({ file, pointer: at }) },
  };
}

function inOrder(changes: readonly Change[]): Change[] {
  const byRef = new Map(changes.map((c) => [c.ref, c]));
  const sorted = sortByDependencies([...byRef.keys()], (ref) => byRef.get(ref)?.after ?? []);
  return sorted.flatMap((ref) => byRef.get(ref) ?? []);
}

/** A blocked job holds back every change that must come after it, and every change that depends on a refused manifest. */
function holdDependents(changes: readonly Change[], input: PlanInput): Change[] {
  const held = new Map<JobRef, string>([...input.rejected].map(([ref]) => [ref, 'is not valid in Git']));
  const result: Change[] = [];
  for (const change of changes) {
    const cause =
      change.action === 'none' || change.action === 'blocked' ? undefined : causeOf(change, held, input);
    const next = cause === undefined ? change : blocked(change, change.action, cause);
    if (next.action === 'blocked') held.set(next.ref, 'is held back');
    result.push(next);
  }
  return result;
}

function causeOf(change: Change, held: ReadonlyMap<JobRef, string>, input: PlanInput): string | undefined {
  const scheduler = input.schedulers.get(change.scheduler);
  const needs = new Set(change.after);
  if (change.desired !== undefined && scheduler !== undefined)
    for (const ref of scheduler.model.dependencies(change.desired, input.desired)) needs.add(ref);
  for (const ref of needs) {
    const why = held.get(ref);
    if (why !== undefined) return `waits for ${ref}, which ${why}`;
  }
  return undefined;
}

/** Names what the plan will do, not how it came about: same actions on same documents, same id. */
function planId(environment: string, changes: readonly Change[]): string {
  const actions = changes
    .filter((c) => c.action !== 'none' || c.unresolved)
    .map((c) => [
      c.ref,
      c.action,
      c.desired === undefined ? null : digest(c.desired.spec),
      c.live?.version ?? null,
    ]);
  return digest([environment, ...actions]).slice('sha256:'.length, 'sha256:'.length + 12);
}

function schedulerOf(ref: JobRef): string {
  return ref.slice(0, ref.indexOf(':'));
}
