import { isCalled } from '../domain/job/job-ref.js';
import type { Asked } from '../domain/plan/asked.js';
import { glassInForce } from '../domain/plan/gates/index.js';
import type { LedgerState } from '../domain/record/ledger-entry.js';
import { inForce } from '../domain/record/orders.js';
import type { OutcomeState } from '../domain/record/outcome.js';
import type { JsonObject } from '../domain/source/json.js';
import type { Revision } from '../domain/source/revision.js';
import type { CommitInfo, JobRepository } from '../ports/job-repository.js';
import type { Ledger } from '../ports/ledger.js';
import { messageOf } from '../runtime/errors.js';
import { declaredJobs, type Models } from './declared.js';
import { toEntry, type HistoryEntry } from './history.js';
import { layersAt } from './revision-files.js';

export interface AtSources {
  environment: string;
  layers: readonly string[];
  ledger: Ledger;
  repository: JobRepository;
  models: Models;
}

/** How a job stood. */
export interface JobAt {
  ref: string;
  /** It stood in Git; undefined where that can't be told any more. */
  declared?: boolean;
  /** Path of what had been sent last. */
  file?: string;
  observed?: OutcomeState;
  message?: string;
  version?: string;
  /** ISO 8601: since when it was so. */
  since?: string;
  /** A change of it was under way. */
  announced?: string;
  /** What had been sent last, where the job was asked for. */
  document?: JsonObject;
}

/** An environment as it was known to be at a time. */
export interface EnvironmentAt {
  environment: string;
  /** ISO 8601. */
  at: string;
  /** The entry that was the newest then; undefined: nothing was on record yet. */
  entry?: HistoryEntry;
  /** What the mirror held, as far as that is on record. */
  declared?: {
    revision: Revision;
    subject?: string;
    by?: string;
    at?: string;
    mirrorIndex?: number;
    /** Why the revision can't be read. */
    missing?: string;
  };
  jobs: JobAt[];
  /** What was in force then; what had ended by itself is left out, as is a glass that was whole again. */
  paused: Readonly<Record<string, Asked>>;
  vetoes: LedgerState['vetoes'];
  breakGlass: LedgerState['breakGlass'];
}

/** What was declared, sent and observed at a time: the newest entry that was on record then says it. */
export async function readAt(
  { time, job }: { time: number; job?: string },
  sources: AtSources,
  signal: AbortSignal,
): Promise<EnvironmentAt> {
  const { environment, ledger } = sources;
  const none = {
    environment,
    at: new Date(time).toISOString(),
    paused: {},
    vetoes: {},
    breakGlass: undefined,
  };
  const [record] = await ledger.history({ signal, limit: 1, until: time });
  const state = record === undefined ? undefined : await ledger.stateAt(record.commit, { signal });
  if (record === undefined || state === undefined) return { ...none, jobs: [] };
  const { declared, refs } = await declaredThen(state, sources, signal);
  const announced = new Map<string, string>(state.intents.map(({ ref, action }) => [ref, action]));
  const all = [...new Set<string>([...Object.keys(state.jobs), ...(refs ?? []), ...announced.keys()])];
  const chosen = all.filter((ref) => job === undefined || isCalled({ ref, id: idOf(ref) }, job)).sort();
  const jobs = chosen.map((ref) => jobThen(ref, state, refs, announced.get(ref)));
  return {
    ...none,
    entry: toEntry(record),
    declared,
    jobs: job === undefined ? jobs : await withDocuments(jobs, record.commit, sources, signal),
    paused: inForce(state.paused, time),
    vetoes: state.vetoes ?? {},
    breakGlass: glassInForce({ facts: state, now: time }),
  };
}

function idOf(ref: string): string {
  return ref.slice(ref.indexOf(':') + 1);
}

function jobThen(
  ref: string,
  { jobs }: LedgerState,
  refs: ReadonlySet<string> | undefined,
  announced: string | undefined,
): JobAt {
  const known = jobs[ref];
  return {
    ref,
    ...(refs === undefined ? {} : { declared: refs.has(ref) }),
    ...(announced === undefined ? {} : { announced }),
    ...(known === undefined
      ? {}
      : {
          ...(known.file === undefined ? {} : { file: known.file }),
          observed: known.outcome,
          message: known.message,
          ...(known.version === undefined ? {} : { version: known.version }),
          since: known.at,
        }),
  };
}

async function declaredThen(
  state: LedgerState,
  { repository, layers, models }: AtSources,
  signal: AbortSignal,
): Promise<{ declared: NonNullable<EnvironmentAt['declared']>; refs: Set<string> | undefined }> {
  const revision = state.mirror?.revision ?? state.revision;
  const index = state.mirror === undefined ? {} : { mirrorIndex: state.mirror.index };
  try {
    const [commit] = await repository.log(revision, { signal, limit: 1 });
    const folders = state.mirror?.trees ?? state.trees;
    const read = await layersAt(
      repository,
      revision,
      folders.length === 0 ? layers : folders.map(({ folder }) => folder),
      signal,
    );
    const { jobs, rejected } = declaredJobs(read, models);
    return {
      declared: { revision, ...(commit === undefined ? {} : toldOf(commit)), ...index },
      refs: new Set([...jobs, ...rejected].map(({ ref }) => ref)),
    };
  } catch (error) {
    if (signal.aborted) throw error;
    return { declared: { revision, missing: messageOf(error), ...index }, refs: undefined };
  }
}

function toldOf({ subject, author, at }: CommitInfo): { subject: string; by: string; at: string } {
  return { subject, by: `${author.name} <${author.email}>`, at };
}

async function withDocuments(
  jobs: readonly JobAt[],
  entry: Parameters<Ledger['documents']>[0],
  { ledger }: AtSources,
  signal: AbortSignal,
): Promise<JobAt[]> {
  const paths = jobs.flatMap(({ file }) => file ?? []);
  const documents = await ledger.documents(entry, paths, { signal });
  return jobs.map((job) => {
    const document = job.file === undefined ? undefined : documents.get(job.file);
    return document === undefined ? job : { ...job, document };
  });
}
