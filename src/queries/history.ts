import { jobRef as refOf, parseJobRef } from '../domain/job/job-ref.js';
import type { LedgerRecord } from '../domain/record/ledger-entry.js';
import type { Ledger } from '../ports/ledger.js';
import { walkLedger } from './walk-ledger.js';

/** One pass, or one order, as the ledger tells it. */
export interface HistoryEntry {
  commit: string;
  at: string;
  subject: string;
  phase: string;
  revision: string;
  pass: string;
  plan: string;
  trigger: string;
  outcome: string;
  /** Who gave an order, or as whom a pass ran. */
  by: string;
  /** Why an order was given, where that was said. */
  reason?: string;
  jobs: HistoryJob[];
  /** What was allowed for this pass alone: `--adopt`, `--retry`, a broken glass. */
  flags: string[];
  /** Of an announcement whose end came after the time that was asked for. */
  endedLater?: boolean;
}

/** What became of a job in a pass. */
export interface HistoryJob {
  ref: string;
  action: string;
  state: string;
  /** Why it did not end well, as far as that is on record. */
  reason?: string;
  http?: string;
  deployment?: string;
  version?: string;
  /** ISO 8601. */
  from?: string;
  to?: string;
}

/** deploy: passes that sent something · order: what people said · mirror: what was written into KV. */
export type HistoryKind = 'deploy' | 'order' | 'mirror';

export interface HistoryQuestion {
  signal: AbortSignal;
  limit: number;
  jobRef?: string;
  /** In ms since the epoch. */
  since?: number;
  until?: number;
  /** Only passes in which something failed, was put back, or has no known end. */
  failed?: boolean;
  /** Default: all but what the mirror wrote. */
  kinds?: readonly HistoryKind[];
}

/**
 * What was done, newest first. An announcement is left out where the entry of its end exists; one that has none is
 * shown, because it is how a crash looks.
 */
export async function readHistory(ledger: Ledger, question: HistoryQuestion): Promise<HistoryEntry[]> {
  const { signal, limit, jobRef, since, until, failed = false, kinds = ['deploy', 'order'] } = question;
  const ended = new Set<string>();
  const found: HistoryEntry[] = [];
  const asked = {
    signal,
    ...(jobRef === undefined ? {} : { jobRef }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  };
  for await (const record of walkLedger(ledger, asked)) {
    const entry = toEntry(record);
    if (entry.phase === 'outcome') ended.add(entry.pass);
    if (entry.phase === 'intent' && ended.has(entry.pass)) continue;
    if (!kinds.includes(kindOf(entry)) || (failed && endedWell(entry))) continue;
    const later = entry.phase === 'intent' && until !== undefined && (await endsLater(entry, ledger, signal));
    const told = await withReasons(entry, ledger, signal);
    found.push(later ? { ...told, endedLater: true } : told);
    if (found.length >= limit) break;
  }
  return found;
}

/**
 * The reference that is meant by a name: of a job that the ledger knows now, or else of one that was once on record, as
 * deleted ones are. Where there is none it is the name itself.
 */
export async function refNamed(
  name: string,
  schedulers: readonly string[],
  ledger: Ledger,
  signal: AbortSignal,
): Promise<string> {
  const whole = parseJobRef(name);
  const isRef = whole !== undefined && schedulers.includes(whole.scheduler);
  const id = isRef ? whole.id : name;
  const refs = (isRef ? [whole.scheduler] : schedulers).flatMap((each) => [
    refOf(each, id),
    refOf(each, `/${id}`),
  ]);
  const { state } = await ledger.head({ signal });
  const known = refs.find((ref) => Object.hasOwn(state?.jobs ?? {}, ref));
  if (known !== undefined) return known;
  for (const ref of refs)
    if ((await ledger.history({ signal, limit: 1, jobRef: ref })).length > 0) return ref;
  return name;
}

function kindOf({ phase }: HistoryEntry): HistoryKind {
  if (phase === 'order') return 'order';
  return phase === 'mirror' ? 'mirror' : 'deploy';
}

function endedWell({ phase, jobs }: HistoryEntry): boolean {
  if (phase === 'order' || phase === 'mirror') return true;
  return phase === 'outcome' && jobs.every(({ state }) => state === 'applied' || state === 'blocked');
}

/** Trailers have no room for why something failed: what the entry left behind tells it. */
async function withReasons(entry: HistoryEntry, ledger: Ledger, signal: AbortSignal): Promise<HistoryEntry> {
  if (entry.phase !== 'outcome' || entry.jobs.every(({ state }) => state === 'applied')) return entry;
  const state = await ledger.stateAt(entry.commit as LedgerRecord['commit'], { signal });
  const jobs = entry.jobs.map((job) => {
    const reason = job.state === 'applied' ? undefined : state?.jobs[job.ref]?.message;
    return reason === undefined ? job : { ...job, reason };
  });
  return { ...entry, jobs };
}

async function endsLater({ pass }: HistoryEntry, ledger: Ledger, signal: AbortSignal): Promise<boolean> {
  const records = await ledger.history({ signal, limit: 2, trailer: `Towline-Pass: ${pass}` });
  return records.map(toEntry).some((entry) => entry.phase === 'outcome' && entry.pass === pass);
}

export function toEntry(record: LedgerRecord): HistoryEntry {
  const value = (key: string): string => record.trailers.find((t) => t.key === key)?.value ?? '';
  const reason = value('Towline-Reason');
  return {
    commit: record.commit,
    at: record.at,
    subject: record.subject,
    phase: value('Towline-Phase'),
    revision: value('Towline-Revision'),
    pass: value('Towline-Pass'),
    plan: value('Towline-Plan'),
    trigger: value('Towline-Trigger'),
    outcome: value('Towline-Outcome'),
    by: value('Towline-By') || value('Towline-Actor'),
    ...(reason === '' ? {} : { reason }),
    flags: record.trailers.flatMap((t) => (t.key === 'Towline-Flag' ? t.value : [])),
    jobs: record.trailers.flatMap((t) => (t.key === 'Towline-Job' ? jobOf(t.value) : [])),
  };
}

/** `marathon:/shop/web update applied http=200 …`; a reference holds no white space. */
function jobOf(text: string): HistoryJob[] {
  const [ref, action = '', state = '', ...facts] = text.split(' ');
  if (ref === undefined || ref === '') return [];
  const known = new Map(
    facts.map((fact) => [fact.slice(0, fact.indexOf('=')), fact.slice(fact.indexOf('=') + 1)]),
  );
  const more = (['http', 'deployment', 'version', 'from', 'to'] as const).flatMap((name) => {
    const value = known.get(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return [{ ref, action, state, ...Object.fromEntries(more) }];
}
