import type { LedgerState } from './ledger-entry.js';

/** The number of the entry after one that left this state. */
export function nextSequence(state: LedgerState | undefined): number {
  return (state?.sequence ?? 0) + 1;
}
