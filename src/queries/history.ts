import type { Ledger } from '../ports/ledger.js';
import type { LedgerRecord } from '../domain/record/ledger-entry.js';

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

/**
 * What was done, newest first. An announcement is left out where the entry of its end exists; one that has none is
 * shown, because it is how a crash looks.
 */
export async function readHistory(
  ledger: Ledger,
  { signal, limit, jobRef }: { signal: AbortSignal; limit: number; jobRef?: string },
): Promise<HistoryEntry[]> {
  const records = await ledger.history({
    signal,
    limit: limit * 2 + 1,
    ...(jobRef === undefined ? {} : { jobRef }),
  });
  const entries = records.map(toEntry);
  const ended = new Set(entries.filter((e) => e.phase === 'outcome').map((e) => e.pass));
  return entries.filter((e) => e.phase !== 'intent' || !ended.has(e.pass)).slice(0, limit);
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
