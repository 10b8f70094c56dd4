import { randomUUID } from 'node:crypto';
import type { Log } from '../../runtime/log.js';
import { freePorts } from '../tasks/free-ports.js';
import { CannotRun, type TaskRunner } from '../tasks/task.js';
import type { Events } from './events.js';
import { startChecks } from './health.js';
import { offerFor, type Agent } from './offers.js';
import { launchPlanOf, type Command } from './launch-plan.js';
import { asDoc, asList, numberOf, type LiveTask, type RunSpec, type Task } from './types.js';

export type { Agent };

export interface EngineOptions {
  runner: TaskRunner;
  events: Events;
  log: Log;
  agents: readonly Agent[];
  /** Seconds of a manifest last this many milliseconds. */
  secondMs: number;
  changed: () => void;
}

/** How a spec is to be driven now: by the deployment whose step names it, kept as it is, or held until its step comes. */
export type Mode = 'steady' | 'restart' | 'hold' | 'stop';

/** Runs the tasks of all specs: launches, kills, replaces, and backs off, one small step at a time. */
export class Engine {
  readonly tasks = new Map<string, LiveTask>();
  /** Specs by id; shared with the API, which writes them. */
  readonly specs = new Map<string, RunSpec>();
  #busy = new Set<string>();
  closed = false;

  constructor(readonly options: EngineOptions) {}

  of(id: string): LiveTask[] {
    return [...this.tasks.values()].filter((t) => t.specId === id);
  }

  instances({ kind, spec }: RunSpec): number {
    return kind === 'pod' ? numberOf(asDoc(spec['scaling'])['instances'], 1) : numberOf(spec['instances'], 1);
  }

  isHealthy(task: Task): boolean {
    return task.state === 'TASK_RUNNING' && task.ready && task.health.every((h) => h.alive);
  }

  /** True where a spec runs what it should and nothing else. */
  settled(id: string): boolean {
    const spec = this.specs.get(id);
    const all = this.of(id);
    if (spec === undefined) return all.length === 0;
    const mine = all.filter((t) => t.version === spec.configVersion && !t.killing);
    return (
      all.length === mine.length &&
      mine.length === this.instances(spec) &&
      mine.every((t) => this.isHealthy(t))
    );
  }

