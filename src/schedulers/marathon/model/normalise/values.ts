import {
  canonicalJson,
  isObject,
  setOwn,
  type Json,
  type JsonObject,
} from '../../../../domain/source/json.js';

/** Label by which Towline knows what it owns. */
export const OWNER_LABEL = 'TOWLINE_ENVIRONMENT';
/** Label with the digest of the definition that was sent. */
export const DIGEST_LABEL = 'TOWLINE_DIGEST';
/** Labels that begin like this are Towline's: never part of a comparison, so that they alone never restart anything. */
const OURS = 'TOWLINE_';

/**
 * A null is an absent field to Marathon, at any depth (reference: marathon.md §1.1). What has none comes back as it is, so
 * that nobody may write into the result.
 */
export function withoutNulls(value: JsonObject): JsonObject {
  return holdsNull(value) ? copied(value) : value;
}

/** Most definitions hold none, and there are thousands of them to look at. */
function holdsNull(value: Json): boolean {
  if (value === null) return true;
  if (typeof value !== 'object') return false;
  if (Array.isArray(value))
    return value.some((item) => typeof item === 'object' && item !== null && holdsNull(item));
  for (const name in value) {
    const member = value[name];
    if (member !== undefined && holdsNull(member)) return true;
  }
  return false;
}

/** A copy without nulls, down to the last field. */
export function copied(value: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, member]): [string, Json][] =>
      member === null ? [] : [[name, inner(member)]],
    ),
  );
}

function inner(value: Json): Json {
  if (Array.isArray(value)) return value.map(inner);
  return isObject(value) ? copied(value) : value;
}

/** The same object without the fields that are null or undefined. */
export function clean(value: { [name: string]: Json | undefined }): JsonObject {
  const kept: JsonObject = {};
  for (const name of Object.keys(value)) {
    const member = value[name];
    if (member === null || member === undefined) continue;
    setOwn(kept, name, member);
  }
  return kept;
}

/** Where the server leaves empty values out: null for an empty list or map. */
export function nonEmpty(value: Json | undefined): Json {
  if (value === undefined || value === null) return null;
  if (Array.isArray(value)) return value.length === 0 ? null : value;
  if (isObject(value)) return Object.keys(value).length === 0 ? null : value;
  return value;
}

/** A set in one order and without repetitions (reference: marathon.md §2.3 rule 3). */
export function asSet(value: Json | undefined): Json[] {
  if (!Array.isArray(value)) return [];
  if (value.length < 2) return [...value];
  return [...new Map(value.map((item) => [canonicalJson(item), item]))]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, item]) => item);
}

/** Labels without ours. */
export function ownLabels(labels: Json | undefined): JsonObject {
  if (!isObject(labels)) return {};
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !name.startsWith(OURS)));
}

/** Network protocols are enums, read in any case; two at once count as a set. */
export function protocolOf(value: Json | undefined): string {
  const text = typeof value === 'string' ? value.toLowerCase().replaceAll(' ', '') : 'tcp';
  return text === 'tcp,udp' ? 'udp,tcp' : text;
}
