import type { JobRef } from '../job/job-ref.js';
import type { ValidatedJob } from '../job/job.js';
import type { Comparison } from '../job/scheduler-model.js';
import { digest } from '../source/digest.js';
import type { JsonObject } from '../source/json.js';
import type { Change, LiveJob } from './plan.js';
import type { KnownJob, PlanInput } from './plan-input.js';

type Draft = Omit<Change, 'after'>;

/** The change that makes a job of Git true, seen from its scheduler and from what was last applied (three-way). */
export function changeOfDesired(job: ValidatedJob, live: LiveJob | undefined, input: PlanInput): Draft {
  const known = input.known.get(job.ref);
  const draft: Draft = {
    ref: job.ref,
    scheduler: job.scheduler,
    kind: job.kind,
    id: job.id,
    action: 'none',
    desired: job,
    ...(live === undefined ? {} : { live }),
    ...(known?.document === undefined ? {} : { lastApplied: known.document }),
    fields: [],
    reason: 'as in Git',
    drift: false,
    unresolved: input.unresolved.has(job.ref),
  };
  const unreadable = input.unreadable.get(job.scheduler);
  if (unreadable !== undefined)
    return blocked(draft, 'none', `${job.scheduler} could not be read: ${unreadable}`);
  const wanted = live === undefined ? creation(draft, known) : difference(draft, live, known, input);
  return gateOfJob(wanted, live, known, input);
}

function creation(draft: Draft, known: KnownJob | undefined): Draft {
  return known?.document === undefined
    ? { ...draft, action: 'create', reason: 'new in Git' }
    : { ...draft, action: 'create', reason: 'deleted by hand', drift: true };
}

function difference(draft: Draft, live: LiveJob, known: KnownJob | undefined, input: PlanInput): Draft {
  const { desired } = draft;
  if (desired === undefined) return draft;
  const comparison = compare(desired, live, input);
  if (comparison.action === 'none') return draft;
  const drift = known?.document !== undefined && sameAs(desired, known.document, input);
  return {
    ...draft,
    action: comparison.action,
    fields: comparison.fields,
    ...(comparison.effect === undefined ? {} : { effect: comparison.effect }),
    reason: drift ? 'changed by hand' : 'changed in Git',
    drift,
  };
}

/** True where Git still says what was last sent: then a difference was made by somebody else. */
function sameAs(desired: ValidatedJob, document: JsonObject, input: PlanInput): boolean {
  return compare(desired, { kind: desired.kind, spec: document }, input).action === 'none';
}

function compare(desired: ValidatedJob, live: Pick<LiveJob, 'kind' | 'spec'>, input: PlanInput): Comparison {
  const scheduler = input.schedulers.get(desired.scheduler);
  if (scheduler === undefined) throw new Error(`no model for scheduler ${desired.scheduler}`);
  return scheduler.model.compare(desired, live, scheduler.context);
}

/** What holds a single job back: an owner who is not us, and a definition that failed and has not changed since. */
function gateOfJob(
  draft: Draft,
  live: LiveJob | undefined,
  known: KnownJob | undefined,
  input: PlanInput,
): Draft {
  const { environment } = input;
  if (live !== undefined) {
    const owner = live.ownerLabel;
    if (owner !== undefined && owner !== environment)
      return blocked(draft, draft.action, `belongs to the environment "${owner}"`);
    const owned = owner === environment || known !== undefined || draft.unresolved;
    if (!owned && !named(input.adopt, draft.ref))
      return blocked(draft, draft.action, 'exists and is not owned by Towline; adopt it with --adopt');
    // An adopted job that already is as in Git is only put on record: no call, no restart.
    if (!owned)
      return { ...draft, reason: 'adopted', unresolved: draft.unresolved || draft.action === 'none' };
  }
  const failed = known?.failedDigest;
  if (draft.action !== 'none' && failed !== undefined && !named(input.retry, draft.ref)) {
    if (draft.desired !== undefined && digest(draft.desired.spec) === failed)
      return blocked(
        draft,
        draft.action,
        'this definition failed before and has not changed since; see --retry',
      );
  }
  return draft;
}

/** The deletion of an owned job that Git no longer has; undefined where the job is not ours to judge. */
export function changeOfGone(live: LiveJob, scheduler: string, input: PlanInput): Draft | undefined {
  const known = input.known.get(live.ref);
  const owned =
    live.ownerLabel === undefined
      ? known !== undefined || input.unresolved.has(live.ref)
      : live.ownerLabel === input.environment;
  if (!owned) return undefined;
  const draft: Draft = {
    ref: live.ref,
    scheduler,
    kind: live.kind,
    id: live.id,
    action: 'delete',
    live,
    ...(known?.document === undefined ? {} : { lastApplied: known.document }),
    fields: [],
    reason: 'gone from Git',
    drift: false,
    unresolved: input.unresolved.has(live.ref),
  };
  const rejected = input.rejected.get(live.ref);
  if (rejected !== undefined)
    return blocked(
      { ...draft, action: 'none', reason: rejected },
      'update',
      `its manifest is not valid: ${rejected}`,
    );
  if (!input.complete)
    return blocked(draft, 'delete', 'a manifest could not be read, so nothing is known to be gone');
  return draft;
}

/** A job on record that neither Git nor its scheduler has any more: nothing to call, only to be put on record. */
export function changeOfForgotten(ref: JobRef, known: KnownJob, input: PlanInput): Draft | undefined {
  if (!input.complete || input.rejected.has(ref) || input.unreadable.has(known.scheduler)) return undefined;
  return {
    ref,
    scheduler: known.scheduler,
    kind: known.kind,
    id: known.id,
    action: 'none',
    fields: [],
    reason: 'gone from Git and from the scheduler',
    drift: false,
    unresolved: true,
  };
}

/** The same change, held back. */
export function blocked<T extends Pick<Change, 'action' | 'reason'>>(
  change: T,
  wanted: Change['action'],
  reason: string,
): T & { action: 'blocked'; wanted: Change['action'] } {
  return { ...change, action: 'blocked', wanted, reason };
}

function named(which: 'none' | 'all' | ReadonlySet<JobRef>, ref: JobRef): boolean {
  return which === 'all' || (which !== 'none' && which.has(ref));
}
