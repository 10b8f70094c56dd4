import picomatch from 'picomatch';
import type { Job } from '../job/job.js';
import { isObject, segments, valueAt, type Json, type JsonObject, type Pointer } from '../source/json.js';

/** Fields that somebody else owns in some jobs, for example `instances` under an autoscaler. */
export interface FieldRule {
  /** JSON pointers; `*` stands for one part. */
  fields: readonly string[];
  /** Patterns of ids; empty: all jobs. */
  jobs: readonly string[];
  /** Patterns of the files that state them; empty: all. */
  files: readonly string[];
}

/** The fields of a job that somebody else owns. */
export function ownedElsewhere(
  job: Pick<Job, 'id' | 'ref' | 'source'>,
  rules: readonly FieldRule[],
): Pointer[] {
  return rules.flatMap(({ fields, jobs, files }) => {
    const named = jobs.length === 0 || picomatch.isMatch(job.id, [...jobs]) || jobs.includes(job.ref);
    const placed = files.length === 0 || job.source.files.some((file) => picomatch.isMatch(file, [...files]));
    return named && placed ? [...fields] : [];
  });
}

/**
 * What Git states with the fields of others as they are in `from`; what is absent there is absent here. This is what is
 * compared and sent, so that neither a difference is seen in them nor one is made.
 */
export function withFieldsOf(spec: JsonObject, from: JsonObject, fields: readonly Pointer[]): JsonObject {
  let result: Json = spec;
  for (const field of fields)
    for (const path of placesOf(segments(field), spec, from))
      result = replaced(result, path, valueAtPath(from, path));
  return isObject(result) ? result : spec;
}

/** The places that a pattern names in either document. */
function placesOf(pattern: readonly string[], ...documents: (Json | undefined)[]): string[][] {
  const [first, ...rest] = pattern;
  if (first === undefined) return [[]];
  const names =
    first === '*'
      ? new Set(documents.flatMap((d) => (Array.isArray(d) || isObject(d) ? Object.keys(d) : [])))
      : new Set([first]);
  return [...names].flatMap((name) =>
    placesOf(rest, ...documents.map((d) => valueAtPath(d, [name]))).map((path) => [name, ...path]),
  );
}

function valueAtPath(document: Json | undefined, path: readonly string[]): Json | undefined {
  return valueAt(
    document,
    path.map((part) => `/${part.replaceAll('~', '~0').replaceAll('/', '~1')}`).join(''),
  );
}

/** A copy with another value at a place; parents that are not there are made only for a value. */
function replaced(
  document: Json | undefined,
  [name, ...rest]: readonly string[],
  value: Json | undefined,
): Json {
  if (Array.isArray(document)) {
    const at = Number(name);
    if (!(at < document.length)) return document;
    return document.map((item, index) =>
      index !== at ? item : rest.length === 0 ? (value ?? item) : replaced(item, rest, value),
    );
  }
  const object = isObject(document) ? document : {};
  if (name === undefined) return document ?? null;
  if (value === undefined && !Object.hasOwn(object, name)) return document ?? object;
  const { [name]: inner, ...others } = object;
  if (rest.length > 0) return { ...object, [name]: replaced(inner, rest, value) };
  return value === undefined ? others : { ...object, [name]: value };
}
