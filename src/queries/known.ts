import type { JobRef } from '../domain/job/job-ref.js';
import type { AskedRestart, KnownJob } from '../domain/plan/plan-input.js';
import type { LedgerJob, LedgerState } from '../domain/record/ledger-entry.js';
import { openIntents } from '../domain/record/read-back.js';
import type { Asked, AskedRun } from '../domain/plan/asked.js';
import type { JsonObject } from '../domain/source/json.js';
import type { ObjectId } from '../domain/source/revision.js';
import type { Ledger } from '../ports/ledger.js';

export interface OnRecord {
  commit: ObjectId | undefined;
  state: LedgerState | undefined;
  known: Map<JobRef, KnownJob>;
  unresolved: Set<JobRef>;
  paused: Map<string, Asked>;
  restarts: Map<JobRef, AskedRestart>;
  runs: Map<JobRef, AskedRun & { announced: boolean }>;
  /** Jobs whose entries are others than before, gone ones too; undefined: there was no before. */
  changed: ReadonlySet<JobRef> | undefined;
}

/**
 * What the ledger knows of each job, with the documents last sent, as Git stated them. Of what was known before only the jobs are read that
 * have another entry now.
 */
export async function readLedger(ledger: Ledger, signal: AbortSignal, before?: OnRecord): Promise<OnRecord> {
  const { commit, state } = await ledger.head({ signal });
  if (before !== undefined && before.commit === commit) return { ...before, changed: new Set() };
  const known = new Map<JobRef, KnownJob>();
  const unread: [JobRef, LedgerJob][] = [];
  for (const [name, job] of Object.entries(state?.jobs ?? {})) {
    const ref = name as JobRef;
    const same = sameEntry(before?.state?.jobs[ref], job) ? before?.known.get(ref) : undefined;
    if (same === undefined) unread.push([ref, job]);
    // Set in any case, so that the order is that of the ledger.
    known.set(ref, same ?? knownOf(job, undefined));
  }
  const paths = unread.flatMap(([, job]) => job.file ?? []);
  const documents: Map<string, JsonObject> =
    commit === undefined || paths.length === 0
      ? new Map<string, JsonObject>()
      : await ledger.documents(commit, paths, { signal });
  for (const [ref, job] of unread)
    known.set(ref, knownOf(job, job.file === undefined ? undefined : documents.get(job.file)));
  const unresolved = new Set((state?.intents ?? []).map(({ ref }) => ref));
  const paused = new Map(Object.entries(state?.paused ?? {}));
  const changed = before === undefined ? undefined : changedSince(before, unread, known);
  return {
    commit,
    state,
    known,
    unresolved,
    paused,
    restarts: restartsOf(state),
    runs: runsOf(state),
    changed,
  };
}

function restartsOf(state: LedgerState | undefined): Map<JobRef, AskedRestart> {
  const announced = openIntents(state);
  return new Map(
    Object.entries(state?.restarts ?? {}).map(([name, asked]) => {
      const intent = announced.get(name as JobRef);
      const from = intent?.action === 'restart' ? intent.liveVersion : undefined;
      return [name as JobRef, from === undefined ? asked : { ...asked, from }];
    }),
  );
}

function runsOf(state: LedgerState | undefined): OnRecord['runs'] {
  const announced = new Map((state?.intents ?? []).map((intent) => [intent.ref, intent.action]));
  return new Map(
    Object.entries(state?.runs ?? {}).map(([name, asked]) => {
      const ref = name as JobRef;
      return [ref, { ...asked, announced: announced.get(ref) === asked.act }];
    }),
  );
}

function changedSince(
  before: OnRecord,
  unread: readonly (readonly [JobRef, LedgerJob])[],
  known: ReadonlyMap<JobRef, KnownJob>,
): Set<JobRef> {
  const changed = new Set(unread.map(([ref]) => ref));
  for (const ref of before.known.keys()) if (!known.has(ref)) changed.add(ref);
  return changed;
}

/** An entry is never changed: one of the same pass and time is the same one. */
function sameEntry(before: LedgerJob | undefined, now: LedgerJob): boolean {
  return (
    before === now ||
    (before !== undefined &&
      before.file === now.file &&
      before.at === now.at &&
      before.revision === now.revision &&
      before.outcome === now.outcome &&
      before.failedDigest === now.failedDigest)
  );
}

function knownOf(
  { scheduler, kind, id, stated, failedDigest }: LedgerJob,
  document: JsonObject | undefined,
): KnownJob {
  return {
    scheduler,
    kind,
    id,
    ...(document === undefined ? {} : { document: { ...document, ...stated } }),
    ...(failedDigest === undefined ? {} : { failedDigest }),
  };
}
