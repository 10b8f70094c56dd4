import type { Diagnostic } from '../source/diagnostic.js';
import type { Json, JsonObject, Pointer } from '../source/json.js';
import type { Manifest, ManifestDocument } from './manifest.js';
import type { Job, JobKind } from './job.js';
import type { JobRef } from './job-ref.js';

/** A field that differs. `before` undefined: absent live; `after` undefined: absent in Git. */
export interface FieldDiff {
  pointer: Pointer;
  before?: unknown;
  after?: unknown;
  /** Who made the difference, where what was last applied is known: Git, somebody by hand, or both of them. */
  by?: 'git' | 'hand' | 'both';
}

/** What making live equal to desired will do, in the scheduler's terms. */
export interface Comparison {
  /** Empty: nothing to do. */
  fields: FieldDiff[];
  /** `update` replaces the definition, `scale` changes the number of instances only. */
  action: 'none' | 'update' | 'scale';
  /** What it means, in words: "restarts 4 tasks, rolling", "resets 3 of 10 remaining repeats". */
  effect?: string;
}

/** What a model is told of the environment; everything optional knowledge. */
export interface ModelContext {
  /** Server version where known, e.g. `1.10.17`. */
  version?: string;
  /** Milliseconds since the epoch, where people are to be told of what has passed. A plan never depends on it. */
  now?: number;
  /** Groups whose jobs are changed as one, by their ids. */
  together?: readonly string[];
  /** Names of the environment's other settings that a model understands (for example `mesosRole`). */
  settings: Readonly<Record<string, string>>;
}

/** What names a job in a document. */
export interface JobNaming {
  /** Member that holds the name: `id`, `name`. */
  member: string;
  /** The form in which two names of the same job are equal. */
  canonical(name: string): string;
}

/** Times are ISO 8601. */
export interface RunsLately {
  lastSuccess?: string;
  lastFailure?: string;
  /** Failed runs since the last one that did not. */
  failures: number;
  /** When it should have run by the clock, where that was a while ago. */
  overdueSince?: string;
  /** When it runs next, by the clock. */
  next?: string;
  /** It runs by nothing any more, or for now. */
  idle?: 'disabled' | 'done';
}

/** The JSON Schema of one kind of document, for editors. */
export interface DocumentSchema {
  /** File name without its end: `marathon-app`. References to others are written `NAME.json`. */
  name: string;
  schema: object;
  /** A schema that tells these documents from all others. */
  when: object;
  /** What fits no other shape is taken for one of these. */
  rest?: boolean;
  /** The server reads words (enums) in any case. */
  anyCase?: boolean;
}

/** Where the documents of a scheduler hold what nobody but it has to know. */
export interface SecretPlaces {
  /** Member that names a job: never secret. */
  naming: string;
  /** Pointers with `*` of references into a secret store. */
  references: readonly Pointer[];
  /** Pointers of digests, without a key, over the whole document. */
  digests?: readonly Pointer[];
  /** Places of the same field of which the scheduler shows the other one. */
  twins?: readonly (readonly Pointer[])[];
}

/**
 * The pure half of a scheduler: all that can be known of its jobs without talking to it. An adapter for a new scheduler
 * is a model, a driver and one line in the registry.
 */
export interface SchedulerModel {
  /** `marathon`, `chronos`. */
  readonly kind: string;
  /** How its documents are told from others, for people: `a Marathon app has "id", a pod "containers"`. */
  readonly shapes?: string;
  /** Schemas of its documents, for editors. */
  readonly schemas: readonly DocumentSchema[];
  /** Kinds of its jobs, in native words. */
  readonly kinds: readonly JobKind[];
  /** How documents say which job they are about. */
  readonly naming: JobNaming;
  /** Rule ids with a one-line description each, for the catalogue in the docs. */
  readonly rules: readonly { code: string; summary: string }[];
  /** Whether a document of a manifest is this scheduler's, by shape. */
  recognise(value: JsonObject): JobKind | undefined;
  /** The jobs that a recognised document states (a group states its apps), with ids made absolute, unvalidated. */
  jobsOf(
    manifest: Manifest,
    document: ManifestDocument,
    at: Pointer,
    kind: JobKind,
  ): { jobs: Job[]; diagnostics: Diagnostic[] };
  /** Schema and cross-field rules for one job. */
  validate(job: Job, context: ModelContext): Diagnostic[];
  /**
   * Rules over all jobs of this scheduler in an environment: unknown parents, cycles, clashes. Ids are unique already, but
   * jobs with errors of their own are among them: a spec need not fit its schema. Each finding points into its job.
   */
  validateSet(jobs: readonly Job[], context: ModelContext): Diagnostic[];
  /**
   * What `validateSet` looks at of a job, and nothing else: while that is the same, so is what it finds. Absent: anything
   * may matter.
   */
  setFacts?(job: Pick<Job, 'kind' | 'spec'>): JsonObject;
  /** References of jobs that must be applied before this one; may name jobs that do not exist. */
  dependencies(job: Job, all: readonly Job[]): JobRef[];
  /**
   * Compares a desired document with a live one, both native, ignoring what the scheduler itself fills in or moves.
   * `lastApplied`: the document last sent, where that is known.
   */
  compare(
    desired: Pick<Job, 'kind' | 'spec'>,
    live: { kind: JobKind; spec: JsonObject },
    context: ModelContext,
    lastApplied?: JsonObject,
  ): Comparison;
  /** What comes with making a job, in words, where there is something to say of it. */
  created?(job: Pick<Job, 'kind' | 'spec'>): string | undefined;
  /** Kinds of which several can be changed as one: all of them or none. */
  readonly setKinds?: readonly JobKind[];
  /**
   * The place (relative to the job's spec) and the value that give a job another number of instances; undefined where
   * it has none. Absent: no job of this scheduler has.
   */
  scaled?(job: Pick<Job, 'kind' | 'spec'>, instances: number): { pointer: Pointer; value: Json } | undefined;
  /**
   * The place and the value that make a job run by its schedule or not; undefined where it has no runs. Absent: no job of
   * this scheduler has.
   */
  switched?(job: Pick<Job, 'kind' | 'spec'>, on: boolean): { pointer: Pointer; value: Json } | undefined;
  /**
   * The coming runs of a job that runs by the clock, without end where it has none: ISO 8601 with the offset of its zone.
   * `from` in ms since the epoch; `live`: the scheduler has it as it stands. Undefined where it does not run by the clock.
   */
  runs?(job: Pick<Job, 'kind' | 'spec'>, at: { from: number; live: boolean }): Iterable<string> | undefined;
  /** How the runs of a live job went of late; undefined where its scheduler does not tell. `now` in ms since the epoch. */
  lately?(live: { kind: JobKind; spec: JsonObject }, now: number): RunsLately | undefined;
  /** Kinds whose tasks can be replaced as they are. */
  readonly restartKinds?: readonly JobKind[];
  /** Kinds whose runs can be started and ended by hand. */
  readonly runKinds?: readonly JobKind[];
  /** A live job as a manifest: without defaults, and without what only the server writes. */
  exported?(live: { kind: JobKind; spec: JsonObject }): JsonObject;
  /** True where a live job carries our marks of ownership but is not what they were put on: a copy of such a job. */
  isCopy?(live: { kind: JobKind; spec: JsonObject }): boolean;
  /** What is secret in its documents by their nature, without any rule. Absent: nothing is. */
  readonly secrets?: Omit<SecretPlaces, 'naming'>;
  /** Pointers (relative to the job's spec) of the image references in it. */
  images(job: Pick<Job, 'kind' | 'spec'>): Pointer[];
}
