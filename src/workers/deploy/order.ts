import type { LedgerState } from '../../domain/record/ledger-entry.js';
import { orderEntry, type Order } from '../../domain/record/orders.js';
import { kvJson, type KvLayout } from '../../domain/source/kv-layout.js';
import type { ObjectId } from '../../domain/source/revision.js';
import type { KvStore } from '../../ports/kv-store.js';
import type { Ledger } from '../../ports/ledger.js';
import { TowlineError } from '../../runtime/errors.js';
import type { Log } from '../../runtime/log.js';
import { dropAnchor } from '../anchor.js';
import { appendAnew } from '../append.js';

export interface OrderTargets {
  ledger: Ledger;
  kv: KvStore;
  layout: KvLayout;
  log: Log;
  /** What an order may be about before anything was deployed; undefined: nothing can be ordered then. */
  first?: LedgerState;
}

/**
 * Puts an order on record and wakes the deployer, who finds it there at its next look. Undefined where it changes nothing:
 * what is to go on is not paused, what is to be tried again has not failed.
 */
export async function giveOrder(
  { ledger, kv, layout, log, first }: OrderTargets,
  order: Order,
  signal: AbortSignal,
): Promise<ObjectId | undefined> {
  const commit = await appendAnew(ledger, signal, (recorded) => {
    const state = recorded ?? first;
    if (state !== undefined) return orderEntry(order, state);
    throw new TowlineError('ledger-empty', 'invalid', `nothing is on record of ${layout.environment} yet`, {
      help: 'There is nothing to order before the first deploy.',
    });
  });
  if (commit === undefined) return undefined;
  // Only a bell: the value is for people who look at KV.
  const value = kvJson({ commit, verb: order.verb, refs: order.refs, by: order.by, at: order.at });
  await kv.put(layout.orders, value, { signal });
  await dropAnchor({ kv, ledger, layout, log }, order.at, signal);
  return commit;
}
