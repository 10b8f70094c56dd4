import type { HttpClient } from 'isomorphic-git';
import { request } from 'undici';
import { TowlineError } from '../../runtime/errors.js';
import { redact } from '../../runtime/redact.js';

/**
 * How isomorphic-git reaches a remote. A redirect is followed nowhere: what is asked for is git's own path below an address
 * that somebody wrote down, and the token is for that address.
 */
export function gitHttp(signal: AbortSignal, timeoutMs: number): HttpClient {
  return {
    async request({ url, method = 'GET', headers = {}, body }) {
      const answer = await request(url, {
        method: method === 'POST' ? 'POST' : 'GET',
        headers,
        ...(body === undefined ? {} : { body: await whole(body) }),
        signal,
        headersTimeout: timeoutMs,
        bodyTimeout: Math.min(timeoutMs, 30_000),
      }).catch((cause: unknown) => {
        signal.throwIfAborted();
        throw away(url, 'it does not answer', cause);
      });
      const { statusCode } = answer;
      if (statusCode >= 300 && statusCode < 400) {
        await answer.body.dump();
        throw away(url, `it answered ${statusCode}, a redirect`);
      }
      return {
        url,
        method,
        headers: Object.fromEntries(
          Object.entries(answer.headers).map(([name, value]) => [name, [value].flat().join(', ')]),
        ),
        body: pieces(answer.body),
        statusCode,
        statusMessage: String(statusCode),
      };
    },
  };
}

async function* pieces(body: AsyncIterable<Uint8Array>): AsyncIterableIterator<Uint8Array> {
  yield* body;
}

async function whole(body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece);
  return Buffer.concat(pieces);
}

function away(url: string, what: string, cause?: unknown): TowlineError {
  return new TowlineError('git-remote-away', 'unavailable', `${redact(new URL(url).origin)}: ${what}`, {
    help: 'Check the address of the job repository. Nothing is changed while it is away.',
    cause,
  });
}
