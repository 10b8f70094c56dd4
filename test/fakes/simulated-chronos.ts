import { silentLog } from '../../src/runtime/log.js';
import type { JsonObject } from '../../src/domain/source/json.js';
import { handle } from '../../src/sandbox/chronos/api.js';
import { Engine } from '../../src/sandbox/chronos/engine.js';
import { parse } from '../../src/sandbox/chronos/schedule.js';
import type { HttpAnswer, HttpRequest } from '../../src/sandbox/http/server.js';
import type { ChronosState } from '../../src/sandbox/chronos/types.js';
import type { TaskExit } from '../../src/sandbox/tasks/task.js';

/** How a run ends: with which code, and after how many milliseconds. */
export type Fate = (job: string, run: number) => { code: number; lasts: number };

/** Events after which time jumps to its end, as if Chronos had been away. */
const MOST_EVENTS = 15;

/** The Chronos of the sandbox without a network and without waiting: its clock goes where it is told to. */
export class SimulatedChronos {
  readonly state: ChronosState = { jobs: {}, ghosts: {}, joined: {}, history: {} };
  readonly engine: Engine;
  readonly #running: { endsAt: number; code: number; end: (exit: TaskExit) => void }[] = [];
  #runs = 0;

  constructor(
    public now: number,
    readonly fate: Fate,
  ) {
    const launch = (jobId: string) => {
      const { code, lasts } = fate(jobId, this.#runs++);
      const exited = new Promise<TaskExit>((end) => {
        this.#running.push({ endsAt: this.now + lasts, code, end });
      });
      return Promise.resolve({ ref: { pid: 1, started: '' }, exited, kill: () => Promise.resolve() });
    };
    const runner = {
      launch: ({ jobId }: { jobId: string }) => launch(jobId),
      adopt: () => Promise.resolve(undefined),
      close: () => Promise.resolve(),
    };
    this.engine = new Engine(
      this.state,
      runner,
      silentLog(),
      () => undefined,
      () => this.now,
    );
  }

  answer(request: HttpRequest): Promise<HttpAnswer> {
    const { state, engine } = this;
    return handle(request, { state, engine, changed: () => undefined, url: () => 'http://chronos:8080' });
  }

  async call(method: string, path: string, body?: JsonObject): Promise<{ status: number; json: unknown }> {
    const [pathname = '', search = ''] = path.split('?');
    const answer = await this.answer({
      method,
      path: `/v1/scheduler${pathname}`,
      query: new URLSearchParams(search),
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(body === undefined ? '' : JSON.stringify(body)),
      closed: new AbortController().signal,
    });
    const text = Buffer.from(answer.body ?? '').toString();
    return {
      status: answer.status,
      json: text.startsWith('{') || text.startsWith('[') ? JSON.parse(text) : text,
    };
  }

  async post(spec: JsonObject): Promise<void> {
    const { status, json } = await this.call(
      'POST',
      spec['parents'] === undefined ? '/iso8601' : '/dependency',
      spec,
    );
    if (status !== 204) throw new Error(`${status}: ${JSON.stringify(json)} for ${JSON.stringify(spec)}`);
    this.engine.reload();
  }

  async jobs(): Promise<JsonObject[]> {
    return (await this.call('GET', '/jobs')).json as JsonObject[];
  }

  /** Lives through everything that happens until a moment. */
  async until(to: number): Promise<void> {
    for (let event = 0; event < MOST_EVENTS; event++) {
      const next = Math.max(
        this.now,
        Math.min(this.#nextDue(), ...this.#running.map(({ endsAt }) => endsAt)),
      );
      if (next >= to) break;
      await this.#at(next);
    }
    await this.#at(to);
  }

  async #at(moment: number): Promise<void> {
    this.now = moment;
    const over = this.#running.filter(({ endsAt }) => endsAt <= moment);
    for (const { end, code } of over) end({ code, signal: null });
    this.#running.splice(0, this.#running.length, ...this.#running.filter((run) => !over.includes(run)));
    await settled();
    this.engine.tick(moment);
    await settled();
  }

  #nextDue(): number {
    const due = Object.values(this.state.jobs).flatMap((job) => {
      if (job['disabled'] === true || typeof job['schedule'] !== 'string') return [];
      if (job['concurrent'] !== true && this.engine.isRunning(job.name)) return [];
      const parsed = parse(job['schedule'], String(job['scheduleTimeZone'] ?? ''), this.now);
      return parsed === undefined || parsed.repeat === 0 ? [] : [parsed.start.toMillis()];
    });
    return Math.min(...due);
  }
}

/** Everything that follows from what has happened has happened. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
