import { differences, type JsonDifference } from '../domain/source/compare-json.js';
import type { JsonObject } from '../domain/source/json.js';
import type { Ledger } from '../ports/ledger.js';
import { toEntry, type HistoryEntry } from './history.js';

/** What was sent last at one entry of a ledger, beside what was at another one. */
export interface LedgerDiff {
  from: HistoryEntry;
  to: HistoryEntry;
  /** Paths in the ledger's tree, which name the jobs. */
  added: { path: string; document: JsonObject }[];
  removed: { path: string; document: JsonObject }[];
  changed: { path: string; fields: JsonDifference[] }[];
  same: number;
}

/** Compares two entries, by the first digits of their ids; undefined where one of them is not in this ledger. */
export async function readLedgerDiff(
  left: string,
  right: string,
  ledger: Ledger,
  signal: AbortSignal,
): Promise<LedgerDiff | undefined> {
  if (!isEntryId(left) || !isEntryId(right)) return undefined;
  const [from, to] = [await ledger.entry(left, { signal }), await ledger.entry(right, { signal })];
  if (from === undefined || to === undefined) return undefined;
  const read = async (commit: typeof from.commit): Promise<Map<string, JsonObject>> =>
    ledger.documents(commit, await ledger.paths(commit, { signal }), { signal });
  const [before, after] = [await read(from.commit), await read(to.commit)];
  const result: LedgerDiff = {
    from: toEntry(from),
    to: toEntry(to),
    added: [],
    removed: [],
    changed: [],
    same: 0,
  };
  for (const path of [...new Set([...before.keys(), ...after.keys()])].sort()) {
    const [old, now] = [before.get(path), after.get(path)];
    if (old === undefined && now !== undefined) result.added.push({ path, document: now });
    else if (old !== undefined && now === undefined) result.removed.push({ path, document: old });
    else {
      const fields = differences(old, now);
      if (fields.length === 0) result.same += 1;
      else result.changed.push({ path, fields });
    }
  }
  return result;
}

/** What may name an entry: seven digits at least. */
export function isEntryId(text: string): boolean {
  return /^[0-9a-f]{7,64}$/.test(text);
}
