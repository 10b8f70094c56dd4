import { msOf } from '../plan/gates/local-time.js';
import type { JobRef } from '../job/job-ref.js';
import { EVERY_JOB, type Asked, type AskedRun } from '../plan/asked.js';
import type { Revision } from '../source/revision.js';
import type { LayerTree } from '../source/tree.js';
import { oneLine } from '../source/one-line.js';
import { gateOrdered, isGateOrder, type GateOrder, type GateVerb } from './gate-orders.js';
import { withAll, without } from './keyed.js';
import type { LedgerState } from './ledger-entry.js';
import { nextSequence } from './sequence.js';

/**
 * What a person tells deployers, on record like everything else.
 * pause: nothing is sent for a job, or for all of them · resume: it is again · retry: what failed is tried again as it
 * is · restart: all tasks of a job are replaced as they are · trigger: a job is run once, now · kill: its runs are ended.
 */
export type JobVerb = 'pause' | 'resume' | 'retry' | 'restart' | 'trigger' | 'kill';

export type OrderVerb = JobVerb | GateVerb;

export interface Order extends Omit<GateOrder, 'verb'> {
  verb: OrderVerb;
  /** Empty: the environment. */
  refs: readonly JobRef[];
  /** Of a run: put after the arguments of the job. */
  args?: string;
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
    : {
        phase: 'order',
        environment: state.environment,
        order,
        state: { ...next, sequence: nextSequence(state) },
      };
}

/** The state of a ledger on which nothing is, but what is said now. */
export function firstState(
  environment: string,
  revision: Revision,
  trees: readonly LayerTree[],
): LedgerState {
  return { version: 1, environment, revision, trees, pass: '', jobs: {}, intents: [] };
}

function obeyed(order: Order, state: LedgerState): LedgerState | undefined {
  return isGateOrder(order) ? gateOrdered(order, state) : jobsOrdered(order, state);
}

function jobsOrdered(order: Order, state: LedgerState): LedgerState | undefined {
  const { verb, refs, by, at, until, reason, args } = order;
  const asked: Asked = { by: oneLine(by), at, ...(reason === undefined ? {} : { reason: oneLine(reason) }) };
  const names = refs.length === 0 ? [EVERY_JOB] : [...refs];
  // Said once more without a reason it is no news, and the reason of the first time stays.
  const news = (given: LedgerState['paused'], all: readonly string[]): boolean =>
    reason !== undefined || !all.every((name) => Object.hasOwn(given ?? {}, name));
  if (verb === 'pause') {
    const pause: Asked = { ...asked, ...(until === undefined ? {} : { until }) };
    const before = inForce(state.paused, msOf(at));
    return news(before, names) || names.some((name) => before[name]?.until !== until)
      ? { ...state, paused: { ...state.paused, ...withAll(names, pause) } }
      : undefined;
  }
  if (verb === 'restart')
    return news(state.restarts, refs)
      ? { ...state, restarts: { ...state.restarts, ...withAll(refs, asked) } }
      : undefined;
  if (verb === 'trigger' || verb === 'kill') {
    const run: AskedRun = { ...asked, act: verb, ...(args === undefined ? {} : { args: oneLine(args) }) };
    const isNews =
      refs.some((ref) => state.runs?.[ref]?.act !== verb) || reason !== undefined || args !== undefined;
    return isNews ? { ...state, runs: { ...state.runs, ...withAll(refs, run) } } : undefined;
  }
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

/** What has not ended by itself. */
export function inForce(
  all: Readonly<Record<string, Asked>> | undefined,
  now: number,
): Readonly<Record<string, Asked>> {
  return Object.fromEntries(
    Object.entries(all ?? {}).filter(([, { until }]) => until === undefined || msOf(until) > now),
  );
}
