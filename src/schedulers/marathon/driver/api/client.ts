import { Agent, request, type Dispatcher } from 'undici';
import { isObject, type Json, type JsonObject } from '../../../../domain/source/json.js';
import type { Clock } from '../../../../ports/clock.js';
import type { Addresses, SchedulerAuth, SchedulerTls } from '../../../../ports/scheduler.js';
import { kindOf, messageOf, TowlineError } from '../../../../runtime/errors.js';
import type { Log } from '../../../../runtime/log.js';
import { redact } from '../../../../runtime/redact.js';
import { backoff } from '../../../../runtime/retry.js';
import { credentialsOf, type Credentials } from '../../../access/credentials.js';
import { accessHelp, neverSent } from '../../../access/connection-errors.js';
import { tlsOptions } from '../../../access/tls.js';
import { elsewhere, unusable, type Answer } from './answers.js';

export interface ClientOptions {
  /** Addresses of the same Marathon, tried in order. */
  addresses: Addresses;
  auth?: SchedulerAuth;
  tls?: SchedulerTls;
  clock: Clock;
  log: Log;
  /** Until a connection stands, in ms. Default 5 s. */
  connectTimeoutMs?: number;
  /** Between two signs of life of an answer, in ms. Default 30 s: a leader may think for longer than its proxy waits. */
  requestTimeoutMs?: number;
}

export type Method = 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';

/** JSON to send: a definition, or a list of them. */
export type Body = JsonObject | JsonObject[];

const READ_ATTEMPTS = 4;
const MOST_REDIRECTS = 3;
/** No list of apps is larger; what is, would only exhaust the memory. */
const MOST_BYTES = 256 * 1024 * 1024;

/**
 * Marathon's HTTP API. Reads are tried again and at other addresses; a write is sent again elsewhere only when it never
 * left this machine, because Marathon may carry out what it could not answer.
 */
export class MarathonClient {
  readonly #agent: Agent;
  readonly #credentials: Credentials;
  #urls: readonly string[] = [];
  #current = 0;

