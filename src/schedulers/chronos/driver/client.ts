import { Agent, request } from 'undici';
import { isObject, type Json, type JsonObject } from '../../../domain/source/json.js';
import type { Clock } from '../../../ports/clock.js';
import type { Addresses, SchedulerAuth, SchedulerTls } from '../../../ports/scheduler.js';
import { messageOf, TowlineError } from '../../../runtime/errors.js';
import type { Log } from '../../../runtime/log.js';
import { redact } from '../../../runtime/redact.js';
import { retry } from '../../../runtime/retry.js';
import { credentialsOf, type Credentials } from '../../access/credentials.js';
import { accessHelp, neverSent } from '../../access/connection-errors.js';
import { tlsOptions } from '../../access/tls.js';

export interface ClientOptions {
  addresses: Addresses;
  auth?: SchedulerAuth;
  tls?: SchedulerTls;
  clock: Clock;
  log: Log;
}

export interface Answer {
  status: number;
  text: string;
  json: Json | undefined;
}

const TIMEOUT_MS = 30_000;
/** 3.x first; 2.x answers 404 there (reference: chronos.md §4). */
const PREFIXES = ['/v1/scheduler', '/scheduler'] as const;

/** Chronos's HTTP API under whichever prefix it has. Writes are never sent twice blindly. */
export class ChronosClient {
  readonly #agent: Agent;
  readonly #credentials: Credentials;
  #urls: readonly string[] = [];
  #current = 0;
  #prefix: (typeof PREFIXES)[number] | undefined;

  constructor(readonly options: ClientOptions) {
    this.#agent = new Agent({
      connections: 4,
      connect: { timeout: 5000, ...tlsOptions(options.tls) },
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
    });
    this.#credentials = credentialsOf(options.auth, {
      dispatcher: this.#agent,
      now: () => options.clock.now(),
    });
  }

  get url(): string {
    return (this.#urls[this.#current % this.#urls.length] ?? '').replace(/\/+$/, '');
  }

  /** Major generation, by the prefix that answers. */
  async generation(signal: AbortSignal): Promise<'3.x' | '2.x'> {
    return (await this.#found(signal)) === '/v1/scheduler' ? '3.x' : '2.x';
  }

  /** All jobs. Anything but a list is an error: a new leader, a proxy's page and an outage all look like "no jobs" else. */
  async jobs(signal: AbortSignal): Promise<JsonObject[]> {
    const { json } = await this.read('/jobs', signal);
    if (!Array.isArray(json) || !json.every((job) => isObject(job) && typeof job['name'] === 'string'))
      throw malformed('jobs');
    return json as JsonObject[];
  }

  async leader(signal: AbortSignal): Promise<string | undefined> {
    const prefix = await this.#found(signal);
    const answer = await this.#send('GET', `${prefix}/leader`, undefined, signal);
    return answer.status === 200 && isObject(answer.json) && typeof answer.json['leader'] === 'string'
      ? answer.json['leader']
      : undefined;
  }

  /** A read with status 200; tried again while Chronos is away. */
  async read(path: string, signal: AbortSignal): Promise<Answer> {
    return retry(
      async () => {
        const answer = await this.#send('GET', `${await this.#found(signal)}${path}`, undefined, signal);
        if (answer.status === 200) return answer;
        throw unusable(answer, `GET ${path}`);
      },
      { signal, attempts: 4, minMs: 200, maxMs: 3000 },
    );
  }

  async write(
    method: 'POST' | 'DELETE',
    path: string,
    body: Json | undefined,
    signal: AbortSignal,
  ): Promise<Answer> {
    return this.#send(method, `${await this.#found(signal)}${path}`, body, signal);
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #found(signal: AbortSignal): Promise<(typeof PREFIXES)[number]> {
    if (this.#prefix !== undefined) return this.#prefix;
    let last: Answer | undefined;
    for (const prefix of PREFIXES) {
      last = await this.#send('GET', `${prefix}/jobs`, undefined, signal);
      if (last.status === 200 && Array.isArray(last.json)) return (this.#prefix = prefix);
    }
    throw last === undefined ? malformed('its version') : unusable(last, 'the list of jobs');
  }

  async #send(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    body: Json | undefined,
    signal: AbortSignal,
  ): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      this.#urls = await this.options.addresses.list(signal);
      const authorization = await this.#credentials.header(signal);
      try {
        const answer = await request(`${this.url}${path}`, {
          method,
          dispatcher: this.#agent,
          signal,
          headers: {
            accept: 'application/json',
            ...(body === undefined ? {} : { 'content-type': 'application/json' }),
            ...(authorization === undefined ? {} : { authorization }),
          },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        // A proxying follower drops the body of errors but keeps their headers; the status is what counts.
        const text = await answer.body.text().catch(() => '');
        if (answer.statusCode === 401 && attempt === 1 && this.#credentials.refused(authorization)) continue;
        return { status: answer.statusCode, text, json: parse(text) };
      } catch (cause) {
        signal.throwIfAborted();
        const unsent = neverSent(cause);
        this.options.addresses.doubt();
        if (unsent && attempt < this.#urls.length) {
          this.#current += 1;
          continue;
        }
        const what = `Chronos at ${redact(this.url)} does not answer: ${redact(messageOf(cause))}`;
        if (method === 'GET' || unsent)
          throw new TowlineError('chronos-unavailable', 'unavailable', what, {
            cause,
            help: accessHelp(cause, this.url),
          });
        throw new TowlineError('chronos-unknown-outcome', 'unknown-outcome', what, {
          cause,
          help: 'It may have been carried out; it is read back.',
        });
      }
    }
  }
}

export function unusable({ status, text }: Answer, what: string): TowlineError {
  const message = `Chronos answered ${status} to ${what}${said(text) === '' ? '' : `: ${said(text)}`}`;
  if (status === 401 || status === 403)
    return new TowlineError('chronos-denied', 'refused', message, {
      help: 'Check user and password of the scheduler.',
    });
  return new TowlineError('chronos-unavailable', 'unavailable', message, {
    help: 'It has no leader, or a proxy answers in its place. Nothing was concluded from it.',
  });
}

function malformed(what: string): TowlineError {
  return new TowlineError(
    'chronos-unavailable',
    'unavailable',
    `Chronos's answer about ${what} has not the form of its API`,
    { help: 'Something between here and Chronos answers in its place.' },
  );
}

/** First line of an error: messages are Java stack traces or HTML pages. */
export function said(text: string): string {
  const json = parse(text);
  const message =
    isObject(json) && typeof json['message'] === 'string' ? json['message'] : text.replace(/<[^>]*>/g, ' ');
  return (message.trim().split('\n')[0] ?? '').replace(/\s+/g, ' ').slice(0, 160);
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
