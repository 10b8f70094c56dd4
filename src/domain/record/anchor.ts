import { isObject, type Json } from '../source/json.js';
import { parseObjectId, type ObjectId } from '../source/revision.js';

/**
 * The value of `ENV/.ledger`: the newest entry that was appended, kept in another system than the ledger. A ledger that was
 * cut off or written anew does not lead to it any more.
 */
export interface LedgerAnchor {
  version: 1;
  branch: string;
  commit: ObjectId;
  sequence: number;
  /** ISO 8601, UTC. */
  at: string;
}

/** KV is outside: everything is checked. */
export function parseAnchor(bytes: Uint8Array): { anchor: LedgerAnchor } | { reason: string } {
  let value: Json;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Json;
  } catch {
    return { reason: 'it is not valid JSON' };
  }
  if (!isObject(value) || value['version'] !== 1) return { reason: 'it is no anchor of version 1' };
  const { branch, commit, sequence, at } = value;
  const id = typeof commit === 'string' ? parseObjectId(commit) : undefined;
  if (id === undefined) return { reason: 'it names no entry' };
  if (typeof branch !== 'string' || typeof at !== 'string')
    return { reason: 'it names no branch or no time' };
  if (typeof sequence !== 'number' || !Number.isSafeInteger(sequence))
    return { reason: 'it has no number of an entry' };
  return { anchor: { version: 1, branch, commit: id, sequence, at } };
}
