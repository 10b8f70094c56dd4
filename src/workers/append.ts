import type { Appended } from '../domain/record/appended.js';
import type { LedgerState } from '../domain/record/ledger-entry.js';
import type { ObjectId } from '../domain/source/revision.js';
import type { Ledger } from '../ports/ledger.js';
import { kindOf } from '../runtime/errors.js';

/** Appends that somebody else may win before this one gives up. */
const LOST_RACES = 5;

/**
 * Appends after the newest entry, whoever wrote it; the entry is made anew from the state found there. Undefined where
 * there is nothing to append. Throws `conflict` where others come first again and again.
 */
export async function appendAnew(
  ledger: Ledger,
  signal: AbortSignal,
  entry: (state: LedgerState | undefined) => Appended | undefined,
): Promise<ObjectId | undefined> {
  for (let attempt = 1; ; attempt++) {
    // Whoever came first meanwhile is found out by the append; then the newest entry is looked for.
    const head = await ledger.head({ signal, known: attempt === 1 });
    const next = entry(head.state);
    if (next === undefined) return undefined;
    try {
      return await ledger.append(next, head.commit, { signal });
    } catch (error) {
      if (kindOf(error) !== 'conflict' || attempt >= LOST_RACES) throw error;
    }
  }
}
