import { isObject, type Json } from '../../../../domain/source/json.js';
import { numberAt, textAt } from '../../model/rules/rule.js';
import type { TaskEnd } from '../api/hub.js';

/** A task of the new definition that ended although nobody asked for it. */
export interface Loss {
  taskId: string;
  /** Empty where only its absence was seen. */
  state: string;
  host: string;
  message: string;
  agentId: string;
}

/** What is told of a job in one look. */
export interface Evidence {
  /** Ids of the new definition's tasks that are there. */
  present: readonly string[];
  /** How many there should be. */
  wanted: number;
  /** `lastTaskFailure`, as answered. */
  failure?: Json | undefined;
  /** `delay` of the queue, as answered. */
  delay?: Json | undefined;
  ended: readonly TaskEnd[];
  /** Version that the new definition's tasks have. */
  version: string | undefined;
}

/**
 * Counts how often tasks of the new definition end by themselves, from all there is (reference: marathon.md §4):
 * `lastTaskFailure`, which is kept after a recovery, so that only one of this definition and of this deployment counts;
 * events, which tell of tasks too short for any look; tasks that are there in one look and not in the next; and the
 * launch delay, which begins anew with each task that ends, also with success (exit code 0), where nothing else is told.
 */
export class Losses {
  readonly #known = new Map<string, Loss>();
  #seen = new Set<string>();
  #delays = 0;
  #delayLeft = 0;

  constructor(readonly startedAt: number) {}

  see({ present, wanted, failure, delay, ended, version }: Evidence): void {
    this.#missing(present, wanted);
    for (const end of ended) if (version === undefined || end.version === version) this.#add(end);
    this.#failure(failure, version);
    this.#delay(delay);
  }

  get count(): number {
    return Math.max(this.#known.size, this.#delays);
  }

  /** The last one of which more is known than that it is gone. */
  get last(): Loss | undefined {
    return [...this.#known.values()].filter(({ state }) => state !== '').at(-1);
  }

  /** All of them ended with success: a job that is done is no service. */
  get onlySuccess(): boolean {
    return ![...this.#known.values()].some(({ state }) => state !== '' && state !== 'TASK_FINISHED');
  }

  /** A task that is gone counts where one is missing now: the others were too many. */
  #missing(present: readonly string[], wanted: number): void {
    const now = new Set(present);
    const gone = [...this.#seen].filter((id) => !now.has(id));
    const short = Math.max(0, wanted - present.length);
    for (const id of gone.slice(0, short))
      if (!this.#known.has(id))
        this.#known.set(id, { taskId: id, state: '', host: '', message: '', agentId: '' });
    this.#seen = now;
  }

  #failure(failure: Json | undefined, version: string | undefined): void {
    if (!isObject(failure)) return;
    const time = Date.parse(textAt(failure, 'timestamp') ?? '');
    if (textAt(failure, 'version') !== version || !(time >= this.startedAt - 1000)) return;
    this.#add({
      taskId: textAt(failure, 'taskId') ?? '',
      state: textAt(failure, 'state') ?? 'TASK_FAILED',
      host: textAt(failure, 'host') ?? '',
      message: textAt(failure, 'message') ?? '',
      agentId: textAt(failure, 'slaveId') ?? '',
    });
  }

  #delay(delay: Json | undefined): void {
    const left = isObject(delay) ? (numberAt(delay, 'timeLeftSeconds') ?? 0) : 0;
    if (left > this.#delayLeft) this.#delays += 1;
    this.#delayLeft = left;
  }

  #add({ taskId, state, host, message, agentId }: Loss): void {
    const known = this.#known.get(taskId);
    if (known !== undefined && known.state !== '') return;
    this.#known.delete(taskId);
    this.#known.set(taskId, { taskId, state, host, message, agentId });
  }
}
