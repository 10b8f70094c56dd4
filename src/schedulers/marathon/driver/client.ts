import { Agent, request } from 'undici';
import { isObject, type Json, type JsonObject } from '../../../domain/source/json.js';
import type { Clock } from '../../../ports/clock.js';
import { kindOf, messageOf, TowlineError } from '../../../runtime/errors.js';
import type { Log } from '../../../runtime/log.js';
import { redact } from '../../../runtime/redact.js';
import { backoff } from '../../../runtime/retry.js';
import { unusable, type Answer } from './answers.js';

export interface ClientOptions {
  /** Addresses of the same Marathon, tried in order. */
  urls: readonly string[];
  auth?: { user: string; password: string } | { token: string };
  /** Sent with every request, for proxies. */
  headers?: Readonly<Record<string, string>>;
  clock: Clock;
  log: Log;
  /** Until a connection stands, in ms. Default 5 s. */
  connectTimeoutMs?: number;
  /** Between two signs of life of an answer, in ms. Default 30 s: a leader may think for longer than its proxy waits. */
  requestTimeoutMs?: number;
}

export type Method = 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';

const READ_ATTEMPTS = 4;
/** No list of apps is larger; what is, would only exhaust the memory. */
const MOST_BYTES = 256 * 1024 * 1024;

/**
 * Marathon's HTTP API. Reads are tried again and at other addresses; a write is sent again elsewhere only when it never
 * left this machine, because Marathon may carry out what it could not answer.
 */
export class MarathonClient {
  readonly #agent: Agent;
  readonly #urls: readonly string[];
  #current = 0;

  constructor(readonly options: ClientOptions) {
    const { connectTimeoutMs = 5000, requestTimeoutMs = 30_000 } = options;
    this.#urls = options.urls.map((url) => url.replace(/\/+$/, ''));
    if (this.#urls.length === 0)
      throw new TowlineError('marathon-no-address', 'invalid', 'the scheduler has no address', {
        help: 'Give it a url in towline.yaml.',
      });
    this.#agent = new Agent({
      connections: 8,
      connect: { timeout: connectTimeoutMs },
      headersTimeout: requestTimeoutMs,
      bodyTimeout: requestTimeoutMs,
      maxResponseSize: MOST_BYTES,
    });
  }

  /** The address in use. */
  get url(): string {
    return this.#urls[this.#current % this.#urls.length] ?? '';
  }

  /** Headers for an address: credentials only go where they were configured for. */
  headers(url = this.url): Record<string, string> {
    const { auth, headers } = this.options;
    const known = this.#urls.some((each) => new URL(each).origin === new URL(url).origin);
    if (!known) return {};
    if (auth === undefined) return { ...headers };
    const authorization =
      'token' in auth
        ? `token=${auth.token}`
        : `Basic ${Buffer.from(`${auth.user}:${auth.password}`).toString('base64')}`;
    return { ...headers, authorization };
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
    { method, path, body }: { method: Method; path: string; body?: JsonObject },
    signal: AbortSignal,
  ): Promise<Answer> {
    return this.#send(method, path, body, signal);
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #again<T>(path: string, signal: AbortSignal, read: () => Promise<T>): Promise<T> {
    const { clock, log } = this.options;
    for (let attempt = 1; ; attempt++) {
      try {
        return await read();
      } catch (error) {
        if (kindOf(error) !== 'unavailable' || attempt >= READ_ATTEMPTS) throw error;
        log.debug({ err: error, path }, 'reading again');
        this.#current += 1;
        await clock.sleep(backoff(attempt, { minMs: 200, maxMs: 3000 }), signal);
      }
    }
  }

  async #send(
    method: Method,
    path: string,
    body: JsonObject | undefined,
    signal: AbortSignal,
  ): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      const { url } = this;
      try {
        return await this.#once(method, `${url}${path}`, body, signal);
      } catch (cause) {
        signal.throwIfAborted();
        const unsent = neverSent(cause);
        if (unsent && attempt < this.#urls.length) {
          this.#current += 1;
          continue;
        }
        throw silence(method, url, cause, unsent);
      }
    }
  }

  async #once(
    method: Method,
    url: string,
    body: JsonObject | undefined,
    signal: AbortSignal,
  ): Promise<Answer> {
    const answer = await request(url, {
      method,
      dispatcher: this.#agent,
      signal,
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...this.headers(),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.body.text();
    return { status: answer.statusCode, text, json: parse(text), headers: answer.headers };
  }
}

/** Errors of connecting: not a byte of the request left. */
const UNSENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

function neverSent(cause: unknown): boolean {
  return UNSENT.has(String((cause as { code?: unknown }).code ?? ''));
}

function silence(method: Method, url: string, cause: unknown, unsent: boolean): TowlineError {
  const what = `Marathon at ${redact(url)} does not answer: ${redact(messageOf(cause))}`;
  if (method === 'GET' || method === 'HEAD' || unsent)
    return new TowlineError('marathon-unavailable', 'unavailable', what, {
      cause,
      help: 'Check the address in towline.yaml and that Marathon is up. Nothing was changed.',
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
