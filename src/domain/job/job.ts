import type { Brand } from '../source/brand.js';
import type { Place } from '../source/diagnostic.js';
import type { JsonObject, Pointer } from '../source/json.js';
import type { JobRef, SchedulerName } from './job-ref.js';

/** Kinds in native words: Marathon app, pod, group (only its own attributes), Chronos scheduled and dependent job. */
export type JobKind = string;

/** Where a job came from: enough to point at any of its fields in the file. */
export interface JobSource {
  /** Path in the job repository; of a job merged from layers, that of the first. */
  file: string;
  /** All files that state it, in the order of the layers. */
  files: readonly string[];
  /** Number of the document in a multi-document file, from 0. */
  document: number;
  /** Pointer of the job inside the document ('' or `/3` in an array, `/apps/0` in a group). */
  pointer: Pointer;
  /** The place of a field of the job; `at` is relative to the job; falls back to the nearest parent that exists. */
  placeOf(at: Pointer, part?: 'key' | 'value'): Place;
}

/** One job as a manifest states it. `spec` is the native document; ids in it are absolute, nothing else is changed. */
export interface Job {
  ref: JobRef;
  scheduler: SchedulerName;
  kind: JobKind;
  id: string;
  spec: JsonObject;
  source: JobSource;
}

/** A job that schema, cross-field and cross-job rules have accepted. Only validate/ makes one; plans take nothing else. */
export type ValidatedJob = Brand<Job, 'ValidatedJob'>;
