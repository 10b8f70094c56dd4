import { request, type Dispatcher } from 'undici';
import { isObject, type Json } from '../domain/source/json.js';
import { oneLine } from '../domain/source/one-line.js';
import { withTimeout } from '../runtime/abort.js';
import { messageOf, TowlineError } from '../runtime/errors.js';
import { redact } from '../runtime/redact.js';

export interface Answer {
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: Uint8Array;
  /** The registry's own words, where it refuses; else empty. */
  said: string;
}

interface Asked {
  method: 'HEAD' | 'GET' | 'POST';
  headers: Readonly<Record<string, string>>;
  body?: string;
  /** Bytes of an answer at most. */
  limit: number;
  timeoutMs: number;
  signal: AbortSignal;
}

/** One request. Redirects are not followed: a login is for the host that was named. No answer is `registry-unavailable`. */
export async function ask(url: string, { limit, timeoutMs, signal, ...asked }: Asked): Promise<Answer> {
  try {
    const answer = await request(url, {
      method: asked.method,
      headers: { 'user-agent': 'towline', ...asked.headers },
      ...(asked.body === undefined ? {} : { body: asked.body }),
      signal: withTimeout(signal, timeoutMs),
    });
    const body = await bytesOf(answer.body, limit, url);
    return {
      status: answer.statusCode,
      headers: answer.headers,
      body,
      said: answer.statusCode < 400 ? '' : saidIn(body),
    };
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof TowlineError) throw cause;
    throw new TowlineError(
      'registry-unavailable',
      'unavailable',
      `the registry at ${new URL(url).host} does not answer: ${redact(oneLine(messageOf(cause)))}`,
      { help: 'Check that it runs, and the name of the image: it begins with its registry.', cause },
    );
  }
}

export function headerOf({ headers }: Answer, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : value?.[0];
}

async function bytesOf(
  body: Dispatcher.ResponseData['body'],
  limit: number,
  url: string,
): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of body as AsyncIterable<Uint8Array>) {
    size += piece.byteLength;
    if (size > limit)
      throw new TowlineError(
        'registry-garbled',
        'refused',
        `the registry at ${new URL(url).host} answers with more than ${limit} bytes`,
        { help: 'Check that a registry is what answers there.' },
      );
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

/** `{errors: [{code, message}]}`, in one line. */
function saidIn(body: Uint8Array): string {
  let value: Json;
  try {
    value = JSON.parse(new TextDecoder().decode(body)) as Json;
  } catch {
    return '';
  }
  if (!isObject(value)) return '';
  const [first] = Array.isArray(value['errors']) ? value['errors'] : [];
  const words = isObject(first)
    ? (first['message'] ?? first['code'])
    : (value['details'] ?? value['message']);
  return typeof words === 'string' ? redact(oneLine(words)).slice(0, 300) : '';
}
