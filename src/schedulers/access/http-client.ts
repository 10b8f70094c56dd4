import { Agent, request } from 'undici';
import type { Json, JsonObject } from '../../domain/source/json.js';
import type { Clock } from '../../ports/clock.js';
import type { Addresses, SchedulerAuth, SchedulerTls } from '../../ports/scheduler.js';
import { kindOf, messageOf, TowlineError } from '../../runtime/errors.js';
import type { Log } from '../../runtime/log.js';
import { redact } from '../../runtime/redact.js';
import { backoff } from '../../runtime/retry.js';
import { accessHelp, neverSent } from './connection-errors.js';
import { credentialsOf, type Credentials } from './credentials.js';
import { tlsOptions } from './tls.js';

export interface HttpClientOptions {
  /** Addresses of the same server, tried in order. */
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

/** The errors of one kind of scheduler, with codes of its own. */
export interface Failures {
  /** How people call it: `Marathon`. */
  name: string;
  /** Nothing was sent, or it was only asked. */
  unavailable(message: string, help: string, cause: unknown): TowlineError;
  /** It was sent, and the answer got lost. */
  unknownOutcome(message: string, help: string, cause: unknown): TowlineError;
  noAddress(message: string, help: string): TowlineError;
  /** It sends on to somebody else. */
  elsewhere(message: string, help: string): TowlineError;
}

/** An answer of a scheduler, or of something that answers in its place. */
export interface Answer {
  status: number;
  /** Undefined where the body is no JSON (a proxy's page, say) or is empty. */
  json: Json | undefined;
  text: string;
  headers: Record<string, string | string[] | undefined>;
}

export type Method = 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';

/** JSON to send: a definition, or a list of them. */
export type Body = JsonObject | JsonObject[];

const READ_ATTEMPTS = 4;
const MOST_REDIRECTS = 3;
/** No list of jobs is larger; what is, would only exhaust the memory. */
const MOST_BYTES = 256 * 1024 * 1024;

/**
 * HTTP to a scheduler that may have several addresses, standbys and proxies before it. What is only asked is asked again,
 * also elsewhere; what changes something is sent again only when it never left this machine, because a scheduler may carry
 * out what it could not answer.
 */
export class HttpClient {
  readonly #agent: Agent;
  readonly #credentials: Credentials;
  #urls: readonly string[] = [];
  #current = 0;

  constructor(
    readonly options: HttpClientOptions,
    readonly failures: Failures,
  ) {
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
      throw this.failures.noAddress(
        'the scheduler has no address',
        'Give it a url in towline.yaml; one that is looked up may have no healthy instance just now.',
      );
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

  /** For a stream, which stays open for as long as it likes. */
  streamAgent(idleMs: number): Agent {
    return new Agent({
      connections: 1,
      headersTimeout: 30_000,
      bodyTimeout: idleMs,
      connect: { timeout: this.options.connectTimeoutMs ?? 5000, ...tlsOptions(this.options.tls) },
    });
  }

  /** Asks until it works out, a few times and at the other addresses as well; only what is `unavailable` is tried again. */
  async asking<T>(path: string, signal: AbortSignal, ask: () => Promise<T>): Promise<T> {
    const { clock, log, addresses } = this.options;
    for (let attempt = 1; ; attempt++) {
      try {
        return await ask();
      } catch (error) {
        if (kindOf(error) !== 'unavailable' || attempt >= READ_ATTEMPTS) throw error;
        log.debug({ err: error, path }, 'asking again');
        this.#current += 1;
        addresses.doubt();
        await clock.sleep(backoff(attempt, { minMs: 200, maxMs: 3000 }), signal);
      }
    }
  }

  /**
   * One call, whatever it is answered. Throws `unavailable` where nothing was sent, `unknown-outcome` where something was
   * sent that changes something, and the answer got lost.
   */
  async send(method: Method, path: string, body: Body | undefined, signal: AbortSignal): Promise<Answer> {
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
        throw this.#silence(method, url, cause, unsent);
      }
    }
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
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

  /** Follows redirects that keep the method, to configured addresses only. */
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
      if (hop >= MOST_REDIRECTS || !keeps || !this.#isOurs(next.href))
        throw this.#elsewhere(url, next, keeps);
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
    const { statusCode, ...answer } = await request(url, {
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
    const text = await answer.body.text().catch((error: unknown) => {
      // A standby that passes an error on may drop its body and keep its length: the status is what counts.
      if (statusCode >= 400 && !signal.aborted) return '';
      throw error;
    });
    return { status: statusCode, text, json: parse(text), headers: answer.headers };
  }

  #silence(method: Method, url: string, cause: unknown, unsent: boolean): TowlineError {
    const what = `${this.failures.name} at ${redact(url)} does not answer: ${redact(messageOf(cause))}`;
    return method === 'GET' || method === 'HEAD' || unsent
      ? this.failures.unavailable(what, accessHelp(cause, url), cause)
      : this.failures.unknownOutcome(what, 'It may have been carried out; it is read back.', cause);
  }

  /** A redirect that is not followed: credentials and definitions go to configured addresses only. */
  #elsewhere(from: string, to: URL, keepsMethod: boolean): TowlineError {
    return this.failures.elsewhere(
      `${this.failures.name} at ${new URL(from).origin} sends on to ${to.origin}${keepsMethod ? '' : ' in a way that would lose what is sent'}`,
      'Put that address into towline.yaml (urls), if it is the right one. Nothing was sent there.',
    );
  }

  #isOurs(url: string): boolean {
    const { origin } = new URL(url);
    return this.#urls.some((each) => new URL(each).origin === origin);
  }
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
