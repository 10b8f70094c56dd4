import { isObject, type Json } from '../source/json.js';
import { parseObjectId, type ObjectId } from '../source/revision.js';

/**
 * The value of `ENV/.ledger`: the newest entry that a worker has written. Who rewrites the branch as a whole has to
 * rewrite this too, in another system and with other rights.
 */
export interface LedgerAnchor {
  version: 1;
  branch: string;
  commit: ObjectId;
  sequence: number;
  /** ISO 8601, UTC. */
  at: string;
}

/** What `.ledger` says, or why it says nothing that can be trusted. KV is outside: everything is checked. */
export function parseAnchor(bytes: Uint8Array): { anchor: LedgerAnchor } | { reason: string } {
  let value: Json;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)) as Json;
  } catch {
    return { reason: 'it is not valid JSON' };
  }
  if (!isObject(value)) return { reason: 'it is not a JSON object' };
  const { version, branch, commit, sequence, at } = value;
  if (version !== 1) return { reason: `its version is ${JSON.stringify(version)}, expected 1` };
  if (typeof branch !== 'string' || typeof at !== 'string')
    return { reason: 'it names no branch or no time' };
  const id = typeof commit === 'string' ? parseObjectId(commit) : undefined;
  if (id === undefined) return { reason: 'its commit is not a full commit id' };
  if (typeof sequence !== 'number' || !Number.isSafeInteger(sequence) || sequence < 1)
    return { reason: 'its sequence is no number' };
  return { anchor: { version: 1, branch, commit: id, sequence, at } };
}
