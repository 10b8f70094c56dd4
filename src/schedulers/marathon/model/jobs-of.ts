import { jobRef } from '../../../domain/job/job-ref.js';
import type { Job, JobKind } from '../../../domain/job/job.js';
import type { Manifest, ManifestDocument } from '../../../domain/job/manifest.js';
import type { Diagnostic } from '../../../domain/source/diagnostic.js';
import {
  isObject,
  pointer,
  valueAt,
  type Json,
  type JsonObject,
  type Pointer,
} from '../../../domain/source/json.js';
import { schemaCheck } from '../../../domain/job/validate/schema-check.js';
import { absoluteId, parentOf } from './ids.js';
import { groupSchema } from './schema/group.js';

/** Fields that only the server writes; a manifest made from an answer of Marathon has them. */
const SERVER_FIELDS = new Set([
  'version',
  'versionInfo',
  'tasksStaged',
  'tasksRunning',
  'tasksHealthy',
  'tasksUnhealthy',
  'deployments',
  'tasks',
  'lastTaskFailure',
  'readinessCheckResults',
  'taskStats',
  'tasksStats',
]);

const checkGroup = schemaCheck(groupSchema, 'marathon');

interface Found {
  jobs: Job[];
  diagnostics: Diagnostic[];
}

/** Whether a document is Marathon's: a pod has containers, a group apps or groups, everything else with an id is an app. */
export function recognise(value: JsonObject): JobKind | undefined {
  if ('schedule' in value || 'parents' in value || 'environments' in value) return undefined;
  if (Array.isArray(value['containers'])) return 'pod';
  if (Array.isArray(value['apps']) || Array.isArray(value['groups'])) return 'group';
  return typeof value['id'] === 'string' ? 'app' : undefined;
}

/** The jobs of a document. A group states its apps; it is a job itself only where it has attributes of its own. */
export function jobsOf(manifest: Manifest, document: ManifestDocument, at: Pointer, kind: JobKind): Found {
  const value = valueAt(document.value, at);
  const found: Found = { jobs: [], diagnostics: [] };
  if (!isObject(value)) return found;
  if (kind === 'group') groupJobs({ manifest, document, at, value, base: '/' }, found);
  else found.jobs.push(toJob({ manifest, document, at, value, base: '/' }, kind, found));
  return found;
}

interface Part {
  manifest: Manifest;
  document: ManifestDocument;
  at: Pointer;
  value: JsonObject;
  /** Group that relative ids are seen from. */
  base: string;
}

function groupJobs(part: Part, found: Found): void {
  const { document, at, value, base } = part;
  const own = withoutServerFields(part, found);
  found.diagnostics.push(...checkGroup(own, (inner, which) => document.placeOf(at + inner, which)));
  const id = typeof value['id'] === 'string' ? absoluteId(value['id'], base) : base;
  const dependencies = textList(value['dependencies']).map((d) => absoluteId(d, id));
  if (dependencies.length > 0 || value['enforceRole'] !== undefined) {
    const spec: JsonObject = { id, dependencies };
    if (value['enforceRole'] !== undefined) spec['enforceRole'] = value['enforceRole'];
    found.jobs.push(jobWith(part, 'group', id, spec));
  }
  for (const [name, kind] of [
    ['apps', 'app'],
    ['groups', 'group'],
  ] as const) {
    const items = Array.isArray(value[name]) ? value[name] : [];
    items.forEach((item: Json, index) => {
      if (!isObject(item)) return;
      const inner: Part = { ...part, at: at + pointer(name, index), value: item, base: id };
      if (kind === 'group') return groupJobs(inner, found);
      const job = toJob(inner, 'app', found);
      if (parentOf(job.id) !== id) {
        found.diagnostics.push({
          code: 'marathon/app-outside-group',
          severity: 'error',
          message: `the app ${job.id} is not a direct child of its group ${id}`,
          fix: `Name it ${id === '/' ? '' : id}/NAME, or move it into the group ${parentOf(job.id)}.`,
          place: document.placeOf(`${inner.at}/id`),
        });
      }
      found.jobs.push(job);
    });
  }
}

function toJob(part: Part, kind: JobKind, found: Found): Job {
  const { value, base } = part;
  const spec = withoutServerFields(part, found);
  const id = typeof value['id'] === 'string' ? absoluteId(value['id'], base) : base;
  if (typeof value['id'] === 'string') spec['id'] = id;
  if (Array.isArray(value['dependencies']))
    spec['dependencies'] = value['dependencies'].map((d) =>
      typeof d === 'string' ? absoluteId(d, base) : d,
    );
  return jobWith(part, kind, id, spec);
}

function jobWith({ manifest, document, at }: Part, kind: JobKind, id: string, spec: JsonObject): Job {
  return {
    ref: jobRef('marathon', id),
    scheduler: 'marathon',
    kind,
    id,
    spec,
    source: {
      file: manifest.path,
      document: document.index,
      pointer: at,
      placeOf: (inner, which) => document.placeOf(at + inner, which),
    },
  };
}

function withoutServerFields({ document, at, value }: Part, found: Found): JsonObject {
  const spec: JsonObject = { ...value };
  for (const name of Object.keys(value)) {
    if (!SERVER_FIELDS.has(name)) continue;
    delete spec[name];
    found.diagnostics.push({
      code: 'marathon/server-field',
      severity: 'warning',
      message: `"${name}" is written by the server and ignored here`,
      fix: 'Remove it.',
      place: document.placeOf(at + pointer(name), 'key'),
    });
  }
  return spec;
}

function textList(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.filter((v) => typeof v === 'string') : [];
}
