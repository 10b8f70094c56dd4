import { randomUUID } from 'node:crypto';
import type { Log } from '../../runtime/log.js';
import { CannotRun, type RunningTask, type TaskContainer, type TaskRunner } from '../tasks/task.js';
import { advanced, parse } from './schedule.js';
import type { ChronosState, Job } from './types.js';

/** Runs jobs when they are due, children when their parents succeeded, and keeps the counters. */
export class Engine {
  readonly running = new Map<string, { taskId: string; task: RunningTask }[]>();
  readonly #retries = new Map<string, number>();
  #stopped = false;

  constructor(
    readonly state: ChronosState,
    readonly runner: TaskRunner,
    readonly log: Log,
    readonly changed: () => void,
    /** Milliseconds since the epoch. */
    readonly now: () => number = Date.now,
  ) {}

  /** The scheduler ended, as the real one does when a self-parent or a cycle is in its store. */
  dead: string | undefined;

  /**
   * What was created is only in the store until the scheduler loads everything anew; dependents whose parents are not
   * there are dropped each time, and a circle ends the process.
   */
  reload(): void {
    const { jobs, ghosts } = this.state;
    for (let found = true; found;) {
      found = false;
      for (const ghost of Object.values(ghosts)) {
        if (!parentsOf(ghost).every((parent) => jobs[parent] !== undefined)) continue;
        jobs[ghost.name] = ghost;
        delete ghosts[ghost.name];
        this.state.joined[ghost.name] = [];
        found = true;
        this.changed();
      }
    }
    if (Object.keys(ghosts).some((name) => reaches(name, name, ghosts)))
      this.dead ??= 'the job graph is not acyclic; the process exited';
  }

  /** Everything that is due now. A start in the past is due at once. */
  tick(now: number): void {
    if (this.#stopped) return;
    this.reload();
    for (const job of Object.values(this.state.jobs)) {
      if (job['disabled'] === true || typeof job['schedule'] !== 'string') continue;
      const parsed = parse(job['schedule'], String(job['scheduleTimeZone'] ?? ''), now);
      if (parsed === undefined || parsed.repeat === 0 || parsed.start.toMillis() > now) continue;
      if (job['concurrent'] !== true && this.isRunning(job.name)) continue;
      this.launch(job, now);
    }
  }

  isRunning(name: string): boolean {
    return (this.running.get(name) ?? []).length > 0;
  }

  /** Starts a job now; its schedule moves on with it, whoever asked, and when it is tried again as well. */
  launch(job: Job, now: number, extra = ''): void {
    if (typeof job['schedule'] === 'string')
      job['schedule'] = advanced(job['schedule'], String(job['scheduleTimeZone'] ?? ''), now);
    this.changed();
    void this.#run(job.name, extra);
  }

  async #run(name: string, extra: string): Promise<void> {
    const job = this.state.jobs[name];
    if (job === undefined) return;
    const taskId = `ct:${this.now()}:0:${name}:${randomUUID().slice(0, 8)}`;
    const args = Array.isArray(job['arguments']) ? job['arguments'].map(String) : [];
    const command = [String(job['command'] ?? ''), ...args, extra].filter((part) => part !== '').join(' ');
    const env: Record<string, string> = {
      CHRONOS_JOB_NAME: name,
      CHRONOS_JOB_OWNER: String(job['owner'] ?? ''),
      mesos_task_id: taskId,
      HOST: '127.0.0.1',
    };
    const given = Array.isArray(job['environmentVariables'])
      ? (job['environmentVariables'] as { name?: unknown; value?: unknown }[])
      : [];
    for (const { name: key, value } of given) env[String(key)] ??= String(value ?? '');
    const history = (this.state.history[name] ??= []);
    const record: (typeof history)[number] = {
      taskId,
      status: 'TASK_RUNNING',
      start: this.#isoNow(),
    };
    history.push(record);
    if (history.length > 50) history.shift();
    const container = containerOf(job);
    let task: RunningTask;
    try {
      task = await this.runner.launch({
        taskId,
        jobId: name,
        ...(command === '' ? {} : { command: { shell: command } }),
        ...(container === undefined ? {} : { container }),
        env,
        killGraceMs: 2000,
      });
    } catch (error) {
      if (!(error instanceof CannotRun)) throw error;
      this.log.warn({ job: name, reason: error.message }, 'the job can not run here');
      Object.assign(record, { end: this.#isoNow(), status: 'TASK_FAILED' });
      return this.#ended(name, false);
    }
    this.running.set(name, [...(this.running.get(name) ?? []), { taskId, task }]);
    const { code } = await task.exited;
    this.running.set(
      name,
      (this.running.get(name) ?? []).filter((r) => r.taskId !== taskId),
    );
    record.end = this.#isoNow();
    record.status = code === 0 ? 'TASK_FINISHED' : 'TASK_FAILED';
    if (!this.#stopped) this.#ended(name, code === 0);
  }

  #ended(name: string, good: boolean): void {
    const job = this.state.jobs[name];
    if (job === undefined) return;
    if (good) this.#didWell(job);
    else this.#failed(job);
    this.changed();
  }

  #didWell(job: Job): void {
    this.#retries.delete(job.name);
    Object.assign(job, {
      successCount: Number(job['successCount'] ?? 0) + 1,
      lastSuccess: this.#isoNow(),
      errorsSinceLastSuccess: 0,
    });
    if (String(job['schedule'] ?? '').startsWith('R0/')) job['disabled'] = true;
    this.succeeded(job.name);
  }

  #failed(job: Job): void {
    const used = this.#retries.get(job.name) ?? 0;
    const [lastSuccess, lastError] = [String(job['lastSuccess'] ?? ''), String(job['lastError'] ?? '')];
    // Only the first failure after a success is tried again.
    if (used < Number(job['retries'] ?? 2) && (lastError === '' || lastSuccess >= lastError)) {
      this.#retries.set(job.name, used + 1);
      this.launch(job, this.now());
      return;
    }
    this.#retries.delete(job.name);
    Object.assign(job, {
      errorCount: Number(job['errorCount'] ?? 0) + 1,
      errorsSinceLastSuccess: Number(job['errorsSinceLastSuccess'] ?? 0) + 1,
      lastError: this.#isoNow(),
      // Every final failure writes it: a job that was switched off meanwhile is on again.
      disabled: false,
    });
    if (job['softError'] === true) this.succeeded(job.name);
  }

