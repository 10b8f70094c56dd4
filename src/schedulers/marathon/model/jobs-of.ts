import { jobRef } from '../../../domain/job/job-ref.js';
import type { Job, JobKind } from '../../../domain/job/job.js';
import type { Manifest, ManifestDocument } from '../../../domain/job/manifest.js';
import { schemaCheck } from '../../../domain/job/validate/schema-check.js';
import type { Diagnostic } from '../../../domain/source/diagnostic.js';
import {
  isObject,
  pointer,
  valueAt,
  type Json,
  type JsonObject,
  type Pointer,
} from '../../../domain/source/json.js';
import { absoluteId, idProblem, parentOf } from './ids.js';
import { asRead } from './read.js';
import { groupSchema } from './schema/group.js';
import { nullFindings, withoutServerFields } from './server-form.js';

/** Rules that hold while jobs are read; what breaks them may hide a job, so that nothing may be pruned meanwhile. */
export const READING_RULES: readonly { code: string; summary: string }[] = [
  {
    code: 'marathon/id',
    summary: 'ids hold lower-case letters, digits, dashes and dots; some last parts are reserved',
  },
  { code: 'marathon/app-outside-group', summary: 'apps inside a group are its direct children' },
  { code: 'marathon/group-outside-group', summary: 'groups inside a group are its direct children' },
  { code: 'marathon/enforce-role', summary: 'enforceRole is for top-level groups only' },
  { code: 'marathon/server-field', summary: 'fields that only the server writes are ignored' },
];

const checkGroup = schemaCheck(groupSchema, 'marathon');

interface Found {
  jobs: Job[];
  diagnostics: Diagnostic[];
}

/** What is read: an object of a document, and the group that relative ids in it are seen from. */
interface Part {
  manifest: Manifest;
  document: ManifestDocument;
  at: Pointer;
  value: JsonObject;
  base: string;
}

/**
 * The jobs that a document states, ids absolute. A group states its apps, in any depth, and is a job itself (of kind
 * `group`, with its own attributes only) where it has dependencies or enforces a role.
 */
export function jobsOf(manifest: Manifest, document: ManifestDocument, at: Pointer, kind: JobKind): Found {
  const value = valueAt(document.value, at);
  const found: Found = { jobs: [], diagnostics: [] };
  if (!isObject(value)) return found;
  const part: Part = { manifest, document, at, value, base: '/' };
  if (kind === 'group') readGroup(part, undefined, found);
  else readJob(part, kind, found);
  return found;
}

/** A group without an id is the root, as for Marathon; inside another group it needs one. */
function readGroup(part: Part, outer: string | undefined, found: Found): void {
  const { value } = part;
  const id = value['id'] === undefined && outer === undefined ? '/' : idOf(part, outer === undefined, found);
  if (id === undefined) return;
  if (outer !== undefined && parentOf(id) !== outer)
    error(part, found, 'marathon/group-outside-group', {
      message: `the group ${id} is not a direct child of the group ${outer} around it`,
      fix: `Name it ${join(outer, 'NAME')}, or make it a document of its own.`,
    });
  const own = ownAttributes(part, found);
  if (own['enforceRole'] === true && (id === '/' || parentOf(id) !== '/'))
    error(part, found, 'marathon/enforce-role', {
      message: `enforceRole is for top-level groups only, and ${id} is none`,
      fix: 'Remove it here, and set it in the top-level group.',
      at: '/enforceRole',
    });
  const job = ownJob(part, id, own);
  if (job !== undefined) found.jobs.push(job);
  eachIn(value, 'apps', (app, at) => readApp({ ...part, at: part.at + at, value: app, base: id }, id, found));
  eachIn(value, 'groups', (group, at) =>
    readGroup({ ...part, at: part.at + at, value: group, base: id }, id, found),
  );
}

/** Everything but the apps and groups inside, checked and as Marathon reads it. */
function ownAttributes(part: Part, found: Found): JsonObject {
  const { apps, groups, ...rest } = withoutServerFields(part, found.diagnostics);
  const { value: own, nulls } = asRead(rest, groupSchema);
  const { placeOf } = sourceOf(part);
  const whole = {
    ...own,
    ...(apps === undefined ? {} : { apps }),
    ...(groups === undefined ? {} : { groups }),
  };
  found.diagnostics.push(...nullFindings(nulls, placeOf), ...checkGroup(whole, placeOf));
  return own;
}

