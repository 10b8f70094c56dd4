import { expect, it } from '@jest/globals';
import type { Asked, LocalServer, Reply } from '../../test/fakes/local-server.js';
import { sendJson } from '../../test/fakes/local-server.js';
import { registerSecret } from '../runtime/redact.js';
import type { Waiting } from './kv-store.js';

export interface AnswersParts {
  server: LocalServer;
  /** A call of the port, at this address and with this limit. */
  call(access: { url: string; timeoutMs: number }, waiting: Waiting): Promise<unknown>;
}

export interface AnswersWords {
  /** What the codes of errors begin with. */
  code: 'forge' | 'trigger';
  secret: string;
  /** How often a call is made where it may be made again. */
  attempts: number;
  /** The call that is looked at, where others are made before it. */
  isCall?: (asked: Asked) => boolean;
  /** Any answer from 200 to 299 will do. */
  anyBody?: true;
}

interface Row {
  what: string;
  reply: Reply;
  error: 'denied' | 'rejected' | 'unavailable';
  /** Once is enough: to call again would change nothing, or not soon. */
  once?: true;
  says?: string;
}

const KINDS = { denied: 'refused', rejected: 'invalid', unavailable: 'unavailable' };
const TIMEOUT_MS = 300;
const signal = new AbortController().signal;

/** What becomes of the answers of a server that does not do what it is asked: the same for all that calls one. */
export function answersContract(parts: () => AnswersParts, words: AnswersWords): void {
  const { code, secret, attempts, isCall = () => true, anyBody } = words;

  const rows: Row[] = [
    {
      what: '401',
      reply: (r) => sendJson(r, { message: 'Bad credentials' }, 401),
      error: 'denied',
      says: 'answered 401: Bad credentials',
    },
    {
      what: '403 that repeats the secret',
      reply: (r) => sendJson(r, { message: `no rights for ${secret}` }, 403),
      error: 'denied',
      says: 'answered 403: no rights for ***',
    },
    {
      what: '403 that repeats all that was sent',
      reply: (r, { headers, text }) => sendJson(r, { message: { headers, text } }, 403),
      error: 'denied',
    },
    { what: '403 as a page', reply: (r) => r.writeHead(403).end('<html>No crumb</html>'), error: 'denied' },
    { what: '404', reply: (r) => sendJson(r, { message: 'Not Found' }, 404), error: 'rejected' },
    {
      what: '422',
      reply: (r) => sendJson(r, { message: { sha: ['is unknown'] } }, 422),
      error: 'rejected',
      says: 'is unknown',
    },
    ...(anyBody === true
      ? []
      : [
          {
            what: '200 and a page of something else',
            reply: (r) => r.writeHead(200, { 'content-type': 'text/html' }).end('<html>Welcome</html>'),
            error: 'rejected',
          } satisfies Row,
        ]),
    { what: '408', reply: (r) => r.writeHead(408).end(), error: 'unavailable' },
    { what: '429', reply: (r) => sendJson(r, {}, 429), error: 'unavailable' },
    {
      what: '429 for the rest of the day',
      reply: (r) => sendJson(r, {}, 429, { 'retry-after': '86400' }),
      error: 'unavailable',
      once: true,
    },
    {
      what: '403 of a limit',
      reply: (r) => sendJson(r, {}, 403, { 'x-ratelimit-remaining': '0' }),
      error: 'unavailable',
    },
    {
      what: '403 that asks to come back',
      reply: (r) => sendJson(r, {}, 403, { 'retry-after': '0' }),
      error: 'unavailable',
    },
    { what: '503 as a page', reply: (r) => r.writeHead(503).end('<b>oops</b>'), error: 'unavailable' },
    { what: 'nothing', reply: () => undefined, error: 'unavailable' },
    { what: 'a closed connection', reply: (r) => r.destroy(), error: 'unavailable' },
    {
      what: 'half an answer',
      reply: (r) => {
        r.writeHead(201, { 'content-type': 'application/json', 'content-length': '50' });
        r.write('{"id": ', () => r.destroy());
      },
      error: 'unavailable',
    },
  ];

  it.each(rows)('is $error by $what', async ({ reply, error, once, says }) => {
    registerSecret(secret);
    const { server, call } = parts();
    server.asked = [];
    server.instead = (response, asked) => isCall(asked) && (reply(response, asked), true);
    const thrown: unknown = await call({ url: server.url, timeoutMs: TIMEOUT_MS }, { signal }).catch(
      (failure: unknown) => failure,
    );
    expect(thrown).toMatchObject({ code: `${code}-${error}`, kind: KINDS[error] });
    const { message } = thrown as Error;
    expect(message).toContain(says ?? '');
    expect(message).not.toContain('<');
    for (const form of [secret, Buffer.from(secret).toString('base64').slice(0, -2)])
      expect(message).not.toContain(form);
    const calls = error === 'unavailable' && once !== true ? attempts : 1;
    expect(server.asked.filter(isCall)).toHaveLength(calls);
  });

  it('follows no redirect, which would carry its secret elsewhere', async () => {
    const { server, call } = parts();
    server.asked = [];
    for (const status of [301, 302, 307, 308]) {
      server.instead = (response, asked) =>
        isCall(asked) && (response.writeHead(status, { location: `${server.url}/elsewhere` }).end(), true);
      await expect(call({ url: server.url, timeoutMs: TIMEOUT_MS }, { signal })).rejects.toMatchObject({
        code: `${code}-rejected`,
        kind: 'invalid',
      });
    }
    expect(server.asked.filter(isCall)).toHaveLength(4);
    expect(server.asked.filter(({ url }) => url.includes('elsewhere'))).toEqual([]);
  });

  it('is unavailable where nobody listens', async () => {
    const away = parts().call({ url: 'http://127.0.0.1:1', timeoutMs: TIMEOUT_MS }, { signal });
    await expect(away).rejects.toMatchObject({ code: `${code}-unavailable`, kind: 'unavailable' });
  });

  it('is given up as soon as that is asked for, and never begun after it', async () => {
    const { server, call } = parts();
    server.asked = [];
    const stop = new AbortController();
    // The server has the request, and is silent.
    server.instead = () => (stop.abort(), true);
    const access = { url: server.url, timeoutMs: 60_000 };
    await expect(call(access, { signal: stop.signal })).rejects.toMatchObject({ name: 'AbortError' });
    expect(server.asked).toHaveLength(1);
    await expect(call(access, { signal: stop.signal })).rejects.toMatchObject({ name: 'AbortError' });
    expect(server.asked).toHaveLength(1);
  });
}
