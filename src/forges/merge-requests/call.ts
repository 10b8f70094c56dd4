import { request } from 'undici';
import { isObject, type Json, type JsonObject } from '../../domain/source/json.js';
import { oneLine } from '../../domain/source/one-line.js';
import { sleep } from '../../runtime/abort.js';
import { messageOf, TowlineError } from '../../runtime/errors.js';
import { redact } from '../../runtime/redact.js';
import { backoff } from '../../runtime/retry.js';

/** How the project of a forge is reached. */
export interface ProjectAccess {
  /** Of its API, without a slash at the end. */
  url: string;
  /** As the forge names it: `OWNER/NAME`, a path of groups, or a number. */
  project: string;
  token: string;
  /** Of one call; default 15 s. */
  timeoutMs?: number;
  /** Longest pause that a forge may ask for; above it the call fails. Default 30 s. */
  longestPauseMs?: number;
  /** First pause before a call is made again; default 500 ms. */
  pauseMs?: number;
}

export interface Call {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH';
  path: string;
  body?: JsonObject;
  signal: AbortSignal;
}

export interface Dialect {
  /** `GitHub`, for messages. */
  forge: string;
  headers: Record<string, string>;
}

/** What a forge answered, other than that it can't now. */
export interface Answer {
  status: number;
  value: Json | undefined;
  /** The forge's own words, in one line. */
  said: string;
}

/** Lists of a hundred requests with long texts are below it. */
const MOST_BYTES = 8 * 1024 * 1024;
const ATTEMPTS = 3;

/**
 * Calls a forge, again where it does not answer, has too much to do or asks to wait: a few times, with pauses. All calls made
 * here may be made twice: a request that is there already is found instead of made. Redirects are not followed: the token is
 * for the configured address only. Throws `unavailable`, and `refused` for a token without rights.
 */
export async function callForge(access: ProjectAccess, dialect: Dialect, call: Call): Promise<Answer> {
  const { longestPauseMs = 30_000, pauseMs = 500 } = access;
  for (let attempt = 1; ; attempt++) {
    const tried = await tryCall(access, dialect, call);
    if (!('error' in tried)) return tried;
    const pause = tried.waitMs ?? backoff(attempt, { minMs: pauseMs, maxMs: longestPauseMs });
    if (attempt >= ATTEMPTS || pause > longestPauseMs) throw tried.error;
    await sleep(pause, call.signal);
  }
}

interface NotNow {
  error: TowlineError;
  /** How long the forge asks to wait. */
  waitMs?: number;
}

async function tryCall(
  { url, timeoutMs = 15_000 }: ProjectAccess,
  { forge, headers }: Dialect,
  { method, path, body, signal }: Call,
): Promise<Answer | NotNow> {
  let answer: { status: number; text: string; retryAfter: string; limited: boolean };
  try {
    const {
      statusCode,
      headers: said,
      body: stream,
    } = await request(`${url}${path}`, {
      method,
      headers: {
        accept: 'application/json',
        'user-agent': 'towline',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    answer = {
      status: statusCode,
      text: await textOf(stream),
      retryAfter: String(said['retry-after'] ?? ''),
      limited: said['x-ratelimit-remaining'] === '0',
    };
  } catch (cause) {
    signal.throwIfAborted();
    return { error: unavailable(`${forge} does not answer: ${redact(messageOf(cause))}`, cause) };
  }
  const { status, retryAfter } = answer;
  const value = jsonOf(answer.text);
  const said = saidIn(value);
  const text = `${forge} answered ${status}${said === '' ? '' : `: ${said}`}`;
  // GitHub says 403 to whom it has heard too often.
  if (status === 429 || status >= 500 || (status === 403 && (answer.limited || retryAfter !== '')))
    return {
      error: unavailable(text),
      ...(/^\d{1,6}$/.test(retryAfter) ? { waitMs: Number(retryAfter) * 1000 } : {}),
    };
  if (status === 401 || status === 403)
    throw new TowlineError('forge-denied', 'refused', text, {
      help: 'Check the token and its rights: it has to be allowed to read and write merge requests of the project.',
    });
  return { status, value, said };
}

function unavailable(message: string, cause?: unknown): TowlineError {
  return new TowlineError('forge-unavailable', 'unavailable', message, {
    help: 'It is tried again with the next pass.',
    ...(cause === undefined ? {} : { cause }),
  });
}

/** What a forge does not take, or what is no answer of such a forge. */
export function rejected({ forge }: Dialect, { status, said }: Answer): TowlineError {
  const why = said === '' ? '' : `: ${said}`;
  return new TowlineError('forge-rejected', 'invalid', `${forge} answered ${status}${why}`, {
    help: 'Check url, project and branch under promote in towline.yaml, and that the token may see the project.',
  });
}

async function textOf(stream: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of stream) {
    pieces.push(piece);
    size += piece.byteLength;
    if (size > MOST_BYTES) throw new Error('its answer is too long');
  }
  return Buffer.concat(pieces).toString('utf8');
}

function jsonOf(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function saidIn(value: Json | undefined): string {
  if (value === undefined) return 'it answered with no JSON';
  if (!isObject(value)) return '';
  const errors = value['errors'];
  const words = [value['message'] ?? value['error'] ?? '', ...(Array.isArray(errors) ? errors : [])];
  const line = words
    .map((each) => (isObject(each) ? (each['message'] ?? '') : each))
    .map((each) => (typeof each === 'string' ? each : JSON.stringify(each)))
    .filter((each) => each !== '')
    .join(': ');
  return redact(oneLine(line)).slice(0, 300);
}
