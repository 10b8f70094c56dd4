import { Agent, request } from 'undici';
import { isObject, type Json, type JsonObject } from '../../../domain/source/json.js';
import { messageOf, TowlineError } from '../../../runtime/errors.js';
import type { Log } from '../../../runtime/log.js';
import { redact } from '../../../runtime/redact.js';
import { retry } from '../../../runtime/retry.js';

export interface ClientOptions {
  /** Addresses of the same Marathon, tried in order. */
  urls: readonly string[];
  auth?: { user: string; password: string } | { token: string };
  log: Log;
}

export interface Answer {
  status: number;
  /** Undefined where the body is no JSON (a proxy's page, say). */
  json: Json | undefined;
  text: string;
  headers: Record<string, string | string[] | undefined>;
}

const TIMEOUT_MS = 30_000;
const READ_ATTEMPTS = 4;

/**
 * Marathon's HTTP API. Reads are tried again and at other addresses; a write is sent again elsewhere only when it never
 * left this machine, because Marathon may carry out what it could not answer.
 */
export class MarathonClient {
  readonly #agent = new Agent({
    connections: 8,
    connect: { timeout: 5000 },
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
  });
  #current = 0;

  constructor(readonly options: ClientOptions) {}

  get url(): string {
    const { urls } = this.options;
    return (urls[this.#current % urls.length] ?? '').replace(/\/+$/, '');
  }

  headers(): Record<string, string> {
    const { auth } = this.options;
    if (auth === undefined) return {};
    if ('token' in auth) return { authorization: `token=${auth.token}` };
    return { authorization: `Basic ${Buffer.from(`${auth.user}:${auth.password}`).toString('base64')}` };
  }

  /** Reads JSON with status 200; undefined for 404. Everything else is thrown: a failed read is never an empty one. */
  async read(path: string, signal: AbortSignal): Promise<JsonObject | Json[] | undefined> {
    return retry(
      async () => {
        const answer = await this.#send('GET', path, undefined, signal);
        if (answer.status === 404 && answer.json !== undefined) return undefined;
        if (answer.status === 200 && (isObject(answer.json) || Array.isArray(answer.json)))
          return answer.json;
        throw unusable(answer, `GET ${path}`);
      },
      {
        signal,
        attempts: READ_ATTEMPTS,
        minMs: 200,
        maxMs: 3000,
        onRetry: (err) => this.options.log.debug({ err, path }, 'reading again'),
      },
    );
  }

  /** HEAD tells whether a route exists at all. */
  async has(path: string, signal: AbortSignal): Promise<boolean> {
    const answer = await this.#send('HEAD', path, undefined, signal);
    return answer.status === 200;
  }

  /** One write. Throws `unknown-outcome` where the answer was lost, `unavailable` where nothing was sent. */
  async write(
    method: 'PUT' | 'POST' | 'DELETE' | 'PATCH',
    path: string,
    body: Json | undefined,
    signal: AbortSignal,
  ): Promise<Answer> {
    return this.#send(method, path, body, signal);
  }

  async close(): Promise<void> {
    await this.#agent.destroy();
  }

  async #send(method: string, path: string, body: Json | undefined, signal: AbortSignal): Promise<Answer> {
    for (let attempt = 1; ; attempt++) {
      const url = this.url;
      try {
        const answer = await request(`${url}${path}`, {
          method: method as 'GET',
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
      } catch (cause) {
        signal.throwIfAborted();
        const unsent = neverSent(cause);
        if (unsent && attempt < this.options.urls.length) {
          this.#current += 1;
          continue;
        }
        const what = `Marathon at ${redact(url)} does not answer: ${redact(messageOf(cause))}`;
        if (method === 'GET' || method === 'HEAD' || unsent) {
          throw new TowlineError('marathon-unavailable', 'unavailable', what, {
            cause,
            help: 'Check the address in towline.yaml and that Marathon is up. Nothing was changed.',
          });
        }
        throw new TowlineError('marathon-unknown-outcome', 'unknown-outcome', what, {
          cause,
          help: 'It may have been carried out; it is read back.',
        });
      }
    }
  }
}

function neverSent(cause: unknown): boolean {
  const code = String((cause as { code?: unknown }).code ?? '');
  return ['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'].includes(
    code,
  );
}

function parse(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** What an answer that can't be used means for the caller. */
export function unusable({ status, json, text }: Answer, what: string): TowlineError {
  const said =
    saying(json) ??
    text
      .replace(/<[^>]*>/g, ' ')
      .replace(/\s+/g, ' ')
      .trim()
      .slice(0, 120);
  const message = `Marathon answered ${status} to ${what}${said === '' ? '' : `: ${said}`}`;
  if (status === 401 || status === 403)
    return new TowlineError('marathon-denied', 'refused', message, {
      help: 'Check user, password or token of the scheduler.',
    });
  if (status >= 500 || json === undefined)
    return new TowlineError('marathon-unavailable', 'unavailable', message, {
      help: 'A proxy answers in its place, or it has no leader. Nothing was concluded from it.',
    });
  return new TowlineError('marathon-rejected', 'invalid', message, {
    help: 'This Marathon does not know the call; see docs/marathon.md for versions.',
  });
}

/** Marathon's own words: the message, and the details by path (reference: marathon.md §1.1). */
export function saying(json: Json | undefined): string | undefined {
  if (!isObject(json) || typeof json['message'] !== 'string') return undefined;
  const { message, details } = json;
  if (typeof details === 'string') return `${message}: ${details}`;
  if (!Array.isArray(details)) return message;
  const lines = details.flatMap((d) =>
    isObject(d) ? [`${String(d['path'])}: ${Array.isArray(d['errors']) ? d['errors'].join(', ') : ''}`] : [],
  );
  return lines.length === 0 ? message : `${message}: ${lines.join('; ')}`;
}
