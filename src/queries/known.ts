import type { JobRef } from '../domain/job/job-ref.js';
import type { KnownJob } from '../domain/plan/plan-input.js';
import type { LedgerState } from '../domain/record/ledger-entry.js';
import type { JsonObject } from '../domain/source/json.js';
import type { ObjectId } from '../domain/source/revision.js';
import type { Ledger } from '../ports/ledger.js';

export interface OnRecord {
  commit: ObjectId | undefined;
  state: LedgerState | undefined;
  known: Map<JobRef, KnownJob>;
  unresolved: Set<JobRef>;
}

/** What the ledger knows of each job, with the documents last sent. */
export async function readLedger(ledger: Ledger, signal: AbortSignal): Promise<OnRecord> {
  const { commit, state } = await ledger.head({ signal });
  const jobs = Object.entries(state?.jobs ?? {});
  const paths = jobs.flatMap(([, job]) => job.file ?? []);
  const documents: Map<string, JsonObject> =
    commit === undefined || paths.length === 0
      ? new Map<string, JsonObject>()
      : await ledger.documents(commit, paths, { signal });
  const known = new Map<JobRef, KnownJob>();
  for (const [ref, job] of jobs) {
    const document = job.file === undefined ? undefined : documents.get(job.file);
    known.set(ref as JobRef, {
      scheduler: job.scheduler,
      kind: job.kind,
      id: job.id,
      ...(document === undefined ? {} : { document }),
      ...(job.failedDigest === undefined ? {} : { failedDigest: job.failedDigest }),
    });
  }
  return { commit, state, known, unresolved: new Set((state?.intents ?? []).map(({ ref }) => ref)) };
}
