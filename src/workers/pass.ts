import { randomUUID } from 'node:crypto';
import type { Clock } from '../ports/clock.js';
import type { Log } from '../runtime/log.js';

/** Facts and tools of one pass. */
export interface PassContext {
  /** Pass id; also stands in the ledger, the KV status and every log line of the pass. */
  id: string;
  signal: AbortSignal;
  log: Log;
  clock: Clock;
  /** Stop after the plan. */
  dryRun: boolean;
  /** Who or what started it: `once`, `run`, `handle`, `hook`, `webhook`. */
  trigger: string;
}

/**
 * A worker's pass. Every worker has this shape: observe reads, plan is a pure function of what was observed, apply
 * carries the plan out, record writes down what happened. `record` also runs when apply failed half-way: it gets what
 * apply returned; an apply that can fail half-way catches that itself and returns it as part of its result.
 */
export interface PassSteps<Observed, Plan, Applied> {
  worker: string;
  environment: string;
  /** Undefined: there is nothing to act on yet (for example no `.ref`). */
  observe(context: PassContext): Promise<Observed | undefined>;
  plan(observed: Observed): Plan;
  /** True where the plan asks for no change: apply and record are skipped. */
  nothingToDo(plan: Plan): boolean;
  apply(plan: Plan, observed: Observed, context: PassContext): Promise<Applied>;
  record(applied: Applied, plan: Plan, observed: Observed, context: PassContext): Promise<void>;
}

export type PassResult<Plan, Applied> =
  | { kind: 'nothing-observed'; pass: string }
  | { kind: 'unchanged'; pass: string; plan: Plan }
  | { kind: 'planned'; pass: string; plan: Plan }
  | { kind: 'applied'; pass: string; plan: Plan; applied: Applied };

export interface PassOptions {
  signal: AbortSignal;
  log: Log;
  clock: Clock;
  dryRun?: boolean;
  trigger: string;
}

/** Runs one pass: observe → plan → apply → record. A dry run is the same path and ends after the plan. */
export async function runPass<Observed, Plan, Applied>(
  steps: PassSteps<Observed, Plan, Applied>,
  { signal, log, clock, dryRun = false, trigger }: PassOptions,
): Promise<PassResult<Plan, Applied>> {
  const id = randomUUID().slice(0, 8);
  const child = log.child({ worker: steps.worker, environment: steps.environment, pass: id });
  const context: PassContext = { id, signal, log: child, clock, dryRun, trigger };
  signal.throwIfAborted();
  const began = clock.now();
  const observed = await steps.observe(context);
  const seen = clock.now();
  if (observed === undefined) return { kind: 'nothing-observed', pass: id };
  const plan = steps.plan(observed);
  child.debug({ observeMs: seen - began, planMs: clock.now() - seen }, 'planned');
  if (steps.nothingToDo(plan)) return { kind: 'unchanged', pass: id, plan };
  if (dryRun) return { kind: 'planned', pass: id, plan };
  signal.throwIfAborted();
  const applied = await steps.apply(plan, observed, context);
  await steps.record(applied, plan, observed, context);
  return { kind: 'applied', pass: id, plan, applied };
}
