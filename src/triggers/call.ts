import { request } from 'undici';
import { isObject, type Json } from '../domain/source/json.js';
import { oneLine } from '../domain/source/one-line.js';
import { messageOf, TowlineError } from '../runtime/errors.js';
import { redact } from '../runtime/redact.js';

/** What every target has. */
export interface TargetAccess {
  /** As the configuration calls it. */
  name: string;
  /** Without a slash at the end. */
  url: string;
  /** Default 10 s. */
  timeoutMs?: number;
}

export interface Call {
  method: 'GET' | 'POST';
  url: string;
  headers?: Record<string, string>;
  body?: string;
  signal: AbortSignal;
}

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  /** The body where it is JSON. */
  json: Json | undefined;
  /** Its own words, in one line; of a page in HTML there are none. */
  said: string;
}

const MOST_BYTES = 64 * 1024;

/** One request. Redirects are not followed: the credentials are for the configured address only. */
export async function call(
  { name, timeoutMs = 10_000 }: TargetAccess,
  { method, url, headers = {}, body, signal }: Call,
): Promise<Answer> {
  try {
    const answer = await request(url, {
      method,
      headers: { 'user-agent': 'towline', accept: 'application/json', ...headers },
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    const text = await beginningOf(answer.body);
    const json = parsed(text);
    return { status: answer.statusCode, headers: answer.headers, json, said: saidIn(json) };
  } catch (cause) {
    signal.throwIfAborted();
    throw new TowlineError(
      'trigger-unavailable',
      'unavailable',
      `${name} does not answer: ${oneLine(redact(messageOf(cause)))}`,
      { help: 'The event is kept and sent again: towline hook status REPO.git shows it.', cause },
    );
  }
}

/** An error for an answer that is not what was hoped for. */
export function refusal(name: string, { status, said, headers }: Answer, help: string): TowlineError {
  const text = `${name} answered ${status}${said === '' ? '' : `: ${said}`}`;
  const limited = headers['retry-after'] !== undefined || headers['x-ratelimit-remaining'] === '0';
  if (status === 429 || status === 408 || status >= 500 || (status === 403 && limited))
    return new TowlineError('trigger-unavailable', 'unavailable', text, {
      help: 'The event is kept and sent again: towline hook status REPO.git shows it.',
    });
  if (status === 401 || status === 403) return new TowlineError('trigger-denied', 'refused', text, { help });
  if (status >= 300 && status < 400)
    return new TowlineError('trigger-rejected', 'invalid', `${text} (it sends on, mostly to a login)`, {
      help: 'Write the address as the target has it itself, with https and its path; and check the credentials.',
    });
  return new TowlineError('trigger-rejected', 'invalid', text, { help });
}

async function beginningOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of body) {
    pieces.push(piece);
    size += piece.byteLength;
    if (size > MOST_BYTES) break;
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

function saidIn(json: Json | undefined): string {
  if (!isObject(json)) return '';
  const words = json['message'] ?? json['error'] ?? '';
  return redact(oneLine(typeof words === 'string' ? words : JSON.stringify(words))).slice(0, 300);
}
