import type { EntryName, EntryRange } from '../domain/record/entry-range.js';
import type { LedgerRecord } from '../domain/record/ledger-entry.js';
import type { Ledger } from '../ports/ledger.js';
import { TowlineError } from '../runtime/errors.js';

/** Entries read at once. */
const PAGE = 256;

/** The entries of a range, newest first, read page by page: a ledger may have a hundred thousand. */
export async function* entriesBetween(
  ledger: Ledger,
  { from, to }: EntryRange,
  signal: AbortSignal,
): AsyncGenerator<LedgerRecord> {
  const first = from === undefined ? undefined : await named(ledger, from, signal);
  const last = to === undefined ? undefined : await named(ledger, to, signal);
  if (first !== undefined && last !== undefined && sequenceOf(first) > sequenceOf(last))
    throw unknown(`${nameText(to)} comes before ${nameText(from)}`, ledger);
  let found = await ledger.history({
    signal,
    limit: PAGE,
    ...(last === undefined ? {} : { from: last.commit }),
  });
  for (;;) {
    for (const record of found) {
      yield record;
      if (record.commit === first?.commit) return;
    }
    const oldest = found.at(-1);
    if (oldest === undefined || found.length < PAGE) break;
    found = await ledger.history({ signal, limit: PAGE, from: oldest.commit, skip: 1 });
  }
  if (first !== undefined) throw unknown(`${nameText(from)} does not come before ${nameText(to)}`, ledger);
}

/** The number of an entry; 0 for one of old, which has none. */
export function sequenceOf({ trailers }: LedgerRecord): number {
  return Number(trailers.find(({ key }) => key === 'Towline-Sequence')?.value ?? 0);
}

async function named(ledger: Ledger, name: EntryName, signal: AbortSignal): Promise<LedgerRecord> {
  const found =
    'commit' in name
      ? await ledger.entry(name.commit, { signal })
      : await numbered(ledger, name.sequence, signal);
  if (found === undefined) throw unknown(`there is no entry ${nameText(name)}`, ledger);
  return found;
}

/** The numbers that begin with the same digits are found with it. */
async function numbered(
  ledger: Ledger,
  sequence: number,
  signal: AbortSignal,
): Promise<LedgerRecord | undefined> {
  const trailer = `Towline-Sequence: ${sequence}`;
  for (let skip = 0; ; skip += PAGE) {
    const page = await ledger.history({ signal, limit: PAGE, skip, trailer });
    const found = page.find((record) => sequenceOf(record) === sequence);
    if (found !== undefined || page.length === 0) return found;
  }
}

function nameText(name: EntryName | undefined): string {
  if (name === undefined) return 'the newest entry';
  return 'commit' in name ? name.commit : `#${name.sequence}`;
}

function unknown(message: string, { branch }: Ledger): TowlineError {
  return new TowlineError('entry-unknown', 'invalid', `${branch}: ${message}`, {
    help: 'Name entries by their numbers (#12) or by their commits; towline history lists them.',
  });
}
