import type { Job } from '../../../../domain/job/job.js';
import type { ModelContext } from '../../../../domain/job/scheduler-model.js';
import type { Diagnostic, Severity } from '../../../../domain/source/diagnostic.js';
import { isObject, type Json, type JsonObject, type Pointer } from '../../../../domain/source/json.js';

/** One rule: a stable code, a line for the catalogue, and a check that reports every place where it is broken. */
export interface Rule {
  code: string;
  summary: string;
  /** What a broken rule is; by default an error. */
  severity?: Severity;
  /** `spec` is the definition as Marathon reads it (read.ts); it need not fit the schema. */
  check(spec: JsonObject, report: Report, context: ModelContext): void;
}

export type Report = (at: Pointer, message: string, fix: string) => void;

/** Runs rules over the definition of one job. */
export function runRules(
  rules: readonly Rule[],
  spec: JsonObject,
  job: Pick<Job, 'source'>,
  context: ModelContext,
): Diagnostic[] {
  const found: Diagnostic[] = [];
  for (const { code, severity = 'error', check } of rules) {
    const report: Report = (at, message, fix) =>
      found.push({ code, severity, message, fix, place: job.source.placeOf(at) });
    check(spec, report, context);
  }
  return found;
}

/** Whether the server is known to be older than a version; false where nothing is known of it. */
export function olderThan({ version }: ModelContext, major: number, minor: number): boolean {
  const match = /^(\d+)\.(\d+)/.exec(version ?? '');
  if (match === null) return false;
  const [, a, b] = match;
  return Number(a) < major || (Number(a) === major && Number(b) < minor);
}

export function objectAt(value: JsonObject | undefined, key: string): JsonObject | undefined {
  const found = value !== undefined && Object.hasOwn(value, key) ? value[key] : undefined;
  return isObject(found) ? found : undefined;
}

export function listAt(value: JsonObject | undefined, key: string): Json[] {
  const found = value?.[key];
  return Array.isArray(found) ? found : [];
}

/** The entries of a list of objects; what is none counts as an empty one, so that positions stay right. */
export function objectsAt(value: JsonObject | undefined, key: string): JsonObject[] {
  return listAt(value, key).map((item) => (isObject(item) ? item : {}));
}

export function textsAt(value: JsonObject | undefined, key: string): string[] {
  return listAt(value, key).filter((item) => typeof item === 'string');
}

export function textAt(value: JsonObject | undefined, key: string): string | undefined {
  const found = value !== undefined && Object.hasOwn(value, key) ? value[key] : undefined;
  return typeof found === 'string' ? found : undefined;
}

export function numberAt(value: JsonObject | undefined, key: string): number | undefined {
  const found = value?.[key];
  return typeof found === 'number' ? found : undefined;
}

/** Enums are read in any case. */
export function upperAt(value: JsonObject | undefined, key: string): string | undefined {
  return textAt(value, key)?.toUpperCase();
}

/** Positions of values that are there a second time. */
export function repeated<T>(values: readonly (T | undefined)[]): { at: number; value: T }[] {
  const seen = new Set<T>();
  return values.flatMap((value, at) => {
    if (value === undefined) return [];
    if (seen.has(value)) return [{ at, value }];
    seen.add(value);
    return [];
  });
}
