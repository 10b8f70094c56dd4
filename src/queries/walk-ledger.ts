import type { LedgerRecord } from '../domain/record/ledger-entry.js';
import type { Ledger, HistoryOptions } from '../ports/ledger.js';

/** Entries read at once: few at first, since most questions are about what was done last. */
const [FIRST, NEXT] = [16, 256];

/** Entries from the newest (or `from`) back, read as they are asked for. */
export async function* walkLedger(
  ledger: Ledger,
  options: Omit<HistoryOptions, 'limit' | 'skip'>,
): AsyncGenerator<LedgerRecord> {
  let from = options.from;
  for (let limit = FIRST; ; limit = NEXT) {
    const records = await ledger.history({ ...options, limit, ...(from === undefined ? {} : { from }) });
    yield* records;
    const [before] = records.at(-1)?.parents ?? [];
    if (records.length < limit || before === undefined) return;
    from = before;
  }
}

/** The values of a trailer. */
export function trailersOf({ trailers }: Pick<LedgerRecord, 'trailers'>, key: string): string[] {
  return trailers.flatMap((trailer) => (trailer.key === key ? [trailer.value] : []));
}
