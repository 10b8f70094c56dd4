import type { JobRef } from '../job/job-ref.js';
import type { Job, ValidatedJob } from '../job/job.js';
import type { Comparison, FieldDiff } from '../job/scheduler-model.js';
import { digest } from '../source/digest.js';
import type { JsonObject, Pointer } from '../source/json.js';
import { ownedElsewhere, withFieldsOf } from './field-rules.js';
import type { Change, LiveJob } from './plan.js';
import type { KnownJob, PlanInput } from './plan-input.js';

type Draft = Omit<Change, 'after'>;

/** Why a change is held that was tried and did not work. */
export const FAILED_BEFORE = 'this definition failed before and has not changed since; see --retry';

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
  const wanted =
    live === undefined ? creation(draft, job, known, input) : difference(draft, live, known, input);
  return gateOfJob(wanted, live, known, input);
}

function creation(
  draft: Draft,
  job: ValidatedJob,
  known: KnownJob | undefined,
  { schedulers }: PlanInput,
): Draft {
  const effect = schedulers.get(job.scheduler)?.model.created?.(job);
  const made: Draft = { ...draft, action: 'create', ...(effect === undefined ? {} : { effect }) };
  return known?.document === undefined
    ? { ...made, reason: 'new in Git' }
    : { ...made, reason: 'deleted by hand', drift: true };
}

function difference(draft: Draft, live: LiveJob, known: KnownJob | undefined, input: PlanInput): Draft {
  const { desired } = draft;
  if (desired === undefined) return draft;
  const others = ownedElsewhere(desired, input.ignoreFields);
  const document = others.length === 0 ? desired.spec : withFieldsOf(desired.spec, live.spec, others);
  const wanted = { ...desired, spec: document };
  const comparison = compare(wanted, live, input, known?.document);
  const elsewhere = others.length === 0 ? [] : leftOut(compare(desired, live, input), comparison);
  const kept: Draft = {
    ...draft,
    ...(others.length === 0 ? {} : { document }),
    ...(elsewhere.length === 0 ? {} : { elsewhere }),
  };
  if (comparison.action === 'none') return kept;
  const fields = attributed(comparison.fields, { wanted, live, known, others }, input);
  const drift = known?.document !== undefined && fields.every(({ by }) => by === 'hand');
  return {
    ...kept,
    action: comparison.action,
    fields,
    ...(comparison.effect === undefined ? {} : { effect: comparison.effect }),
    reason: drift ? 'changed by hand' : reasonOf(fields),
    drift,
  };
}

function leftOut(all: Comparison, kept: Comparison): FieldDiff[] {
  const known = new Set(kept.fields.map(({ pointer }) => pointer));
  return all.fields.filter(({ pointer }) => !known.has(pointer));
}

function reasonOf(fields: readonly FieldDiff[]): string {
  return fields.some(({ by }) => by === 'hand' || by === 'both')
    ? 'changed in Git and by hand'
    : 'changed in Git';
}

/** Says of each difference who made it: what Git changed since the last send, and what was changed in between by hand. */
function attributed(
  fields: readonly FieldDiff[],
  {
    wanted,
    live,
    known,
    others,
  }: {
    wanted: Pick<Job, 'kind' | 'scheduler' | 'spec'>;
    live: LiveJob;
    known: KnownJob | undefined;
    others: readonly Pointer[];
  },
  input: PlanInput,
): FieldDiff[] {
  if (known?.document === undefined) return [...fields];
  const sent = { kind: wanted.kind, spec: withFieldsOf(known.document, live.spec, others) };
  const inGit = compare(wanted, sent, input).fields;
  const byHand = compare({ ...sent, scheduler: wanted.scheduler }, live, input).fields;
  return fields.map((field) => {
    const [git, hand] = [inGit, byHand].map((list) =>
      list.some((other) => overlap(field.pointer, other.pointer)),
    );
    return { ...field, by: git === true && hand === true ? 'both' : hand === true ? 'hand' : 'git' };
  });
}

function overlap(a: Pointer, b: Pointer): boolean {
  return a === b || a.startsWith(`${b}/`) || b.startsWith(`${a}/`);
}

function compare(
  desired: Pick<Job, 'kind' | 'scheduler' | 'spec'>,
  live: Pick<LiveJob, 'kind' | 'spec'>,
  input: PlanInput,
  lastApplied?: JsonObject,
): Comparison {
  const scheduler = input.schedulers.get(desired.scheduler);
  if (scheduler === undefined) throw new Error(`no model for scheduler ${desired.scheduler}`);
  return scheduler.model.compare(desired, live, scheduler.context, lastApplied);
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
      return blocked(draft, draft.action, FAILED_BEFORE);
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
    reason: live.beside === undefined ? 'gone from Git' : `left over from a change of ${live.beside}`,
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
  const model = input.schedulers.get(scheduler)?.model;
  if (known === undefined && !draft.unresolved && (live.copy ?? model?.isCopy?.(live)) === true)
    return blocked(
      draft,
      'delete',
      'it carries the marks of this environment, but was made by somebody else, perhaps as a copy: take the TOWLINE_ labels off it',
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
