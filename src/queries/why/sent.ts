import type { JobRef } from '../../domain/job/job-ref.js';
import { sendsNothing } from '../../domain/plan/obey-orders.js';
import type { LedgerRecord } from '../../domain/record/ledger-entry.js';
import type { ChangeAction } from '../../domain/plan/plan.js';
import { ledgerFile } from '../../domain/record/ledger-entry.js';
import type { JsonObject } from '../../domain/source/json.js';
import { toEntry, type HistoryEntry, type HistoryJob } from '../history.js';
import { walkLedger } from '../walk-ledger.js';
import type { Looking } from './sources.js';

/** An entry of the ledger, with what it says of one job. */
export interface Sent {
  record: LedgerRecord;
  entry: HistoryEntry;
  job: HistoryJob;
}

/** What made a version run, and what first sent its definition: mostly the same. */
export interface SentBy {
  made: Sent;
  /** Undefined: no entry on record sent what was put back. */
  origin: Sent | undefined;
}

/**
 * The entry that made this version of a job run; without a version, the one that the job's present definition is of. Where
 * that put something back, or restarted it as it was, also the entry that the definition came with.
 */
export async function findSent(
  ref: JobRef,
  version: string | undefined,
  looking: Looking,
): Promise<SentBy | undefined> {
  const noted = await lastNoted(ref, looking);
  if (noted !== undefined && definesAnew(noted.job) && fits(noted.job, version))
    return { made: noted, origin: noted };
  let made: Sent | undefined;
  let failed: Sent | undefined;
  for await (const sent of sentOf(ref, looking)) {
    if (made !== undefined && !isEarlierWord(made, sent, version)) break;
    if (fits(sent.job, version)) made = sent;
    else if (version === undefined && definesAnew(sent.job)) failed ??= sent;
  }
  made ??= failed;
  if (made === undefined) return undefined;
  if (isJudged(made.job)) return { made, origin: await announced(ref, made, looking) };
  return { made, origin: definesAnew(made.job) ? made : await originOf(ref, made, looking) };
}

function fits(job: HistoryJob, version: string | undefined): boolean {
  return version === undefined ? isInForce(job) : job.version === version;
}

/** Where the state says in which entry the job was last spoken of, that one is gone to at once. */
async function lastNoted(ref: JobRef, { head, ledger, signal }: Looking): Promise<Sent | undefined> {
  const [newest, wanted] = [head.state?.sequence, head.state?.jobs[ref]?.sequence];
  if (head.commit === undefined || newest === undefined || wanted === undefined || wanted > newest)
    return undefined;
  // With the one before it, whose state is asked for next.
  const [record] = await ledger.history({ signal, limit: 2, from: head.commit, skip: newest - wanted });
  return record === undefined ? undefined : sentIn(record, ref);
}

/** What the ends of passes say of a job, newest first. */
export async function* sentOf(
  ref: JobRef,
  { ledger, head, signal }: Looking,
  before?: Sent,
): AsyncGenerator<Sent> {
  const from = before === undefined ? head.commit : before.record.parents[0];
  if (from === undefined) return;
  for await (const record of walkLedger(ledger, { signal, jobRef: ref, from })) {
    const sent = sentIn(record, ref);
    if (sent !== undefined) yield sent;
  }
}

function sentIn(record: LedgerRecord, ref: string): Sent | undefined {
  const entry = toEntry(record);
  const job = entry.phase === 'outcome' ? entry.jobs.find((each) => each.ref === ref) : undefined;
  return job === undefined ? undefined : { record, entry, job };
}

/** The same version is told again by passes that only looked at it; the one that sent it is before them. */
function isEarlierWord(made: Sent, sent: Sent, version: string | undefined): boolean {
  return version !== undefined && isJudged(made.job) && (sent.job.version === version || isJudged(sent.job));
}

/** Nothing was sent: the end of what an earlier pass had announced was read back. */
function isJudged({ action }: HistoryJob): boolean {
  return action === 'none';
}

/** True where a definition out of Git was sent, and left there. */
export function definesAnew({ action, state }: HistoryJob): boolean {
  return sendsDefinition(action) && (state === 'applied' || state === 'unknown' || state === 'failed');
}

function sendsDefinition(action: string): boolean {
  return !['none', 'blocked', 'delete', ''].includes(action) && !sendsNothing(action as ChangeAction);
}

/** Of a job without versions: what it says, or put back, is what there is now. */
function isInForce({ action, state }: HistoryJob): boolean {
  return (
    (sendsDefinition(action) || action === 'none') && ['applied', 'rolled-back', 'unknown'].includes(state)
  );
}

/** The announcement whose end was read back: what it announced is what was sent. */
async function announced(ref: JobRef, made: Sent, { ledger, signal }: Looking): Promise<Sent | undefined> {
  const [from] = made.record.parents;
  if (from === undefined) return undefined;
  for await (const record of walkLedger(ledger, { signal, jobRef: ref, from })) {
    const entry = toEntry(record);
    const job = entry.phase === 'intent' ? entry.jobs.find((each) => each.ref === ref) : undefined;
    if (job !== undefined) return { record, entry, job };
  }
  return undefined;
}

/** The last entry before, whose definition is the one that was put back or restarted. */
async function originOf(ref: JobRef, made: Sent, looking: Looking): Promise<Sent | undefined> {
  const back = await documentIn(made, ref, looking);
  for await (const sent of sentOf(ref, looking, made)) {
    if (!(definesAnew(sent.job) && sent.job.state !== 'failed')) continue;
    return sameDefinition(await documentIn(sent, ref, looking), back, ref, looking) ? sent : undefined;
  }
  return undefined;
}

function sameDefinition(
  sent: JsonObject | undefined,
  back: JsonObject | undefined,
  ref: JobRef,
  { models, head }: Looking,
): boolean {
  const scheduler = ref.slice(0, ref.indexOf(':'));
  const [known, kind] = [models.get(scheduler), head.state?.jobs[ref]?.kind];
  if (sent === undefined || back === undefined || known === undefined || kind === undefined) return false;
  return known.model.compare({ kind, spec: sent }, { kind, spec: back }, known.context).action === 'none';
}

/** The document of a job as an entry left it. */
export async function documentIn(
  { record }: Pick<Sent, 'record'>,
  ref: JobRef,
  { ledger, head, signal }: Pick<Looking, 'ledger' | 'head' | 'signal'>,
): Promise<JsonObject | undefined> {
  const path = pathOf(ref, head.state?.jobs[ref]);
  return (await ledger.documents(record.commit, [path], { signal })).get(path);
}

function pathOf(ref: JobRef, now: { kind: string; file?: string } | undefined): string {
  const at = ref.indexOf(':');
  return now?.file ?? ledgerFile(ref.slice(0, at), now?.kind ?? '', ref.slice(at + 1));
}
