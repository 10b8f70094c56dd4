import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { RegistryLogin } from '../ports/image-registry.js';
import { httpRegistry, schemeOf } from './registry.js';

interface Seen {
  method: string;
  url: string;
  authorization: string | undefined;
  body: string;
}
type Reply = (request: Seen, response: ServerResponse) => void;

const DIGEST = `sha256:${'a'.repeat(64)}`;
const MANIFEST = '{"schemaVersion":2}';
const COUNTED = `sha256:${createHash('sha256').update(MANIFEST).digest('hex')}`;
const ann: RegistryLogin = { kind: 'password', username: 'ann', password: 'canary-password' };
const basic = `Basic ${Buffer.from('ann:canary-password').toString('base64')}`;

describe('a registry', () => {
  let server: Server;
  let host: string;
  let seen: Seen[];
  let reply: Reply;

  beforeEach(async () => {
    seen = [];
    server = createServer((request: IncomingMessage, response) => {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        const { method = '', url = '', headers } = request;
        const body = Buffer.concat(pieces).toString();
        const asked = { method, url, authorization: headers.authorization, body };
        seen.push(asked);
        reply(asked, response);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const registry = (login?: RegistryLogin) =>
    httpRegistry({ logins: async () => login, timeoutMs: 2000, pauseMs: 1 });
  const digest = (login?: RegistryLogin, signal: AbortSignal = new AbortController().signal) =>
    registry(login).digest(`${host}/shop/web:1.0`, { signal });
  const challenge =
    (text: string): Reply =>
    (_asked, response) =>
      response.writeHead(401, { 'www-authenticate': text }).end();
  /** Lets in who has the token; gives it to those that `may`. */
  const tokens =
    (may: (asked: Seen) => boolean, token: object = { token: 'canary-token-1' }): Reply =>
    (asked, response) => {
      if (asked.url.startsWith('/token'))
        response.writeHead(may(asked) ? 200 : 401).end(JSON.stringify(may(asked) ? token : {}));
      else if (asked.authorization === 'Bearer canary-token-1')
        response.writeHead(200, { 'docker-content-digest': DIGEST }).end();
      else
        challenge(`Bearer realm="http://${host}/token",service="the, registry",scope="ignored"`)(
          asked,
          response,
        );
    };

  it('is asked once, for the manifest alone, where it lets everybody in', async () => {
    reply = (_asked, response) => response.writeHead(200, { 'docker-content-digest': DIGEST }).end();
    expect(await digest(ann)).toBe(DIGEST);
    expect(seen).toEqual([
      { method: 'HEAD', url: '/v2/shop/web/manifests/1.0', authorization: undefined, body: '' },
    ]);
  });

  it('gets the login that it asks for', async () => {
    reply = (asked, response) =>
      asked.authorization === basic
        ? response.writeHead(200, { 'docker-content-digest': DIGEST }).end()
        : challenge('Basic realm="x"')(asked, response);
    expect(await digest(ann)).toBe(DIGEST);
    await expect(digest()).rejects.toMatchObject({ code: 'registry-denied' });
    await expect(digest({ kind: 'identity-token', token: 't' })).rejects.toMatchObject({
      code: 'registry-denied',
    });
  });

  it('sends to where a token for reading is had, with a password', async () => {
    reply = tokens(({ authorization }) => authorization === basic);
    expect(await digest(ann)).toBe(DIGEST);
    expect(seen[1]).toMatchObject({
      method: 'GET',
      url: '/token?service=the%2C+registry&scope=repository%3Ashop%2Fweb%3Apull',
    });
  });

  it('and with an identity token, which is sent in the body', async () => {
    reply = tokens(
      ({ method, body }) =>
        method === 'POST' && new URLSearchParams(body).get('refresh_token') === 'canary-identity',
      { access_token: 'canary-token-1' },
    );
    expect(await digest({ kind: 'identity-token', token: 'canary-identity' })).toBe(DIGEST);
    expect(seen[1]).toMatchObject({ url: '/token', authorization: undefined });
  });

  it('and without any, where all may read', async () => {
    reply = tokens(({ authorization }) => authorization === undefined);
    expect(await digest()).toBe(DIGEST);
  });

  it('that refuses the login, or the token, is never one that has no image', async () => {
    reply = tokens(() => false);
    await expect(digest(ann)).rejects.toMatchObject({ code: 'registry-denied', kind: 'refused' });
    reply = tokens(() => true, { token: 'another' });
    await expect(digest(ann)).rejects.toMatchObject({ code: 'registry-denied' });
    reply = challenge('Basic realm="x"');
    const error = await digest(ann).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'registry-denied', message: expect.stringContaining(host) });
    expect(JSON.stringify(error)).not.toContain('canary');
  });

  it.each([
    ['a place in plain that is not this machine', 'Bearer realm="http://192.0.2.1/token"'],
    ['a place with a login in it', 'Bearer realm="https://a:b@192.0.2.1/token"'],
    ['a file', 'Bearer realm="file:///etc/passwd"'],
    ['nowhere', 'Bearer service="x"'],
    ['something new', 'Negotiate abc'],
    ['nothing', ''],
  ])('that sends to %s gets no login', async (_what, text) => {
    reply = challenge(text);
    await expect(digest(ann)).rejects.toMatchObject({ code: 'registry-garbled' });
    expect(seen.map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  it.each([{ token: 'a\r\nb' }, { token: 1 }, {}, []])(
    'that gives %j as a token is garbled',
    async (token) => {
      reply = tokens(() => true, token);
      await expect(digest(ann)).rejects.toMatchObject({ code: 'registry-garbled' });
    },
  );

  it.each([
    ['does not know HEAD', 405, {}],
    ['leaves the digest out', 200, {}],
  ])('that %s is asked for the manifest, which is counted', async (_what, status, headers) => {
    reply = ({ method }, response) =>
      method === 'HEAD' ? response.writeHead(status, headers).end() : response.writeHead(200).end(MANIFEST);
    expect(await digest()).toBe(COUNTED);
  });

  it('that says another digest than its manifest has is garbled, and so is what is no digest', async () => {
    reply = ({ method }, response) =>
      method === 'HEAD'
        ? response.writeHead(405).end()
        : response.writeHead(200, { 'docker-content-digest': DIGEST }).end(MANIFEST);
    await expect(digest()).rejects.toMatchObject({ code: 'registry-garbled' });
    reply = (_asked, response) => response.writeHead(200, { 'docker-content-digest': 'md5:abc' }).end();
    await expect(digest()).rejects.toMatchObject({ code: 'registry-garbled' });
  });

  it('that does not stop is cut off', async () => {
    reply = ({ method }, response) => {
      if (method === 'HEAD') response.writeHead(405).end();
      else response.writeHead(200).end('x'.repeat(5 * 1024 * 1024));
    };
    await expect(digest()).rejects.toMatchObject({ code: 'registry-garbled' });
  });

  it('that has no such image says so, with 404 alone', async () => {
    reply = (_asked, response) => response.writeHead(404).end();
    expect(await digest()).toBeUndefined();
  });

  it.each<[status: number, code: string, asked: number]>([
    [301, 'registry-rejected', 1],
    [400, 'registry-rejected', 1],
    [403, 'registry-denied', 1],
    [429, 'registry-unavailable', 3],
    [503, 'registry-unavailable', 3],
  ])('that answers %i is %s, and is asked %i times', async (status, code, asked) => {
    reply = (_asked, response) => response.writeHead(status, { location: 'http://192.0.2.1/' }).end();
    await expect(digest(ann)).rejects.toMatchObject({ code });
    expect(seen).toHaveLength(asked);
  });

  it('that comes back is heard', async () => {
    reply = (_asked, response) =>
      seen.length < 3
        ? response.writeHead(503).end()
        : response.writeHead(200, { 'docker-content-digest': DIGEST }).end();
    expect(await digest()).toBe(DIGEST);
  });

  it('that says nothing is given up at once when nobody waits any more', async () => {
    const stop = new AbortController();
    reply = () => stop.abort();
    await expect(digest(undefined, stop.signal)).rejects.toMatchObject({ name: 'AbortError' });
    expect(seen).toHaveLength(1);
  });

  it.each<[host: string, scheme: string]>([
    ['registry.example.org', 'https'],
    ['localhost:5000', 'http'],
    ['localhost', 'http'],
    ['127.0.0.2:5000', 'http'],
    ['[::1]:5000', 'http'],
    ['127.0.0.1.example.org', 'https'],
    ['localhost.example.org:5000', 'https'],
    ['plain.example.org:5000', 'http'],
    ['plain.example.org', 'https'],
  ])('%s is asked by %s', (name, scheme) => {
    expect(schemeOf(name, ['plain.example.org:5000'])).toBe(scheme);
  });
});
