import { sortByDependencies } from '../job/graph.js';
import type { Job, ValidatedJob } from '../job/job.js';
import type { JobRef } from '../job/job-ref.js';
import { digest } from '../source/digest.js';
import { withRestart, withRun } from './obey-orders.js';
import { tellRenames } from './renames.js';
import { blocked, changeOfDesired, changeOfForgotten, changeOfGone } from './diff.js';
import { holdSets, inSets } from './sets.js';
import { holdUnwanted, isSent, passGates } from './gates/index.js';
import type { GatePolicy } from './policy.js';
import type { Change, LiveJob, Plan } from './plan.js';
import type { KnownJob, PlanInput } from './plan-input.js';

/**
 * What has to happen so that the schedulers run what Git states. Pure: the same input gives the same plan, byte for
 * byte. Changes come in an order that respects `after`; a job that is held back holds back what depends on it.
 */
export function makePlan(input: PlanInput, policy: GatePolicy): Plan {
  const view = viewOf(input);
  const { acting, idle } = statedChanges(input, view);
  const drafts = [...acting, ...goneChanges(input, acting, view), ...forgottenChanges(input, view)];
  // Before anything is held: a job whose new name can't come must not go.
  const waiting = tellRenames(withAfter(drafts, input), input);
  const unwanted = holdUnwanted(waiting, input, policy);
  // What is sent as soon as time and people allow it: this is what people approve.
  const wanted = holdSets(holdDependents(inOrder(inSets(unwanted.changes, input)), input));
  const digest = planDigest(input.environment, wanted);
  const id = digest.slice('sha256:'.length, 'sha256:'.length + 12);
  const asking = { input, policy, digest, id, jobs: () => jobCount(input), owned: () => ownedCount(input) };
  const gated = passGates(wanted, asking);
  const ordered = holdSets(holdDependents(gated.changes, input));
  return {
    digest,
    id,
    environment: input.environment,
    revision: input.revision,
    trees: input.trees,
    // What stays as it is waits for nothing, and nothing waits for it.
    changes: [...ordered, ...idle],
    decisions: [...unwanted.decisions, ...gated.decisions],
  };
}

/** What is looked at. */
interface View {
  stated: Iterable<ValidatedJob>;
  present: Iterable<LiveJob>;
  onRecord: Iterable<readonly [JobRef, KnownJob]>;
  desired: { has(ref: JobRef): boolean };
  live: ReadonlyMap<JobRef, LiveJob>;
}

function viewOf({ since, desired, live, known }: PlanInput): View {
  if (since !== undefined) {
    const refs = [...since.touched].sort();
    return {
      stated: refs.flatMap((ref) => since.desired.get(ref) ?? []),
      present: refs.flatMap((ref) => since.live.get(ref) ?? []),
      onRecord: refs.flatMap((ref) => {
        const job = known.get(ref);
        return job === undefined ? [] : [[ref, job] as const];
      }),
      desired: since.desired,
      live: since.live,
    };
  }
  return {
    stated: desired,
    present: live,
    onRecord: known,
    desired: new Set(desired.map(({ ref }) => ref)),
    live: new Map(live.map((job) => [job.ref, job])),
  };
}

/** The changes of the jobs of Git: those that do something, or are held, and the many that do nothing. */
function statedChanges(input: PlanInput, { stated, live }: View): { acting: Change[]; idle: Change[] } {
  const [acting, idle]: [Change[], Change[]] = [[], []];
  for (const job of stated) {
    const change: Change = { ...changeOfDesired(job, live.get(job.ref), input), after: [] };
    const restarted = input.restarts.size === 0 ? change : withRestart(change, input);
    const asked = input.runs.size === 0 ? restarted : withRun(restarted, input);
    if (asked.action === 'none' && !asked.unresolved) idle.push(asked);
    else acting.push(asked);
  }
  return { acting, idle };
}

function goneChanges(input: PlanInput, acting: readonly Change[], { present, desired }: View): Change[] {
  // Whoever changes a job looks after the one beside it.
  const busy = new Set(acting.filter(({ action }) => action !== 'none').map(({ ref }) => ref));
  const gone: Change[] = [];
  for (const job of present) {
    if (desired.has(job.ref) || (job.beside !== undefined && busy.has(job.beside))) continue;
    const change = changeOfGone(job, schedulerOf(job.ref), input);
    if (change !== undefined) gone.push({ ...change, after: [] });
  }
  return gone;
}

function forgottenChanges(input: PlanInput, { onRecord, desired, live }: View): Change[] {
  const forgotten: Change[] = [];
  for (const [ref, known] of onRecord) {
    if (desired.has(ref) || live.has(ref)) continue;
    const change = changeOfForgotten(ref, known, input);
    if (change !== undefined) forgotten.push({ ...change, after: [] });
  }
  return forgotten;
}

/** Live jobs that are this environment's. */
export function ownedCount(input: PlanInput): number {
  if (input.counts !== undefined) return input.counts.owned;
  return input.live.filter((job) => isOwned(job, input)).length;
}

/** Of Git, or owned and gone from there. */
export function jobCount(input: PlanInput): number {
  if (input.counts !== undefined) return input.counts.jobs;
  const refs = new Set(input.desired.map(({ ref }) => ref));
  for (const job of input.live) if (isOwned(job, input)) refs.add(job.ref);
  return refs.size;
}

function isOwned(job: LiveJob, { environment, known }: PlanInput): boolean {
  return job.ownerLabel === environment || known.has(job.ref);
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
  const deletes = [...kindOfChange.values()].includes('delete');
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
    if (change.live !== undefined && deletes) {
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

/** A live job as one that a manifest states, for what is asked of both. */
export function liveAsJob(live: LiveJob, scheduler: string): Job {
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

/**
 * Names what the plan does when nothing of it is held any more, not how it came about: same actions on same documents, same
 * digest, whoever has approved it and whatever the time. What is not to be sent at all is no part of it.
 */
function planDigest(environment: string, wanted: readonly Change[]): string {
  const actions = wanted
    .filter(isSent)
    .sort((a, b) => (a.ref < b.ref ? -1 : 1))
    .map((c) => [
      c.ref,
      c.action,
      c.desired === undefined ? null : digest(c.document ?? c.desired.spec),
      c.live?.version ?? null,
      c.args ?? null,
    ]);
  return digest([environment, ...actions]);
}

function schedulerOf(ref: JobRef): string {
  return ref.slice(0, ref.indexOf(':'));
}
