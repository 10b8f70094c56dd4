import type { Job } from '../../../../domain/job/job.js';
import type { ModelContext } from '../../../../domain/job/scheduler-model.js';
import type { Diagnostic, Severity } from '../../../../domain/source/diagnostic.js';
import { isObject, type Json, type JsonObject, type Pointer } from '../../../../domain/source/json.js';

/** One rule: a stable code, a line for the catalogue, and a check that reports every place where it is broken. */
export interface Rule {
  code: string;
  summary: string;
  severity?: Severity;
  check(spec: JsonObject, report: Report, context: ModelContext): void;
}

export type Report = (at: Pointer, message: string, fix: string) => void;

/** Runs rules over one job. */
export function runRules(rules: readonly Rule[], job: Job, context: ModelContext): Diagnostic[] {
  const found: Diagnostic[] = [];
  for (const { code, severity = 'error', check } of rules) {
    check(
      job.spec,
      (at, message, fix) => found.push({ code, severity, message, fix, place: job.source.placeOf(at) }),
      context,
    );
  }
  return found;
}

export function objectAt(value: JsonObject, key: string): JsonObject | undefined {
  const found = value[key];
  return isObject(found) ? found : undefined;
}

export function listAt(value: JsonObject | undefined, key: string): Json[] {
  const found = value?.[key];
  return Array.isArray(found) ? found : [];
}

export function objectsAt(value: JsonObject | undefined, key: string): JsonObject[] {
  return listAt(value, key).map((item) => (isObject(item) ? item : {}));
}

export function textAt(value: JsonObject | undefined, key: string): string | undefined {
  const found = value?.[key];
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
