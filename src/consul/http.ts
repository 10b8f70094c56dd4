import { Agent, request } from 'undici';
import { messageOf, TowlineError } from '../runtime/errors.js';
import { redact } from '../runtime/redact.js';

/** How Consul is reached. */
export interface ConsulAccess {
  /** `http://127.0.0.1:8500`, with scheme. */
  address: string;
  token?: string;
  /** Basic authentication, `user:password`. */
  auth?: string;
  tls?: { ca?: string; cert?: string; key?: string; servername?: string; rejectUnauthorized?: boolean };
  namespace?: string;
  datacenter?: string;
}

export interface Answer {
  status: number;
  /** `X-Consul-Index`, at least 1 (reference: git2consul.md §3, "Blocking"). */
  index: number;
  body: Buffer;
}

export interface Call {
  method: 'GET' | 'PUT' | 'DELETE';
  path: string;
  query?: Record<string, string>;
  body?: Uint8Array | string;
  signal: AbortSignal;
  /** Of a blocking query: how long the server may hold it. */
  waitMs?: number;
}

/** Sockets for calls. Consul drops the 201st connection of a host without a byte; other programs share that budget. */
const CONNECTIONS = 8;
/** Blocking queries hold a connection each and must not starve the calls. */
const BLOCKING_CONNECTIONS = 64;
const TIMEOUT_MS = 30_000;

/** One client for the HTTP API: keep-alive, bounded connections, errors told apart by what can be done about them. */
export class ConsulHttp {
  readonly #calls: Agent;
  readonly #blocking: Agent;
  readonly #access: ConsulAccess;

  constructor(access: ConsulAccess) {
    this.#access = access;
    const connect = { timeout: 5000, ...access.tls };
    this.#calls = new Agent({
      connections: CONNECTIONS,
      pipelining: 1,
      connect,
      headersTimeout: TIMEOUT_MS,
      bodyTimeout: TIMEOUT_MS,
    });
    this.#blocking = new Agent({
      connections: BLOCKING_CONNECTIONS,
      pipelining: 1,
      connect,
      headersTimeout: 0,
      bodyTimeout: TIMEOUT_MS,
    });
  }

  get address(): string {
    return this.#access.address;
  }

  /** Answers 200, 404 and 409; everything else is thrown. */
  async call({ method, path, query = {}, body, signal, waitMs }: Call): Promise<Answer> {
    const url = new URL(`${this.#access.address}${path}`);
    const { namespace, datacenter } = this.#access;
    const all = {
      ...query,
      ...(namespace === undefined ? {} : { ns: namespace }),
      ...(datacenter === undefined ? {} : { dc: datacenter }),
    };
    for (const [name, value] of Object.entries(all)) url.searchParams.set(name, value);
    const limit = waitMs === undefined ? TIMEOUT_MS : Math.ceil(waitMs + waitMs / 16 + 10_000);
    const timeout = AbortSignal.timeout(limit);
    let answer;
    let bytes;
    try {
      answer = await request(url, {
        method,
        dispatcher: waitMs === undefined ? this.#calls : this.#blocking,
        headers: this.#headers(),
        signal: AbortSignal.any([signal, timeout]),
        ...(body === undefined ? {} : { body }),
      });
      bytes = Buffer.from(await answer.body.arrayBuffer());
    } catch (cause) {
      signal.throwIfAborted();
      throw this.#unreached(cause, method, path);
    }
    const index = Math.max(1, Number(answer.headers['x-consul-index'] ?? 1) || 1);
    if (answer.statusCode === 200 || answer.statusCode === 404 || answer.statusCode === 409)
      return { status: answer.statusCode, index, body: bytes };
    throw this.#refused(answer.statusCode, bytes, method, path);
  }

  async close(): Promise<void> {
    await Promise.all([this.#calls.destroy(), this.#blocking.destroy()]);
  }

  #headers(): Record<string, string> {
    const { token, auth } = this.#access;
    return {
      ...(token === undefined ? {} : { 'x-consul-token': token }),
      ...(auth === undefined ? {} : { authorization: `Basic ${Buffer.from(auth).toString('base64')}` }),
    };
  }

  /** A write whose answer was lost may have happened: that is not the same as one that never left. */
  #unreached(cause: unknown, method: string, path: string): TowlineError {
    const code = (cause as { code?: unknown }).code;
    const neverSent =
      code === 'ECONNREFUSED' ||
      code === 'ENOTFOUND' ||
      code === 'UND_ERR_CONNECT_TIMEOUT' ||
      code === 'EHOSTUNREACH';
    const what = redact(messageOf(cause));
    if (method === 'GET' || neverSent) {
      return new TowlineError(
        'consul-unavailable',
        'unavailable',
        `Consul at ${redact(this.address)} does not answer: ${what}`,
        {
          cause,
          help: 'Check CONSUL_HTTP_ADDR and that Consul is up. Nothing was changed.',
        },
      );
    }
    return new TowlineError(
      'consul-unknown-outcome',
      'unknown-outcome',
      `Consul's answer to a write below ${path} was lost: ${what}`,
      {
        cause,
        help: 'It may have been carried out. The next pass reads what is there.',
      },
    );
  }

  #refused(status: number, bytes: Buffer, method: string, path: string): TowlineError {
    const said = redact(bytes.toString('utf8')).replace(/\s+/g, ' ').slice(0, 200);
    const text = `Consul answered ${status} to ${method} ${path}${said === '' ? '' : `: ${said}`}`;
    if (status === 401 || status === 403)
      return new TowlineError('consul-denied', 'refused', text, {
        help: 'The token lacks rights: key:write on the prefix and session:write on the node are needed.',
      });
    if (status === 413)
      return new TowlineError('consul-too-large', 'invalid', text, { help: 'A value may have 512 KiB.' });
    if (status === 429 || status >= 500)
      return new TowlineError('consul-unavailable', 'unavailable', text, {
        help: 'Consul is overloaded or has no leader. It is tried again.',
      });
    return new TowlineError('consul-rejected', 'invalid', text, {
      help: 'Consul can not address such a key, or this is not Consul.',
    });
  }
}

/** An answer's JSON; anything else (a proxy's HTML page with status 200, say) counts as no answer from Consul. */
export function jsonOf(answer: Answer, path: string): unknown {
  try {
    return JSON.parse(answer.body.toString('utf8')) as unknown;
  } catch (cause) {
    throw new TowlineError(
      'consul-unavailable',
      'unavailable',
      `the answer to ${path} is not JSON: ${redact(answer.body.toString('utf8')).slice(0, 80)}`,
      {
        cause,
        help: 'Something between here and Consul answers in its place.',
      },
    );
  }
}
