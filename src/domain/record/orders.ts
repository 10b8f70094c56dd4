import type { JobRef } from '../job/job-ref.js';
import { EVERY_JOB, type Asked } from '../plan/asked.js';
import { oneLine } from '../source/one-line.js';
import type { LedgerState } from './ledger-entry.js';

/**
 * What a person tells deployers, on record like everything else.
 * pause: nothing is sent for a job, or for all of them · resume: it is again · retry: what failed is tried again as it
 * is · restart: all tasks of a job are replaced as they are.
 */
export type OrderVerb = 'pause' | 'resume' | 'retry' | 'restart';

export interface Order extends Asked {
  verb: OrderVerb;
  /** Empty: the environment. */
  refs: readonly JobRef[];
}

/** An entry that is no pass: it changes what the next pass does. */
export interface OrderEntry {
  phase: 'order';
  environment: string;
  order: Order;
  state: LedgerState;
}

/** The entry of an order; undefined where it would change nothing. */
export function orderEntry(order: Order, state: LedgerState): OrderEntry | undefined {
  const next = obeyed(order, state);
  return next === undefined
    ? undefined
    : { phase: 'order', environment: state.environment, order, state: next };
}

function obeyed({ verb, refs, by, at, reason }: Order, state: LedgerState): LedgerState | undefined {
  const asked: Asked = { by: oneLine(by), at, ...(reason === undefined ? {} : { reason: oneLine(reason) }) };
  const names = refs.length === 0 ? [EVERY_JOB] : [...refs];
  // Said once more without a reason it is no news, and the reason of the first time stays.
  const news = (given: LedgerState['paused'], all: readonly string[]): boolean =>
    reason !== undefined || !all.every((name) => Object.hasOwn(given ?? {}, name));
  if (verb === 'pause')
    return news(state.paused, names)
      ? { ...state, paused: { ...state.paused, ...withAll(names, asked) } }
      : undefined;
  if (verb === 'restart')
    return news(state.restarts, refs)
      ? { ...state, restarts: { ...state.restarts, ...withAll(refs, asked) } }
      : undefined;
  if (verb === 'resume') {
    const paused = without(state.paused, names);
    return paused === undefined ? undefined : { ...state, paused };
  }
  return retried(refs, state);
}

function retried(refs: readonly JobRef[], state: LedgerState): LedgerState | undefined {
  const chosen = new Set<string>(refs);
  let found = false;
  const jobs = Object.fromEntries(
    Object.entries(state.jobs).map(([ref, job]) => {
      if (job.failedDigest === undefined || (chosen.size > 0 && !chosen.has(ref))) return [ref, job];
      found = true;
      const { failedDigest: _failed, ...rest } = job;
      return [ref, rest];
    }),
  );
  return found ? { ...state, jobs } : undefined;
}

/** Undefined where none of the names is there. */
export function without<T>(
  all: Readonly<Record<string, T>> | undefined,
  names: readonly string[],
): Record<string, T> | undefined {
  if (all === undefined || !names.some((name) => Object.hasOwn(all, name))) return undefined;
  return Object.fromEntries(Object.entries(all).filter(([name]) => !names.includes(name)));
}

function withAll(names: readonly string[], asked: Asked): Record<string, Asked> {
  return Object.fromEntries(names.map((name) => [name, asked]));
}
