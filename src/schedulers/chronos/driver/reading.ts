import type { JsonObject } from '../../../domain/source/json.js';
import type { Clock } from '../../../ports/clock.js';
import { TowlineError } from '../../../runtime/errors.js';
import type { ChronosClient } from './api/client.js';
import { summaryOf } from './body.js';
import { withoutCopies } from './live-job.js';

export interface ReadingOptions {
  clock: Clock;
  /** Pause between two looks, in ms. */
  pollMs: number;
  /** How long a leader that was not seen before may go on loading, in ms. */
  loadMs: number;
}

/** `since`: when it was first seen, in ms since the epoch. */
interface Leader {
  name: string | undefined;
  since: number;
}

interface Listed {
  jobs: JsonObject[];
  names: readonly string[];
  text: string;
  leader: Leader;
}

/** Two reads must agree; more tries than these mean that something keeps changing. */
const READS = 5;

/**
 * What Chronos shows, with what is known of when to believe it: a new leader begins with an empty list, or a partial one,
 * and goes on like that for a second or more (reference: chronos.md §4).
 */
export class ChronosReading {
  #leader: Leader | undefined;
  /** Of the last list that was believed. */
  #names: readonly string[] = [];

  constructor(
    readonly client: ChronosClient,
    readonly options: ReadingOptions,
  ) {}

  /**
   * The list, read until two reads of the same leader agree. One that has shrunk under a leader that was not seen before is
   * read again when that has had the time to load.
   */
  async list(signal: AbortSignal): Promise<JsonObject[]> {
    const { clock, pollMs, loadMs } = this.options;
    let before = await this.#listed(signal);
    for (let read = 1; read < READS; read++) {
      await clock.sleep(Math.min(pollMs, 100), signal);
      const now = await this.#listed(signal);
      const left = now.leader.since + loadMs - clock.now();
      const hasShrunk = this.#names.some((name) => !now.names.includes(name));
      if (now.text !== before.text || now.leader !== before.leader) before = now;
      else if (left > 0 && hasShrunk) {
        await clock.sleep(left, signal);
        before = await this.#listed(signal);
      } else {
        this.#names = now.names;
        return now.jobs;
      }
    }
    throw new TowlineError('chronos-unsteady', 'unavailable', 'the list of jobs changed at every read', {
      help: 'Chronos may be electing a leader. It is tried again.',
    });
  }

  /** A job as it is now; undefined where it is not listed. */
  async find(id: string, signal: AbortSignal): Promise<JsonObject | undefined> {
    if ((await this.client.generation(signal)) === '3.x') return this.client.job(id, signal);
    const job = (await this.client.jobs(signal)).find(({ name }) => name === id);
    return job === undefined ? undefined : withoutCopies(job);
  }

  /** The same, where a job that is not there is to be concluded from: the leader has had the time to load all of them. */
  async findSurely(id: string, signal: AbortSignal): Promise<JsonObject | undefined> {
    for (;;) {
      const leader = await this.#seenLeader(signal);
      const job = await this.find(id, signal);
      const left = leader.since + this.options.loadMs - this.options.clock.now();
      if (job !== undefined || left <= 0) return job;
      await this.options.clock.sleep(left, signal);
    }
  }

  /** Names of parents that are not listed. */
  async missing(parents: readonly string[], signal: AbortSignal): Promise<string[]> {
    if (parents.length === 0) return [];
    const names = new Set((await this.client.jobs(signal)).map(({ name }) => name));
    return parents.filter((parent) => !names.has(parent));
  }

  /** What a job is doing; undefined where Chronos does not tell (2.x). */
  async activity(id: string, signal: AbortSignal): Promise<{ state: string; status: string } | undefined> {
    if ((await this.client.generation(signal)) === '2.x') return undefined;
    return summaryOf((await this.client.read('/jobs/summary', signal)).json, id);
  }

  async #listed(signal: AbortSignal): Promise<Listed> {
    const jobs = await this.client.jobs(signal);
    const leader = await this.#seenLeader(signal);
    const names = jobs.map(({ name }) => String(name)).sort();
    return { jobs, names, text: JSON.stringify(names), leader };
  }

  /** The same object while it is the same leader. */
  async #seenLeader(signal: AbortSignal): Promise<Leader> {
    const name = await this.client.leader(signal);
    if (this.#leader === undefined || this.#leader.name !== name)
      this.#leader = { name, since: this.options.clock.now() };
    return this.#leader;
  }
}
