import type { LedgerEntry, MirrorEntry } from './ledger-entry.js';
import type { OrderEntry } from './orders.js';

/** Whatever is appended to a ledger: one commit each. */
export type Appended = LedgerEntry | OrderEntry | MirrorEntry;

/** When it happened, ISO 8601. */
export function timeOf(entry: Appended): string {
  if (entry.phase === 'order') return entry.order.at;
  return entry.phase === 'mirror' ? entry.record.at : entry.at;
}
