import type { FieldDiff } from '../../../domain/job/scheduler-model.js';
import { differences } from '../../../domain/source/compare-json.js';
import { valueAt, type JsonObject, type Pointer } from '../../../domain/source/json.js';

/** Fields of which the order has no meaning: positions in them would point at the wrong entry of the file. */
const SETS = new Set<Pointer>([
  '/constraints',
  '/healthChecks',
  '/dependencies',
  '/acceptedResourceRoles',
  '/scheduling/placement/constraints',
  '/scheduling/placement/acceptedResourceRoles',
]);

/**
 * What differs between two normal forms, with pointers into the document of Git as it is written: leaf by leaf, lists of
 * another length and sets as a whole.
 */
export function fieldDiffs(found: JsonObject, wanted: JsonObject, written: JsonObject): FieldDiff[] {
  return differences(found, wanted, (at) => SETS.has(at)).map((field) => ({
    ...field,
    pointer: asWritten(field.pointer, written),
  }));
}

/** Where the normal form has moved a deprecated field, the place that the file has it in. */
function asWritten(at: Pointer, document: JsonObject): Pointer {
  for (const [form, written, leaf] of MOVED) {
    if (at !== form && !at.startsWith(`${form}/`)) continue;
    if (valueAt(document, form) !== undefined || valueAt(document, written) === undefined) continue;
    const rest = at.slice(form.length);
    // A plain list stands for a list of objects: only the position is left of what is below it.
    return leaf ? written + (/^\/\d+/.exec(rest)?.[0] ?? '') : written + rest;
  }
  return at;
}

const MOVED: readonly (readonly [form: Pointer, written: Pointer, leaf: boolean])[] = [
  ['/container/portMappings', '/container/docker/portMappings', false],
  ['/container/portMappings', '/ipAddress/discovery/ports', true],
  ['/portDefinitions', '/ports', true],
  ['/fetch', '/uris', true],
];