  /** One step for one spec. */
  async step(id: string, mode: Mode): Promise<void> {
    if (this.closed || this.#busy.has(id)) return;
    this.#busy.add(id);
    try {
      const spec = this.specs.get(id);
      if (mode === 'stop' || spec === undefined) for (const task of this.of(id)) this.kill(task);
      else if (mode === 'restart') await this.#restart(spec);
      else if (mode === 'steady') await this.#keep(spec);
    } finally {
      this.#busy.delete(id);
    }
  }

  async #keep(spec: RunSpec): Promise<void> {
    const wanted = this.instances(spec);
    const alive = this.of(spec.id).filter((t) => !t.killing);
    const youngest = [...alive].sort((a, b) => (a.stagedAt < b.stagedAt ? 1 : -1));
    for (const task of youngest.slice(0, Math.max(0, alive.length - wanted))) this.kill(task);
    for (let missing = wanted - alive.length; missing > 0; missing--) if (!(await this.#launch(spec))) return;
  }

  /** Launches that are due now: what is missing, within what an upgrade may have at once. */
  due(spec: RunSpec, mode: Mode): number {
    const alive = this.of(spec.id).filter((t) => !t.killing);
    if (mode === 'steady') return Math.max(0, this.instances(spec) - alive.length);
    if (mode !== 'restart') return 0;
    const fresh = alive.filter((t) => t.version === spec.configVersion).length;
    return Math.max(0, Math.min(this.#capacity(spec).most - alive.length, this.instances(spec) - fresh));
  }

  /** By upgradeStrategy (reference: marathon.md §4, "Rolling"). */
  #capacity(spec: RunSpec): { minHealthy: number; most: number } {
    const wanted = this.instances(spec);
    const strategy =
      spec.kind === 'pod'
        ? asDoc(asDoc(spec.spec['scheduling'])['upgrade'])
        : asDoc(spec.spec['upgradeStrategy']);
    const minHealthy = Math.ceil(wanted * numberOf(strategy['minimumHealthCapacity'], 1));
    const most = Math.floor(wanted * (1 + numberOf(strategy['maximumOverCapacity'], 1)));
    return { minHealthy, most: minHealthy === most ? most + 1 : most };
  }

  async #restart(spec: RunSpec): Promise<void> {
    const { minHealthy } = this.#capacity(spec);
    const all = this.of(spec.id).filter((t) => !t.killing);
    const fresh = all.filter((t) => t.version === spec.configVersion);
    const old = all
      .filter((t) => t.version !== spec.configVersion)
      .sort((a, b) =>
        this.isHealthy(a) === this.isHealthy(b)
          ? a.stagedAt < b.stagedAt
            ? -1
            : 1
          : this.isHealthy(a)
            ? 1
            : -1,
      );
    let healthy = all.filter((t) => this.isHealthy(t)).length;
    for (const task of old) {
      const counts = this.isHealthy(task);
      if (counts && healthy - 1 < minHealthy) break;
      if (counts) healthy -= 1;
      this.kill(task);
    }
    for (let room = this.due(spec, 'restart'); room > 0; room--) if (!(await this.#launch(spec))) return;
    for (const extra of fresh.slice(this.instances(spec))) this.kill(extra);
  }

  async #launch(spec: RunSpec): Promise<boolean> {
    if (Date.now() < spec.delayUntil) return false;
    const agent = offerFor(spec, this.options.agents, this);
    if (agent === undefined) return false;
    const plan = launchPlanOf(spec);
    const taken = new Set([...this.tasks.values()].flatMap((t) => t.ports));
    const ports = await freePorts(plan.freePorts, taken);
    if (this.closed) return false;
    const id = `${spec.id.slice(1).replaceAll('/', '_')}.${spec.kind === 'pod' ? 'instance-' : ''}${randomUUID()}`;
    const task: LiveTask = {
      id,
      specId: spec.id,
      version: spec.configVersion,
      agent: agent.id,
      ports: plan.assign(ports),
      state: 'TASK_STAGING',
      stagedAt: new Date().toISOString(),
      killing: false,
      processes: [],
      health: asList(spec.kind === 'app' ? spec.spec['healthChecks'] : []).map(() => ({
        alive: false,
        seen: false,
        failures: 0,
      })),
      ready: true,
      running: [],
      timers: [],
    };
    this.tasks.set(id, task);
    this.#status(task, 'TASK_STAGING', '');
    // Not awaited: fetching an image takes its time, and other tasks do not wait for it.
    void this.#start(task, spec, plan.commands(task));
    return true;
  }

  async #start(task: LiveTask, spec: RunSpec, commands: readonly Command[]): Promise<void> {
    for (const { name, ...command } of commands) {
      try {
        const running = await this.options.runner.launch({
          taskId: `${task.id}${name}`,
          jobId: spec.id,
          killGraceMs: this.#graceMs(spec),
          ...command,
        });
        if (task.killing) return void running.kill();
        task.running.push(running);
        task.processes.push(running.ref);
        void running.exited.then((exit) => this.ended(task, exit));
      } catch (error) {
        if (!(error instanceof CannotRun)) throw error;
        this.options.log.warn({ task: task.id, reason: error.message }, 'the task can not run here');
        return this.ended(task, { code: 1, signal: null }, error.message);
      }
    }
    if (!task.killing) this.#started(task, spec);
  }

  #started(task: LiveTask, spec: RunSpec): void {
    task.state = 'TASK_RUNNING';
    task.startedAt = new Date().toISOString();
    startChecks(task, spec, this.options.secondMs, {
      unhealthy: (message) => {
        this.#failed(spec.id, task, 'TASK_KILLED', message);
        this.kill(task);
      },
      changed: (healthy) => {
        this.options.events.emit('instance_health_changed_event', {
          instanceId: task.id,
          runSpecId: task.specId,
          healthy,
          runSpecVersion: task.version,
        });
        this.options.changed();
      },
    });
    this.#status(task, 'TASK_RUNNING', '');
    this.options.changed();
  }

  /** Takes a task of an earlier run of the sandbox over, or counts it as lost. */
  async adopt(stored: Task): Promise<void> {
    const spec = this.specs.get(stored.specId);
    const task: LiveTask = { ...stored, running: [], timers: [] };
    const graceMs = spec === undefined ? 3000 : this.#graceMs(spec);
    const running = await Promise.all(stored.processes.map((ref) => this.options.runner.adopt(ref, graceMs)));
    const isWhole = running.length > 0 && running.every((r) => r !== undefined);
    if (spec === undefined || !isWhole || task.state === 'TASK_STAGING') {
      for (const each of running) void each?.kill();
      return;
    }
    this.tasks.set(task.id, task);
    for (const each of running) {
      if (each === undefined) continue;
      task.running.push(each);
      void each.exited.then((exit) => this.ended(task, exit));
    }
    if (task.killing) {
      task.killing = false;
      this.kill(task);
    } else this.#started(task, spec);
  }

  kill(task: LiveTask): void {
    if (task.killing) return;
    task.killing = true;
    for (const timer of task.timers) clearInterval(timer);
    this.options.changed();
    void Promise.all(task.running.map((r) => r.kill())).then(() =>
      this.#gone(task, 'TASK_KILLED', 'Command terminated with signal Terminated'),
    );
  }

  private ended(task: LiveTask, exit: { code: number | null; signal: string | null }, why?: string): void {
    if (task.killing || !this.tasks.has(task.id)) return;
    task.killing = true;
    for (const timer of task.timers) clearInterval(timer);
    const good = exit.code === 0;
    const message =
      why ??
      (exit.code === null
        ? `Command terminated with signal ${exit.signal ?? 'unknown'}`
        : `Command exited with status ${exit.code}`);
    this.#terminated(task, exit.code, message);
    if (!good) this.#failed(task.specId, task, 'TASK_FAILED', message);
    else this.#backOff(task.specId, task.version);
    void Promise.all(task.running.map((r) => r.kill())).then(() =>
      this.#gone(task, good ? 'TASK_FINISHED' : 'TASK_FAILED', message),
    );
  }

  #gone(task: LiveTask, state: string, message: string): void {
    if (!this.tasks.delete(task.id)) return;
    this.#status(task, state, message);
    this.options.changed();
  }