  constructor(readonly options: ClientOptions) {
    const { connectTimeoutMs = 5000, requestTimeoutMs = 30_000 } = options;
    this.#agent = new Agent({
      connections: 8,
      connect: { timeout: connectTimeoutMs, ...tlsOptions(options.tls) },
      headersTimeout: requestTimeoutMs,
      bodyTimeout: requestTimeoutMs,
      maxResponseSize: MOST_BYTES,
    });
    this.#credentials = credentialsOf(options.auth, {
      dispatcher: this.#agent,
      now: () => options.clock.now(),
    });
  }

  /** The address in use; empty before the first call. */
  get url(): string {
    return this.#urls[this.#current % this.#urls.length] ?? '';
  }

  /** The address to use for the next call, looked up where that is due. */
  async address(signal: AbortSignal): Promise<string> {
    const urls = (await this.options.addresses.list(signal)).map((url) => url.replace(/\/+$/, ''));
    if (urls.length === 0)
      throw new TowlineError('marathon-no-address', 'unavailable', 'the scheduler has no address', {
        help: 'Give it a url in towline.yaml; one that is looked up may have no healthy instance just now.',
      });
    // Whatever is in use stays in use while it is one of them.
    const kept = urls.indexOf(this.url);
    if (kept >= 0) this.#current = kept;
    this.#urls = urls;
    return this.url;
  }

  /** Headers for an address: credentials only go where they were configured for. */
  async headers(url: string, signal: AbortSignal): Promise<Record<string, string>> {
    if (!this.#isOurs(url)) return {};
    const authorization = await this.#credentials.header(signal);
    return authorization === undefined ? {} : { authorization };
  }

  /** For the event stream, which stays open for as long as it likes. */
  streamAgent(idleMs: number): Agent {
    return new Agent({
      connections: 1,
      headersTimeout: 30_000,
      bodyTimeout: idleMs,
      connect: { timeout: this.options.connectTimeoutMs ?? 5000, ...tlsOptions(this.options.tls) },
    });
  }

  /**
   * Reads JSON with status 200; undefined for a 404 in Marathon's own words. Everything else is thrown, after some tries:
   * a failed read is never an empty one.
   */
  async read(path: string, signal: AbortSignal): Promise<JsonObject | Json[] | undefined> {
    return this.#again(path, signal, async () => {
      const answer = await this.#send('GET', path, undefined, signal);
      if (answer.status === 404 && isObject(answer.json)) return undefined;
      if (answer.status === 200 && (isObject(answer.json) || Array.isArray(answer.json))) return answer.json;
      throw unusable(answer, `GET ${path}`);
    });
  }

  /** The status of a HEAD request, which tells whether a route exists. */
  async probe(path: string, signal: AbortSignal): Promise<number> {
    return this.#again(path, signal, async () => {
      const answer = await this.#send('HEAD', path, undefined, signal);
      if (answer.status >= 500 || [401, 403, 429].includes(answer.status))
        throw unusable(answer, `HEAD ${path}`);
      return answer.status;
    });
  }

  /**
   * One write, whatever it is answered. Throws `marathon-unavailable` where nothing was sent, `marathon-unknown-outcome`
   * where it was sent and the answer got lost.
   */
  async write(
    { method, path, body }: { method: Method; path: string; body?: Body },
    signal: AbortSignal,
  ): Promise<Answer> {
    return this.#send(method, path, body, signal);
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #again<T>(path: string, signal: AbortSignal, read: () => Promise<T>): Promise<T> {
    const { clock, log, addresses } = this.options;
    for (let attempt = 1; ; attempt++) {
      try {
        return await read();
      } catch (error) {
        if (kindOf(error) !== 'unavailable' || attempt >= READ_ATTEMPTS) throw error;
        log.debug({ err: error, path }, 'reading again');
        this.#current += 1;
        addresses.doubt();
        await clock.sleep(backoff(attempt, { minMs: 200, maxMs: 3000 }), signal);
      }
    }
  }

  async #send(method: Method, path: string, body: Body | undefined, signal: AbortSignal): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      const url = await this.address(signal);
      try {
        return await this.#authorised(method, `${url}${path}`, body, signal);
      } catch (cause) {
        signal.throwIfAborted();
        if (cause instanceof TowlineError) throw cause;
        const unsent = neverSent(cause);
        this.#current += 1;
        this.options.addresses.doubt();
        if (unsent && attempt < this.#urls.length) continue;
        throw silence(method, url, cause, unsent);
      }
    }
  }

  /** One that is refused for its credentials is sent once more with new ones: it had no effect. */
  async #authorised(
    method: Method,
    url: string,
    body: Body | undefined,
    signal: AbortSignal,
  ): Promise<Answer> {
    for (let again = false; ; again = true) {
      const headers = await this.headers(url, signal);
      const answer = await this.#followed(method, url, body, headers, signal);
      if (answer.status !== 401 || again || !this.#credentials.refused(headers['authorization']))
        return answer;
    }
  }

  /** Follows redirects that keep the method, to addresses of the same Marathon only. */
  async #followed(
    method: Method,
    first: string,
    body: Body | undefined,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<Answer> {
    let url = first;
    for (let hop = 0; ; hop++) {
      const answer = await this.#once(method, url, body, headers, signal);
      const { location } = answer.headers;
      if (![301, 302, 303, 307, 308].includes(answer.status) || typeof location !== 'string') return answer;
      const next = new URL(location, url);
      const keeps = method === 'GET' || method === 'HEAD' || [307, 308].includes(answer.status);
      if (hop >= MOST_REDIRECTS || !keeps || !this.#isOurs(next.href)) throw elsewhere(url, next, keeps);
      url = next.href;
    }
  }

  async #once(
    method: Method,
    url: string,
    body: Body | undefined,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<Answer> {
    const answer: Dispatcher.ResponseData = await request(url, {
      method,
      dispatcher: this.#agent,
      signal,
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.body.text();
    return { status: answer.statusCode, text, json: parse(text), headers: answer.headers };
  }

  #isOurs(url: string): boolean {
    const { origin } = new URL(url);
    return this.#urls.some((each) => new URL(each).origin === origin);
  }
}

function silence(method: Method, url: string, cause: unknown, unsent: boolean): TowlineError {
  const what = `Marathon at ${redact(url)} does not answer: ${redact(messageOf(cause))}`;
  if (method === 'GET' || method === 'HEAD' || unsent)
    return new TowlineError('marathon-unavailable', 'unavailable', what, {
      cause,
      help: accessHelp(cause, url),
    });
  return new TowlineError('marathon-unknown-outcome', 'unknown-outcome', what, {
    cause,
    help: 'It may have been carried out; it is read back.',
  });
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
