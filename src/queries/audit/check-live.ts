import type { JobRef } from '../../domain/job/job-ref.js';
import type { FieldRule } from '../../domain/plan/field-rules.js';
import type { LiveJob } from '../../domain/plan/plan.js';
import type { KnownJob } from '../../domain/plan/plan-input.js';
import { canonicalJson, isObject, type Json, type JsonObject } from '../../domain/source/json.js';
import type { CommitWalk } from '../../ports/commit-walk.js';
import type { Models } from '../declared.js';
import { driftOf } from '../drift.js';
import type { Evidence } from './evidence.js';
import type { Findings } from './findings.js';
import type { WalkedLedger } from './walk-ledger.js';

export interface LiveAudit {
  environment: string;
  ledger: WalkedLedger;
  walk: CommitWalk;
  models: Models;
  ignoreFields: readonly FieldRule[];
  /** What is on record of a job, beside how it is live, as the two can be compared: secrets of both are hidden alike. */
  recorded?: (ref: JobRef, job: KnownJob, live: LiveJob | undefined) => KnownJob;
}

/**
 * What was last sent of each job beside what its scheduler has. A job whose change failed, or is not at its end, is not as
 * it was sent, and that stands in the ledger; only those that were applied are compared.
 */
export async function checkLive(
  { live, unreadable }: Evidence,
  { environment, ledger, walk, models, ignoreFields, recorded = asItIs }: LiveAudit,
  findings: Findings,
  signal: AbortSignal,
): Promise<number> {
  for (const [name, reason] of unreadable) findings.skip('live', `${name} could not be read: ${reason}`);
  const { state, files } = ledger;
  if (state === undefined) return 0;
  const open = new Set(state.intents.map(({ ref }) => ref));
  const compared = new Map<JobRef, string>();
  const known = new Map<JobRef, KnownJob>();
  for (const [name, { scheduler, kind, id, outcome, file }] of Object.entries(state.jobs)) {
    const ref = name as JobRef;
    if (unreadable.has(scheduler)) continue;
    known.set(ref, { scheduler, kind, id });
    if (outcome === 'applied' && file !== undefined && !open.has(ref)) compared.set(ref, file);
  }
  const documents = await documentsOf([...new Set(compared.values())], files, walk, signal);
  for (const [ref, file] of compared) {
    const [job, document, stated] = [known.get(ref), documents.get(file), state.jobs[ref]?.stated];
    if (job !== undefined && document !== undefined)
      known.set(ref, { ...job, document: { ...document, ...stated } });
  }
  const byRef = new Map(live.map((job) => [job.ref, job]));
  for (const [ref, job] of known) known.set(ref, recorded(ref, job, byRef.get(ref)));
  for (const { ref, kind, fields } of driftOf({ environment, known, live, models, ignoreFields })) {
    if (kind === 'deleted') findings.add('live', ref, 'it was sent, and its scheduler does not have it');
    else if (kind === 'foreign')
      findings.add('live', ref, 'it carries the marks of this environment, and was never sent');
    else {
      const names = fields.map(({ pointer }) => (pointer === '' ? '(the whole)' : pointer)).join(', ');
      findings.add('live', ref, `it is not as it was sent: ${names}`, {
        expected: textOf(fields.map(({ after }) => after)),
        found: textOf(fields.map(({ before }) => before)),
      });
    }
  }
  return compared.size;
}

function asItIs(_ref: JobRef, job: KnownJob): KnownJob {
  return job;
}

/** The same text for the same values, whatever the order in which a scheduler tells them. */
function textOf(values: readonly unknown[]): string {
  return canonicalJson(JSON.parse(JSON.stringify(values.map((value) => value ?? null))) as Json);
}

async function documentsOf(
  paths: readonly string[],
  files: WalkedLedger['files'],
  walk: CommitWalk,
  signal: AbortSignal,
): Promise<Map<string, JsonObject>> {
  const blobs = new Map<string, JsonObject>();
  const ids = [...new Set(paths.flatMap((path) => files.get(path) ?? []))];
  // What is damaged was told when the ledger was walked.
  for await (const object of walk.objects(ids, { signal })) {
    const value = 'problem' in object ? undefined : jsonOf(object.bytes);
    if (isObject(value)) blobs.set(object.id, value);
  }
  return new Map(
    paths.flatMap((path) => {
      const document = blobs.get(files.get(path) ?? '');
      return document === undefined ? [] : [[path, document] as const];
    }),
  );
}

function jsonOf(bytes: Uint8Array): Json | undefined {
  try {
    return JSON.parse(new TextDecoder().decode(bytes)) as Json;
  } catch {
    return undefined;
  }
}