  #terminated(task: Task, exitCode: number | null, message: string): void {
    const spec = this.specs.get(task.specId);
    if (spec?.kind !== 'pod') return;
    const entry = {
      instanceID: task.id,
      startedAt: task.startedAt ?? task.stagedAt,
      terminatedAt: new Date().toISOString(),
      message,
      containers: [
        {
          containerId: task.id,
          lastKnownState: exitCode === 0 ? 'TASK_FINISHED' : 'TASK_FAILED',
          termination: { ...(exitCode === null ? {} : { exitCode }), message },
        },
      ],
    };
    spec.terminated = [entry, ...(spec.terminated ?? [])].slice(0, 5);
  }

  #failed(id: string, task: Task, state: string, message: string): void {
    const spec = this.specs.get(id);
    if (spec === undefined) return;
    spec.lastTaskFailure = {
      appId: id,
      host: '127.0.0.1',
      message,
      state,
      taskId: task.id,
      timestamp: new Date().toISOString(),
      version: task.version,
      slaveId: task.agent,
    };
    this.#backOff(id, task.version);
  }

  #backOff(id: string, version: string): void {
    const spec = this.specs.get(id);
    if (spec === undefined || spec.configVersion !== version) return;
    const backoff = spec.kind === 'pod' ? asDoc(asDoc(spec.spec['scheduling'])['backoff']) : {};
    const first =
      spec.kind === 'pod' ? numberOf(backoff['backoff'], 1) : numberOf(spec.spec['backoffSeconds'], 1);
    const factor =
      spec.kind === 'pod'
        ? numberOf(backoff['backoffFactor'], 1.15)
        : numberOf(spec.spec['backoffFactor'], 1.15);
    const most =
      spec.kind === 'pod'
        ? numberOf(backoff['maxLaunchDelay'], 300)
        : numberOf(spec.spec['maxLaunchDelaySeconds'], 300);
    spec.delayUntil = Date.now() + Math.min(most, first * factor ** spec.failures) * this.options.secondMs;
    spec.failures += 1;
  }

  #status(task: Task, taskStatus: string, message: string): void {
    this.options.events.emit('status_update_event', {
      slaveId: task.agent,
      taskId: task.id,
      taskStatus,
      message,
      appId: task.specId,
      host: '127.0.0.1',
      ipAddresses: [],
      ports: task.ports,
      version: task.version,
    });
  }

  #graceMs({ spec }: RunSpec): number {
    return numberOf(spec['taskKillGracePeriodSeconds'], 3) * this.options.secondMs;
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const task of this.tasks.values()) for (const timer of task.timers) clearInterval(timer);
  }
}
