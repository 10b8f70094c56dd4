import type { SchedulerModel } from '../../../domain/job/scheduler-model.js';
import { canonicalJson, isObject, setOwn, type Json, type JsonObject } from '../../../domain/source/json.js';
import { STATE_FIELDS } from './rules.js';

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

/** Only 2.x knows them; 3.x drops them silently. */
const OLD = new Set(['epsilon', 'async']);

/**
 * A live job as a manifest: without its counters, without defaults and empty values. The schedule is the one that it has
 * come to, so that putting the job back changes nothing of when it runs.
 */
export const exported: NonNullable<SchedulerModel['exported']> = ({ spec }) => {
  const manifest: JsonObject = {};
  for (const [name, value] of Object.entries(spec)) {
    if (STATE_FIELDS.includes(name) || OLD.has(name) || isEmpty(value)) continue;
    // The list shows either also as the other, and both together are refused.
    if (name === 'uris' && !isEmpty(spec['fetch'])) continue;
    if (name === 'schedule' && !isEmpty(spec['parents'])) continue;
    if (Object.hasOwn(DEFAULTS, name) && canonicalJson(DEFAULTS[name] ?? null) === canonicalJson(value))
      continue;
    setOwn(manifest, name, value);
  }
  return manifest;
};

/** Nothing that has to be written. */
function isEmpty(value: Json | undefined): boolean {
  if (value === undefined || value === null || value === '') return true;
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) && Object.keys(value).length === 0;
}
