import type { JobRef } from '../job/job-ref.js';
import { sendsNothing } from '../plan/obey-orders.js';
import type { Change } from '../plan/plan.js';
import { digest } from '../source/digest.js';
import type { LedgerIntent, LedgerState } from './ledger-entry.js';

/** What became of a change that was announced and whose end is not on record, as its scheduler shows it. */
export type Found = 'done' | 'not done' | 'unknown';

/** The changes that earlier passes announced and never ended, by their jobs. */
export function openIntents(state: LedgerState | undefined): Map<JobRef, LedgerIntent> {
  return new Map((state?.intents ?? []).map((intent) => [intent.ref, intent]));
}

/** Judges an announced change by what the next plan found of its job. Only what can be told from that is told. */
export function foundOf(intent: LedgerIntent, { action, desired, live }: Change): Found {
  if (intent.action === 'delete') return live === undefined ? 'done' : 'not done';
  const { liveVersion: before } = intent;
  const moved = live?.version !== undefined && before !== undefined && live.version !== before;
  if (intent.action === 'restart') return moved ? 'done' : before === undefined ? 'unknown' : 'not done';
  // Nothing shows whether a run was started or ended by that call.
  if (sendsNothing(intent.action)) return 'unknown';
  if (desired === undefined) return live === undefined ? 'not done' : 'unknown';
  // Git states something else by now: what was announced can't be compared any more.
  if (digest(desired.spec) !== intent.desiredDigest) return 'unknown';
  if (action === 'none' || sendsNothing(action)) return 'done';
  if (live === undefined) return 'not done';
  return moved || intent.action === 'create' ? 'unknown' : 'not done';
}

/**
 * True where an announced definition must not be sent once more without a word from a person: it, or something else, was
 * put there since it was announced, and it is not there now. Most likely it failed, and what ran before was put back.
 */
export function wasTried(intent: LedgerIntent, change: Change): boolean {
  const defines = change.action === 'update' || change.action === 'create';
  return (
    defines &&
    change.desired !== undefined &&
    intent.desiredDigest === digest(change.desired.spec) &&
    foundOf(intent, change) === 'unknown'
  );
}

/** `found done`, `found not done`, `unknown`: the first words of the message of what an earlier pass left open. */
export function foundText(found: Found): string {
  return found === 'unknown' ? 'unknown' : `found ${found}`;
}
