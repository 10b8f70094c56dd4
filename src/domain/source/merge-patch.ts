import { isObject, type Json } from './json.js';

/**
 * JSON Merge Patch (RFC 7386): objects are merged, null removes a member, everything else replaces what was there, arrays
 * as a whole. Neither argument is changed. Members keep the order of `target`, new ones come last.
 */
export function mergePatch(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const merged = new Map<string, Json>(isObject(target) ? Object.entries(target) : []);
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) merged.delete(name);
    else merged.set(name, mergePatch(merged.get(name), value));
  }
  // fromEntries defines members and never runs a setter: a member called __proto__ stays a member.
  return Object.fromEntries(merged);
}

/** Whether the value at a path of the merged document is what the patch says, and not what was there before. */
export function isPatched(target: Json, patch: Json, path: readonly string[]): boolean {
  let before: Json | undefined = target;
  let now: Json | undefined = patch;
  for (const segment of path) {
    if (!isObject(now) || !isObject(before)) return true;
    if (!Object.hasOwn(now, segment)) return false;
    before = Object.hasOwn(before, segment) ? before[segment] : undefined;
    now = now[segment];
  }
  return !isObject(now) || !isObject(before);
}