/** The group's own attributes as a job, where it has any that a server would keep. */
function ownJob(part: Part, id: string, own: JsonObject): Job | undefined {
  const dependencies = absolute(own['dependencies'], id);
  const enforceRole = own['enforceRole'];
  if ((!Array.isArray(dependencies) || dependencies.length === 0) && enforceRole !== true) return undefined;
  const spec: JsonObject = { id, dependencies: dependencies ?? [] };
  if (enforceRole !== undefined) spec['enforceRole'] = enforceRole;
  return jobWith(part, 'group', id, spec);
}

function readApp(part: Part, group: string, found: Found): void {
  const job = readJob(part, 'app', found);
  if (job === undefined || parentOf(job.id) === group) return;
  error(part, found, 'marathon/app-outside-group', {
    message: `the app ${job.id} is not a direct child of its group ${group}`,
    fix: `Name it ${join(group, 'NAME')}, or move it into the group ${parentOf(job.id)}.`,
  });
}

function readJob(part: Part, kind: JobKind, found: Found): Job | undefined {
  const id = idOf(part, false, found);
  if (id === undefined) return undefined;
  const spec = withoutServerFields(part, found.diagnostics);
  spec['id'] = id;
  const dependencies = absolute(spec['dependencies'], part.base);
  if (dependencies !== undefined) spec['dependencies'] = dependencies;
  const job = jobWith(part, kind, id, spec);
  found.jobs.push(job);
  return job;
}

/** The absolute id; undefined, with an error, where none is written that could be one. */
function idOf(part: Part, mayBeRoot: boolean, found: Found): string | undefined {
  const { value, base } = part;
  const id = value['id'];
  if (typeof id !== 'string') {
    const message = id === undefined || id === null ? '"id" is missing' : '"id" must be a string';
    error(part, found, 'marathon/id', { message, fix: 'Add "id", for example "id": "/shop/web".', at: '' });
    return undefined;
  }
  if (mayBeRoot && absoluteId(id, base) === '/' && id.startsWith('/')) return '/';
  const bad = idProblem(id) ?? rootProblem(absoluteId(id, base));
  if (bad !== undefined)
    error(part, found, 'marathon/id', {
      message: `${JSON.stringify(id)} is no id: ${bad.problem}`,
      fix: bad.fix,
    });
  return absoluteId(id, base);
}

function rootProblem(id: string): { problem: string; fix: string } | undefined {
  return id === '/' ? { problem: 'it leads to the root', fix: 'For example: /shop/web' } : undefined;
}

function error(
  part: Part,
  found: Found,
  code: string,
  { message, fix, at = '/id' }: { message: string; fix: string; at?: Pointer },
): void {
  found.diagnostics.push({
    code,
    severity: 'error',
    message,
    fix,
    place: part.document.placeOf(part.at + at),
  });
}

/** Dependencies with absolute ids, seen from a group; what is no list or no text stays for the schema. */
function absolute(dependencies: Json | undefined, base: string): Json | undefined {
  if (!Array.isArray(dependencies)) return dependencies;
  return dependencies.map((d) => (typeof d === 'string' ? absoluteId(d, base) : d));
}

function eachIn(group: JsonObject, name: string, visit: (value: JsonObject, at: Pointer) => void): void {
  const items = group[name];
  if (Array.isArray(items))
    items.forEach((item: Json, index) => {
      if (isObject(item)) visit(item, pointer(name, index));
    });
}

function jobWith(part: Part, kind: JobKind, id: string, spec: JsonObject): Job {
  return { ref: jobRef('marathon', id), scheduler: 'marathon', kind, id, spec, source: sourceOf(part) };
}

function sourceOf({ manifest, document, at }: Part): Job['source'] {
  return {
    file: manifest.path,
    files: document.files,
    document: document.index,
    pointer: at,
    placeOf: (inner, which) => document.placeOf(at + inner, which),
  };
}

function join(group: string, name: string): string {
  return group === '/' ? `/${name}` : `${group}/${name}`;
}