  #isoNow(): string {
    return new Date(this.now()).toISOString();
  }

  /** Fires the children whose parents have all succeeded since they last ran. */
  succeeded(name: string): void {
    for (const child of Object.values(this.state.jobs)) {
      const parents = parentsOf(child);
      if (!parents.includes(name) || child['disabled'] === true) continue;
      const joined = new Set([...(this.state.joined[child.name] ?? []), name]);
      this.state.joined[child.name] = [...joined];
      if (!parents.every((p) => joined.has(p))) continue;
      this.state.joined[child.name] = [];
      void this.#run(child.name, '');
    }
  }

  async kill(name: string): Promise<void> {
    await Promise.all((this.running.get(name) ?? []).map(({ task }) => task.kill()));
  }

  stop(): void {
    this.#stopped = true;
  }
}

export function parentsOf(job: Job): string[] {
  return Array.isArray(job['parents']) ? job['parents'].map(String) : [];
}

/** True where a job is among the ancestors of another one. */
export function reaches(from: string, to: string, jobs: Readonly<Record<string, Job>>): boolean {
  const waiting = [from];
  const seen = new Set<string>();
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const job = jobs[next];
    const parents = job === undefined ? [] : parentsOf(job);
    if (parents.includes(to)) return true;
    for (const parent of parents) {
      if (seen.has(parent)) continue;
      seen.add(parent);
      waiting.push(parent);
    }
  }
  return false;
}

/** Without an image the container is ignored, and the job runs on the host (reference: chronos.md §2). */
function containerOf(job: Job): TaskContainer | undefined {
  const container = (job['container'] ?? {}) as Record<string, unknown>;
  if (typeof container['image'] !== 'string' || container['image'] === '') return undefined;
  const volumes = Array.isArray(container['volumes'])
    ? (container['volumes'] as Record<string, unknown>[])
    : [];
  return {
    image: container['image'],
    forcePull: container['forcePullImage'] === true,
    privileged: false,
    network: container['network'] === undefined || container['network'] === 'HOST' ? 'host' : 'bridge',
    ports: [],
    mounts: volumes.flatMap(({ hostPath, containerPath, mode }) =>
      typeof hostPath === 'string' && typeof containerPath === 'string' && hostPath.startsWith('/')
        ? [{ hostPath, containerPath, readOnly: mode === 'RO' }]
        : [],
    ),
    ...(typeof job['mem'] === 'number' ? { memory: job['mem'] } : {}),
  };
}
