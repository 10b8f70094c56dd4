import { jobRef } from '../../src/domain/job/job-ref.js';
import type { Change, LiveJob } from '../../src/domain/plan/plan.js';
import type { Outcome, OutcomeState } from '../../src/domain/record/outcome.js';
import type { JsonObject } from '../../src/domain/source/json.js';
import type { LiveTask, Scheduler } from '../../src/ports/scheduler.js';

interface Running {
  spec: JsonObject;
  version: string;
}

/** A scheduler with versions, deployments and tasks, as Marathon has them. */
export class VersionedScheduler implements Scheduler {
  readonly name = 'plain';
  readonly kind = 'plain';
  readonly jobs = new Map<string, Running>();
  readonly running = new Map<string, LiveTask[]>();
  /** How the next change of a job ends. */
  readonly ends = new Map<string, OutcomeState>();
  /** Jobs of whose next update one old task survives. */
  readonly slow = new Set<string>();
  /** Throw here to crash between the call and its record. */
  afterEffect: () => void = () => undefined;
  #count = 0;

  constructor(readonly now: () => number) {}

  async observe(): Promise<LiveJob[]> {
    return [...this.jobs].map(([id, { spec, version }]) => this.#live(id, spec, version));
  }

  async find({ id }: { id: string }): Promise<LiveJob | undefined> {
    const job = this.jobs.get(id);
    return job === undefined ? undefined : this.#live(id, job.spec, job.version);
  }

  /** Somebody changes a job past Towline. */
  edit(id: string, more: JsonObject): void {
    const before = this.jobs.get(id);
    if (before !== undefined) this.#put(id, { ...before.spec, ...more });
  }

  async apply(change: Change): Promise<Outcome> {
    const { ref, scheduler, kind, id, action, desired } = change;
    const end = this.ends.get(id) ?? 'applied';
    this.ends.delete(id);
    const at = new Date(this.now()).toISOString();
    const outcome: Outcome = {
      ref,
      scheduler,
      kind,
      id,
      action,
      state: end,
      message: end,
      startedAt: at,
      endedAt: at,
    };
    const now = this.jobs.get(id);
    if (action === 'none') return { ...outcome, ...(now === undefined ? {} : { version: now.version }) };
    if (end === 'failed') return { ...outcome, message: 'it was refused' };
    const deploymentId = `d${++this.#count}`;
    if (end === 'rolled-back' && now !== undefined) {
      const version = this.#put(id, now.spec);
      return { ...outcome, message: 'it crashed', sent: now.spec, version, deploymentId };
    }
    if (action === 'delete') {
      this.jobs.delete(id);
      this.running.delete(id);
      this.afterEffect();
      return { ...outcome, deploymentId };
    }
    const spec = action === 'restart' ? now?.spec : desired?.spec;
    const version = this.#put(id, spec ?? {}, action === 'scale');
    this.afterEffect();
    return {
      ...outcome,
      version,
      deploymentId,
      ...(action === 'restart' || spec === undefined ? {} : { sent: spec }),
    };
  }

  async tasks(id: string): Promise<LiveTask[]> {
    return this.running.get(id) ?? [];
  }

  async describe(): Promise<{ facts: JsonObject }> {
    return { facts: {} };
  }

  async close(): Promise<void> {
    return undefined;
  }

  #live(id: string, spec: JsonObject, version: string): LiveJob {
    return { ref: jobRef(this.name, id), kind: 'job', id, spec, version };
  }

  #put(id: string, spec: JsonObject, keepsTasks = false): string {
    const version = `v${++this.#count}`;
    const before = this.running.get(id) ?? [];
    const wanted = Number(spec['instances'] ?? 1);
    const kept = keepsTasks ? before.slice(0, wanted) : this.slow.delete(id) ? before.slice(-1) : [];
    const started = Array.from({ length: Math.max(0, wanted - kept.length) }, () => this.#task(id, version));
    this.jobs.set(id, { spec, version });
    this.running.set(id, [...kept, ...started]);
    return version;
  }

  #task(jobId: string, version: string): LiveTask {
    const n = ++this.#count;
    return {
      id: `${jobId}.instance-${n}`,
      jobId,
      host: '10.0.0.1',
      ports: [31_000 + n],
      state: 'TASK_RUNNING',
      version,
    };
  }
}
