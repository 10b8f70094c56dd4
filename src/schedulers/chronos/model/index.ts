import { jobRef } from '../../../domain/job/job-ref.js';
import type { SchedulerModel } from '../../../domain/job/scheduler-model.js';
import { schemaCheck } from '../../../domain/job/validate/schema-check.js';
import type { Diagnostic } from '../../../domain/source/diagnostic.js';
import { isObject, pointer, valueAt, type Json, type JsonObject } from '../../../domain/source/json.js';
import { compare } from './compare.js';
import { lately } from './lately.js';
import { createdEffect } from './effect.js';
import { isCron, isoOfCron } from './cron.js';
import { exported } from './exported.js';
import { runs } from './runs.js';
import { STATE_FIELDS } from './fields.js';
import { checkJob, checkSet, parentsOf, RULES } from './rules.js';
import { jobSchema } from './schema.js';
import { warningsOf, WARNINGS } from './warnings.js';

const check = schemaCheck(jobSchema, 'chronos');

/** Everything that can be known of Chronos jobs without talking to it. */
export const chronosModel: SchedulerModel = {
  kind: 'chronos',
  shapes: 'a Chronos job has "name" and "schedule" or "parents"',
  kinds: ['scheduled', 'dependent'],
  schemas: [
    {
      name: 'chronos-job',
      schema: jobSchema,
      when: {
        required: ['name'],
        not: { required: ['id'] },
        anyOf: ['schedule', 'parents', 'command'].map((member) => ({ required: [member] })),
      },
    },
  ],
  naming: { member: 'name', canonical: (name) => name },
  rules: [...RULES, ...WARNINGS],

  /** A job by its shape: a name, and a schedule or parents; a name and a command alone are a slip that is refused later. */
  recognise(value) {
    if (typeof value['name'] !== 'string' || 'id' in value || 'environments' in value) return undefined;
    if ('parents' in value) return 'dependent';
    return 'schedule' in value || 'command' in value ? 'scheduled' : undefined;
  },

  jobsOf(manifest, document, at, kind) {
    const value = valueAt(document.value, at);
    if (!isObject(value) || typeof value['name'] !== 'string') return { jobs: [], diagnostics: [] };
    const diagnostics: Diagnostic[] = [];
    const spec = withoutCron(value);
    for (const name of STATE_FIELDS) {
      if (!(name in spec)) continue;
      delete spec[name];
      diagnostics.push({
        code: 'chronos/state-field',
        severity: 'warning',
        message: `"${name}" is kept by the server and ignored here`,
        fix: 'Remove it.',
        place: document.placeOf(at + pointer(name), 'key'),
      });
    }
    const id = value['name'];
    const source = {
      file: manifest.path,
      files: document.files,
      document: document.index,
      pointer: at,
      placeOf: (inner: string, part?: 'key' | 'value') => document.placeOf(at + inner, part),
    };
    return {
      jobs: [{ ref: jobRef('chronos', id), scheduler: 'chronos', kind, id, spec, source }],
      diagnostics,
    };
  },

  validate: (job, { now }) => [
    ...check(withoutNulls(job.spec), job.source.placeOf),
    ...checkJob(job),
    ...warningsOf(job, now),
  ],
  validateSet: (jobs) => checkSet(jobs),
  dependencies: (job) =>
    parentsOf(job.spec)
      .map((parent) => jobRef(job.scheduler, parent))
      .sort(),
  compare,
  created: ({ spec }) => createdEffect(spec),
  runKinds: ['scheduled', 'dependent'],
  // Also when it is on: what Git does not name stays as it is live.
  switched: (_job, on) => ({ pointer: '/disabled', value: !on }),
  runs,
  lately,
  exported,
  secrets: { references: [], twins: [['/uris/*', '/fetch/*/uri']] },

  images(job) {
    const container = job.spec['container'];
    return isObject(container) && typeof container['image'] === 'string' ? ['/container/image'] : [];
  },
};

/** A cron expression as the interval that it means; one that means none stays, and is refused later. */
function withoutCron(value: JsonObject): JsonObject {
  const { schedule, scheduleTimeZone } = value;
  if (typeof schedule !== 'string' || !isCron(schedule)) return { ...value };
  const converted = isoOfCron(schedule, typeof scheduleTimeZone === 'string' ? scheduleTimeZone : '');
  return 'schedule' in converted ? { ...value, schedule: converted.schedule } : { ...value };
}

/** Nulls have a rule of their own; without them the schema says nothing twice. */
function withoutNulls(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, v]) => v !== null)
      .map(([k, v]) => [k, withoutNulls(v)]),
  );
}
