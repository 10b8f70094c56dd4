import { request } from 'undici';
import { isObject, type Json, type JsonObject } from '../domain/source/json.js';
import { oneLine } from '../domain/source/one-line.js';
import { messageOf, TowlineError } from '../runtime/errors.js';
import { redact } from '../runtime/redact.js';

/** Where an API of a forge is. */
export interface ForgeAddress {
  /** Without a slash at the end. */
  url: string;
  /** Of one call; default 10 s. */
  timeoutMs?: number;
}

/** How a forge is spoken to. */
export interface ForgeDialect {
  /** `GitHub`, for messages. */
  forge: string;
  headers: Record<string, string>;
  /** What becomes of the work when it can't be reached, for messages. */
  help: string;
}

export interface ForgeCall {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH';
  path: string;
  body?: JsonObject;
  signal: AbortSignal;
}

/** What a forge answered, whatever it was. */
export interface ForgeAnswer {
  status: number;
  /** The body where it is JSON. */
  value: Json | undefined;
  /** The forge's own words, in one line. */
  said: string;
  /** It is too busy, or has heard too much from here: nothing was done, and later it may be. */
  notNow: boolean;
  /** Nothing was done because too much was asked for. */
  limited: boolean;
  /** How long it asks to wait. */
  retryAfterMs?: number;
}

/** Pages of long comments have some megabytes. */
const MOST_BYTES = 32 * 1024 * 1024;

/**
 * One call of a forge. Redirects are not followed: the token is for the configured address only. Throws
 * `forge-unavailable` where nothing answers in time.
 */
export async function exchange(
  { url, timeoutMs = 10_000 }: ForgeAddress,
  { forge, headers, help }: ForgeDialect,
  { method, path, body, signal }: ForgeCall,
): Promise<ForgeAnswer> {
  try {
    const answer = await request(`${url}${path}`, {
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
    return read(answer.statusCode, answer.headers, await textOf(answer.body));
  } catch (cause) {
    signal.throwIfAborted();
    const text = `${forge} does not answer: ${redact(oneLine(messageOf(cause)))}`;
    throw new TowlineError('forge-unavailable', 'unavailable', text, { help, cause });
  }
}

function read(
  status: number,
  headers: Record<string, string | string[] | undefined>,
  text: string,
): ForgeAnswer {
  const value = parsed(text);
  const retryAfterMs = retryAfter(headers['retry-after']);
  // GitHub says 403 to whom it has heard too often.
  const spent = headers['retry-after'] !== undefined || headers['x-ratelimit-remaining'] === '0';
  const limited = status === 429 || (status === 403 && spent);
  return {
    status,
    value,
    said: saidIn(value),
    limited,
    notNow: limited || status === 408 || status >= 500,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

/** What an answer says of itself, for messages: `GitHub answered 404: Not Found`. */
export function answerText({ forge }: Pick<ForgeDialect, 'forge'>, { status, said }: ForgeAnswer): string {
  return `${forge} answered ${status}${said === '' ? '' : `: ${said}`}`;
}

/** In seconds or as a date. */
function retryAfter(given: string | string[] | undefined): number | undefined {
  if (typeof given !== 'string') return undefined;
  const ms = /^\d{1,9}$/.test(given) ? Number(given) * 1000 : Date.parse(given) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of body) {
    pieces.push(piece);
    size += piece.byteLength;
    if (size > MOST_BYTES) throw new Error(`its answer has more than ${MOST_BYTES} bytes`);
  }
  return Buffer.concat(pieces).toString('utf8');
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** The forge's own words; of a page in HTML there are none. */
function saidIn(value: Json | undefined): string {
  if (value === undefined) return 'it answered with no JSON';
  if (!isObject(value)) return '';
  const errors = value['errors'];
  const words = [value['message'] ?? value['error'] ?? '', ...(Array.isArray(errors) ? errors : [])];
  const line = words
    .map((each) => (isObject(each) ? (each['message'] ?? each) : each))
    .map((each) => (typeof each === 'string' ? each : JSON.stringify(each)))
    .filter((each) => each !== '')
    .join(': ');
  return redact(oneLine(line)).slice(0, 300);
}
