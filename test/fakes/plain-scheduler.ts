import { jobRef } from '../../src/domain/job/job-ref.js';
import type { Change, LiveJob } from '../../src/domain/plan/plan.js';
import type { Outcome, OutcomeState } from '../../src/domain/record/outcome.js';
import type { JsonObject } from '../../src/domain/source/json.js';
import type { ApplyOptions, LiveTask, Scheduler } from '../../src/ports/scheduler.js';
import type { TowlineError } from '../../src/runtime/errors.js';

/** A scheduler in memory that does what it is told, and counts it. Jobs are plain documents. */
export class PlainScheduler implements Scheduler {
  readonly kind = 'plain';
  readonly jobs = new Map<string, { spec: JsonObject; version: number }>();
  /** Every call that changed something: `create web`. */
  readonly calls: string[] = [];
  /** How a job's next changes end, by id; `applied` where nothing is said. */
  readonly ends = new Map<string, OutcomeState>();
  /** Jobs whose next change finds something else than the plan saw. */
  readonly stale = new Set<string>();
  /** Jobs whose next change is lost on the way: nothing happens, and nobody can tell. */
  readonly lost = new Set<string>();
  unreadable: TowlineError | undefined;
  /** Called after a change took effect and before its outcome is known: throw here to crash in between. */
  afterEffect: (change: Change) => void = () => undefined;

  constructor(readonly name = 'plain') {}

  async observe(): Promise<LiveJob[]> {
    if (this.unreadable !== undefined) throw this.unreadable;
    return [...this.jobs].map(([id, { spec, version }]) => ({
      ref: jobRef(this.name, id),
      kind: 'job',
      id,
      spec,
      version: `v${version}`,
    }));
  }

  async apply(change: Change, { signal }: ApplyOptions): Promise<Outcome> {
    signal.throwIfAborted();
    const { ref, scheduler, kind, id, action, desired } = change;
    const state = this.ends.get(id) ?? 'applied';
    const now = '2026-01-01T00:00:00.000Z';
    const outcome: Outcome = {
      ref,
      scheduler,
      kind,
      id,
      action,
      state,
      message: state,
      startedAt: now,
      endedAt: now,
    };
    if (action === 'none') return { ...outcome, message: 'read back' };
    this.calls.push(`${action} ${id}`);
    if (this.lost.delete(id)) return { ...outcome, state: 'unknown' };
    if (this.stale.delete(id)) return { ...outcome, state: 'blocked', replan: true };
    if (state === 'failed' || state === 'rolled-back') return outcome;
    const version = (this.jobs.get(id)?.version ?? 0) + 1;
    if (desired === undefined) this.jobs.delete(id);
    else this.jobs.set(id, { spec: desired.spec, version });
    this.afterEffect(change);
    return { ...outcome, version: `v${version}`, ...(desired === undefined ? {} : { sent: desired.spec }) };
  }

  async tasks(): Promise<LiveTask[]> {
    return [];
  }

  async describe(): Promise<{ version?: string; facts: JsonObject }> {
    return { facts: {} };
  }

  async close(): Promise<void> {
    return undefined;
  }
}
