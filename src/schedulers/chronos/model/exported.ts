import type { SchedulerModel } from '../../../domain/job/scheduler-model.js';
import { canonicalJson, isObject, setOwn, type Json, type JsonObject } from '../../../domain/source/json.js';
import { OLD_FIELDS, STATE_FIELDS } from './fields.js';

/** What Chronos fills in, and what goes without saying (reference: chronos.md §2). */
const DEFAULTS: Readonly<Record<string, Json>> = {
  shell: true,
  retries: 2,
  disabled: false,
  concurrent: false,
  softError: false,
  highPriority: false,
  dataProcessingJobType: false,
  maxCompletionTime: 0,
};

/**
 * A live job as a manifest: without its counters, without defaults and empty values. The schedule is the one that it has
 * come to, so that putting the job back changes nothing of when it runs.
 */
export const exported: NonNullable<SchedulerModel['exported']> = ({ spec }) => {
  const manifest: JsonObject = {};
  for (const [name, value] of Object.entries(spec)) {
    if (STATE_FIELDS.includes(name) || OLD_FIELDS.includes(name) || isEmpty(value)) continue;
    // The list shows either also as the other, and both together are refused.
    if (name === 'uris' && !isEmpty(spec['fetch'])) continue;
    if (name === 'schedule' && !isEmpty(spec['parents'])) continue;
    if (Object.hasOwn(DEFAULTS, name) && canonicalJson(DEFAULTS[name] ?? null) === canonicalJson(value))
      continue;
    setOwn(manifest, name, name === 'schedule' ? countedAgain(value) : value);
  }
  return manifest;
};

/** A job that has run out is one whose last run is done; no manifest may say R0. */
function countedAgain(schedule: Json): Json {
  return typeof schedule === 'string' ? schedule.replace(/^R0\//, 'R1/') : schedule;
}

/** Nothing that has to be written. */
function isEmpty(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
}
