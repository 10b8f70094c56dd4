/** Plain JSON values, and RFC 6901 pointers into them. */
export type Json = null | boolean | number | string | Json[] | JsonObject;
export interface JsonObject {
  [key: string]: Json;
}

/** A JSON pointer (RFC 6901): '' is the whole document, '/container/docker/image' a place in it. */
export type Pointer = string;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Joins path segments to a pointer, escaping `~` and `/`. */
export function pointer(...segments: (string | number)[]): Pointer {
  return segments.map((s) => '/' + String(s).replaceAll('~', '~0').replaceAll('/', '~1')).join('');
}

/** Splits a pointer into its unescaped segments. */
export function segments(at: Pointer): string[] {
  if (at === '') return [];
  return at
    .slice(1)
    .split('/')
    .map((s) => s.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** The value at a pointer, or undefined where the document has none. Own properties only. */
export function valueAt(document: Json | undefined, at: Pointer): Json | undefined {
  let value: Json | undefined = document;
  for (const segment of segments(at)) {
    if (Array.isArray(value)) value = value[Number(segment)];
    else if (isObject(value) && Object.hasOwn(value, segment)) value = value[segment];
    else return undefined;
  }
  return value;
}

/** Gives an object a member of its own, also one that is called `__proto__`, which assigning would not. */
export function setOwn(object: JsonObject, name: string, value: Json): void {
  if (name === '__proto__')
    Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
  else object[name] = value;
}

/** JSON text with sorted keys and no white space: equal values give equal text. */
export function canonicalJson(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (isObject(value)) {
    const members = Object.keys(value)
      .sort()
      .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key] ?? null)}`);
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value);
}

/** The same value with object keys sorted at every level, for files that people compare. */
export function sortKeys(value: Json): Json {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (!isObject(value)) return value;
  const sorted = Object.create(null) as JsonObject;
  for (const key of Object.keys(value).sort()) sorted[key] = sortKeys(value[key] ?? null);
  return sorted;
}
