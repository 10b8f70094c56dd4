import { differences, type JsonDifference } from '../source/compare-json.js';
import { placeText } from '../source/diagnostic.js';
import type { Job } from './job.js';

/** A field that differs between two environments, with the place of the file that says so on each side. */
export interface FieldDifference extends JsonDifference {
  /** `file:line:column`; absent where the side does not have the field. */
  beforeAt?: string;
  afterAt?: string;
}

/** A job that both sides have. `fields` is empty where it is the same. */
export interface ComparedJob {
  before: Job;
  after: Job;
  fields: FieldDifference[];
}

export interface ComparedSets {
  both: ComparedJob[];
  onlyBefore: Job[];
  onlyAfter: Job[];
}

/**
 * Two environments job by job. A job is the same by its reference; what is left is the same where it comes from one place
 * of one file, as jobs do whose environments give them different ids.
 */
export function compareSets(before: readonly Job[], after: readonly Job[]): ComparedSets {
  const both: ComparedJob[] = [];
  const left = new Set(after);
  const byRef = new Map(after.map((job) => [job.ref, job]));
  const alone: Job[] = [];
  for (const job of before) {
    const other = byRef.get(job.ref);
    if (other === undefined) alone.push(job);
    else {
      both.push(compared(job, other));
      left.delete(other);
    }
  }
  const bySource = new Map([...left].map((job) => [sourceKey(job), job]));
  const onlyBefore: Job[] = [];
  for (const job of alone) {
    const other = bySource.get(sourceKey(job));
    if (other === undefined || !left.delete(other)) onlyBefore.push(job);
    else both.push(compared(job, other));
  }
  return {
    both: both.sort((a, b) => byName(a.before, b.before)),
    onlyBefore: onlyBefore.sort(byName),
    onlyAfter: [...left].sort(byName),
  };
}

function compared(before: Job, after: Job): ComparedJob {
  const fields = differences(before.spec, after.spec).map((field): FieldDifference => ({
    ...field,
    ...(field.before === undefined ? {} : { beforeAt: placeText(before.source.placeOf(field.pointer)) }),
    ...(field.after === undefined ? {} : { afterAt: placeText(after.source.placeOf(field.pointer)) }),
  }));
  return { before, after, fields };
}

function sourceKey({ source, scheduler, kind }: Job): string {
  return JSON.stringify([scheduler, kind, source.file, source.document, source.pointer]);
}

function byName(a: Job, b: Job): number {
  return a.ref < b.ref ? -1 : 1;
}
