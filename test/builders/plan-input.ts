import type { JobRef } from '../../src/domain/job/job-ref.js';
import { jobRef } from '../../src/domain/job/job-ref.js';
import type { Job, ValidatedJob } from '../../src/domain/job/job.js';
import type { SchedulerModel } from '../../src/domain/job/scheduler-model.js';
import type { LiveJob } from '../../src/domain/plan/plan.js';
import type { KnownJob, PlanInput } from '../../src/domain/plan/plan-input.js';
import { maskKey, SecretMask } from '../../src/domain/plan/secrets/index.js';
import { NO_FACTS, openPolicy, type GatePolicy } from '../../src/domain/plan/policy.js';
import { canonicalJson, isObject, valueAt, type JsonObject } from '../../src/domain/source/json.js';
import type { ObjectId, Revision } from '../../src/domain/source/revision.js';

/** A scheduler with the simplest semantics there are: documents are compared as they stand, `needs` are dependencies. */
export const plainModel: SchedulerModel = {
  kind: 'plain',
  kinds: ['job'],
  schemas: [],
  naming: { member: 'id', canonical: (id) => id },
  rules: [],
  recognise: (value) => ('id' in value ? 'job' : undefined),
  jobsOf: (manifest, document, at, kind) => {
    const spec = asObject(valueAt(document.value, at));
    const id = String(spec['id']);
    const { index, placeOf } = document;
    const source = {
      file: manifest.path,
      files: document.files,
      document: index,
      pointer: at,
      placeOf: (inner: string, part?: 'key' | 'value') => placeOf(at + inner, part),
    };
    return {
      jobs: [{ ref: jobRef('plain', id), scheduler: 'plain', kind, id, spec, source }],
      diagnostics: [],
    };
  },
  validate: ({ spec, source }) =>
    spec['broken'] === true
      ? [
          {
            code: 'plain/broken',
            severity: 'error',
            message: 'it is broken',
            place: source.placeOf('/broken'),
          },
        ]
      : [],
  validateSet: () => [],
  dependencies: ({ spec, scheduler }) =>
    Array.isArray(spec['needs']) ? spec['needs'].map((id) => jobRef(scheduler, String(id))) : [],
  compare: (desired, live) => {
    if (canonicalJson(desired.spec) === canonicalJson(live.spec)) return { fields: [], action: 'none' };
    const scaled =
      canonicalJson({ ...desired.spec, instances: 0 }) === canonicalJson({ ...live.spec, instances: 0 });
    return {
      fields: [{ pointer: '', before: live.spec, after: desired.spec }],
      action: scaled ? 'scale' : 'update',
    };
  },
  restartKinds: ['job'],
  runKinds: ['job'],
  images: () => [],
};

export const REVISION = 'a'.repeat(40) as Revision;
export const TREE = 'b'.repeat(40) as ObjectId;

export function job(id: string, spec: JsonObject = {}): ValidatedJob {
  const file = `${id}.json`;
  const all = { id, ...spec };
  return {
    ref: jobRef('plain', id),
    scheduler: 'plain',
    kind: 'job',
    id,
    spec: all,
    source: {
      file,
      files: [file],
      document: 0,
      pointer: '',
      placeOf: (at) => ({ file, line: 1, column: 1, pointer: at }),
    },
  } as Job as ValidatedJob;
}

export function live(id: string, spec: JsonObject = {}, more: Partial<LiveJob> = {}): LiveJob {
  return { ref: jobRef('plain', id), kind: 'job', id, spec: { id, ...spec }, version: 'v1', ...more };
}

/** What the ledger would know after the document was sent. */
export function known(id: string, spec: JsonObject = {}, more: Partial<KnownJob> = {}): [JobRef, KnownJob] {
  return [jobRef('plain', id), { scheduler: 'plain', kind: 'job', id, document: { id, ...spec }, ...more }];
}

export function input(parts: Partial<PlanInput> = {}): PlanInput {
  return {
    environment: 'test',
    revision: REVISION,
    trees: [{ folder: 'jobs', tree: TREE }],
    desired: [],
    rejected: new Map(),
    complete: true,
    live: [],
    known: new Map(),
    unresolved: new Set(),
    paused: new Map(),
    restarts: new Map(),
    runs: new Map(),
    unreadable: new Map(),
    schedulers: new Map([['plain', { model: plainModel, context: { settings: {} } }]]),
    ignoreFields: [],
    together: [],
    adopt: 'none',
    retry: 'none',
    now: Date.parse('2026-01-01T00:00:00Z'),
    facts: NO_FACTS,
    ...parts,
  };
}

export const LENIENT: GatePolicy = openPolicy({
  enabled: true,
  maxCount: 1000,
  maxShare: 1,
  allowed: false,
});

export function asObject(value: unknown): JsonObject {
  if (!isObject(value)) throw new Error('not an object');
  return value;
}

/** For tests that have none. */
export function noSecrets(): SecretMask {
  return new SecretMask({ rules: [], schedulers: new Map(), key: () => maskKey('0123456789abcdef') });
}
