import { isObject, type JsonObject } from '../../../../domain/source/json.js';
import { TowlineError } from '../../../../runtime/errors.js';
import {
  HttpClient,
  type Answer,
  type Failures,
  type HttpClientOptions,
} from '../../../access/http-client.js';
import { malformed, unusable } from './answers.js';

export type ClientOptions = HttpClientOptions;

/** 3.x first; 2.x answers 404 there (reference: chronos.md §4). */
const PREFIXES = ['/v1/scheduler', '/scheduler'] as const;
type Prefix = (typeof PREFIXES)[number];

const FAILURES: Failures = {
  name: 'Chronos',
  unavailable: (message, help, cause) =>
    new TowlineError('chronos-unavailable', 'unavailable', message, { cause, help }),
  unknownOutcome: (message, help, cause) =>
    new TowlineError('chronos-unknown-outcome', 'unknown-outcome', message, { cause, help }),
  noAddress: (message, help) => new TowlineError('chronos-no-address', 'unavailable', message, { help }),
  elsewhere: (message, help) => new TowlineError('chronos-elsewhere', 'refused', message, { help }),
};

/** Chronos's HTTP API under whichever prefix it has. */
export class ChronosClient extends HttpClient {
  #prefix: Prefix | undefined;

  constructor(options: ClientOptions) {
    super(options, FAILURES);
  }

  /** Major generation, by the prefix that answers. */
  async generation(signal: AbortSignal): Promise<'3.x' | '2.x'> {
    const prefix = await this.asking('the prefix', signal, () => this.#found(signal));
    return prefix === '/v1/scheduler' ? '3.x' : '2.x';
  }

  /** All jobs. Anything but a list is an error: a new leader, a proxy's page and an outage all look like "no jobs" else. */
  async jobs(signal: AbortSignal): Promise<JsonObject[]> {
    return this.asking('/jobs', signal, async () => {
      const { json } = await this.#get('/jobs', signal);
      if (!Array.isArray(json) || !json.every(isObject) || json.some(({ name }) => typeof name !== 'string'))
        throw malformed('jobs');
      return json;
    });
  }

  /** One job as it is stored; undefined where this Chronos does not list it (400, not 404). Only from 3.x on. */
  async job(id: string, signal: AbortSignal): Promise<JsonObject | undefined> {
    const path = `/job/${encodeURIComponent(id)}`;
    return this.asking(path, signal, async () => {
      const answer = await this.#prefixed('GET', path, undefined, signal);
      if (answer.status === 400 && isObject(answer.json)) return undefined;
      if (answer.status !== 200) throw unusable(answer, `GET ${path}`);
      if (!isObject(answer.json) || answer.json['name'] !== id) throw malformed(`the job ${id}`);
      return answer.json;
    });
  }

  /** Undefined where it does not say (before 2.5). */
  async leader(signal: AbortSignal): Promise<string | undefined> {
    return this.asking('/leader', signal, async () => {
      const answer = await this.#prefixed('GET', '/leader', undefined, signal);
      if (answer.status >= 500 || answer.status === 401) throw unusable(answer, 'GET /leader');
      const { json } = answer;
      return isObject(json) && typeof json['leader'] === 'string' ? json['leader'] : undefined;
    });
  }

  /** A read with status 200; asked again while Chronos is away. */
  async read(path: string, signal: AbortSignal): Promise<Answer> {
    return this.asking(path, signal, () => this.#get(path, signal));
  }

  /** One write, whatever it is answered. */
  async write(
    method: 'POST' | 'PUT' | 'DELETE',
    path: string,
    body: JsonObject | undefined,
    signal: AbortSignal,
  ): Promise<Answer> {
    return this.#prefixed(method, path, body, signal);
  }

  async #get(path: string, signal: AbortSignal): Promise<Answer> {
    const answer = await this.#prefixed('GET', path, undefined, signal);
    if (answer.status === 200) return answer;
    throw unusable(answer, `GET ${path}`);
  }

  async #prefixed(
    method: 'GET' | 'POST' | 'PUT' | 'DELETE',
    path: string,
    body: JsonObject | undefined,
    signal: AbortSignal,
  ): Promise<Answer> {
    const answer = await this.send(method, `${await this.#found(signal)}${path}`, body, signal);
    // It may be another version by now; the next call looks again.
    if (answer.status === 404) this.#prefix = undefined;
    return answer;
  }

  async #found(signal: AbortSignal): Promise<Prefix> {
    if (this.#prefix !== undefined) return this.#prefix;
    let last: Answer | undefined;
    for (const prefix of PREFIXES) {
      last = await this.send('GET', `${prefix}/jobs`, undefined, signal);
      if (last.status === 200 && Array.isArray(last.json)) return (this.#prefix = prefix);
      if (last.status !== 404) break;
    }
    throw last === undefined || last.status === 200 ? malformed('jobs') : unusable(last, 'the list of jobs');
  }
}
