import type { JobRef } from '../domain/job/job-ref.js';
import type { FieldDiff } from '../domain/job/scheduler-model.js';
import type { FieldRule } from '../domain/plan/field-rules.js';
import { ownedElsewhere, withFieldsOf } from '../domain/plan/field-rules.js';
import type { LiveJob } from '../domain/plan/plan.js';
import type { KnownJob } from '../domain/plan/plan-input.js';
import type { Models } from './declared.js';

/** A job that is not as it was last sent, whatever Git says. */
export interface Drift {
  ref: JobRef;
  kind: 'changed' | 'deleted' | 'foreign';
  fields: FieldDiff[];
  /** What bringing it back would do there. */
  effect?: string;
}

export interface DriftSources {
  environment: string;
  known: ReadonlyMap<JobRef, KnownJob>;
  live: readonly LiveJob[];
  models: Models;
  ignoreFields: readonly FieldRule[];
}

/**
 * What somebody changed by hand since the last deploy: live definitions beside the documents that were sent, Git left
 * aside. `foreign`: it carries the marks of the environment and is not on record.
 */
export function driftOf({ environment, known, live, models, ignoreFields }: DriftSources): Drift[] {
  const byRef = new Map(live.map((job) => [job.ref, job]));
  const found: Drift[] = [];
  for (const [ref, { scheduler, kind, id, document }] of known) {
    const model = models.get(scheduler);
    if (document === undefined || model === undefined) continue;
    const now = byRef.get(ref);
    if (now === undefined) {
      found.push({ ref, kind: 'deleted', fields: [] });
      continue;
    }
    const source = { file: '', files: [], document: 0, pointer: '', placeOf: () => ({ file: '' }) };
    const spec = withFieldsOf(document, now.spec, ownedElsewhere({ id, ref, source }, ignoreFields));
    const { fields, action, effect } = model.model.compare({ kind, spec }, now, model.context);
    if (action !== 'none')
      found.push({ ref, kind: 'changed', fields, ...(effect === undefined ? {} : { effect }) });
  }
  for (const job of live)
    if (job.ownerLabel === environment && !known.has(job.ref) && job.beside === undefined)
      found.push({ ref: job.ref, kind: 'foreign', fields: [] });
  return found.sort((a, b) => (a.ref < b.ref ? -1 : 1));
}
