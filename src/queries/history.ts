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
    found.push(later ? { ...entry, endedLater: true } : entry);
    if (found.length >= limit) break;
  }
  return found;
}

function kindOf({ phase }: HistoryEntry): HistoryKind {
  if (phase === 'order') return 'order';
  return phase === 'mirror' ? 'mirror' : 'deploy';
}

function endedWell({ phase, jobs }: HistoryEntry): boolean {
  if (phase === 'order' || phase === 'mirror') return true;
  return phase === 'outcome' && jobs.every(({ state }) => state === 'applied' || state === 'blocked');
}

async function endsLater({ pass }: HistoryEntry, ledger: Ledger, signal: AbortSignal): Promise<boolean> {
  const records = await ledger.history({ signal, limit: 2, trailer: `Towline-Pass: ${pass}` });
  return records.map(toEntry).some((entry) => entry.phase === 'outcome' && entry.pass === pass);
}

export function toEntry(record: LedgerRecord): HistoryEntry {
  const value = (key: string): string => record.trailers.find((t) => t.key === key)?.value ?? '';
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
