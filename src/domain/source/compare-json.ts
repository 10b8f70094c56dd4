import { isObject, pointer, type Json, type JsonObject, type Pointer } from './json.js';

/** A place at which two values differ. `before` undefined: only the second has it; `after` undefined: only the first. */
export interface JsonDifference {
  pointer: Pointer;
  before?: Json;
  after?: Json;
}

/**
 * What differs between two values: leaf by leaf, lists of another length as a whole, and so are lists for which `isSet`
 * holds, because positions say nothing there. Members in the order of their names.
 */
export function differences(
  before: Json | undefined,
  after: Json | undefined,
  isSet: (at: Pointer) => boolean = () => false,
  at: Pointer = '',
): JsonDifference[] {
  if (sameJson(before, after)) return [];
  if (isObject(before) && isObject(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return names.flatMap((name) =>
      differences(memberOf(before, name), memberOf(after, name), isSet, at + pointer(name)),
    );
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const inner =
      before.length === after.length
        ? before.flatMap((item, index) => differences(item, after[index], isSet, at + pointer(index)))
        : undefined;
    if (inner?.length === 0) return [];
    if (inner !== undefined && (!isSet(at) || before.length === 1)) return inner;
  } else if (before === after) return [];
  return [
    { pointer: at, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) },
  ];
}

/** Equal values, whatever the order of members. Makes nothing: most of what is compared is equal. */
export function sameJson(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((item, at) => sameJson(item, b[at]));
  if (!isObject(a) || !isObject(b)) return false;
  let count = 0;
  for (const name in a) {
    if (!Object.hasOwn(b, name) || !sameJson(a[name], b[name])) return false;
    count += 1;
  }
  for (const _name in b) count -= 1;
  return count === 0;
}

function memberOf(value: JsonObject, name: string): Json | undefined {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}
