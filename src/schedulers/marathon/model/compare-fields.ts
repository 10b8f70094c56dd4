import type { FieldDiff } from '../../../domain/job/scheduler-model.js';
import {
  isObject,
  pointer,
  valueAt,
  type Json,
  type JsonObject,
  type Pointer,
} from '../../../domain/source/json.js';

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
  return diff(found, wanted, '').map((field) => ({ ...field, pointer: asWritten(field.pointer, written) }));
}

function diff(before: Json | undefined, after: Json | undefined, at: Pointer): FieldDiff[] {
  if (isObject(before) && isObject(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return names.flatMap((name) => diff(memberOf(before, name), memberOf(after, name), at + pointer(name)));
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const inner =
      before.length === after.length
        ? before.flatMap((item, index) => diff(item, after[index], at + pointer(index)))
        : undefined;
    if (inner?.length === 0) return [];
    if (inner !== undefined && (!SETS.has(at) || before.length === 1)) return inner;
  } else if (before === after) return [];
  return [
    { pointer: at, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) },
  ];
}

function memberOf(value: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(value, name) ? value[name] : undefined;
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
