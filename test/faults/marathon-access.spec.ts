import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { createVerify, generateKeyPairSync } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { JSON_ANSWER } from './misbehaving-proxy.js';
import { marathonWorld, sleeper, type MarathonWorld } from './marathon-world.js';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** Logs service accounts in, as a DC/OS master does; tells what it was sent. */
async function loginServer() {
  const seen: { uid: string; exp: number }[] = [];
  const tokens: string[] = [];
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { uid, token } = JSON.parse(Buffer.concat(chunks).toString()) as { uid: string; token: string };
      const [head = '', payload = '', signature = ''] = token.split('.');
      const good = createVerify('RSA-SHA256')
        .update(`${head}.${payload}`)
        .verify(publicKey, Buffer.from(signature, 'base64url'));
      seen.push(JSON.parse(Buffer.from(payload, 'base64url').toString()) as { uid: string; exp: number });
      if (!good || uid !== 'towline') return void response.writeHead(401).end('{}');
      tokens.push(`t${tokens.length + 1}`);
      response.writeHead(200).end(JSON.stringify({ token: tokens.at(-1) }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/acs/api/v1/auth/login`;
  return {
    url,
    seen,
    tokens,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describe('Marathon behind a login', () => {
  let login: Awaited<ReturnType<typeof loginServer>>;
  const worlds: MarathonWorld[] = [];

  beforeAll(async () => {
    login = await loginServer();
  });
  afterEach(async () => {
    await Promise.all(worlds.splice(0).map((world) => world.close()));
    login.seen.length = 0;
    login.tokens.length = 0;
  });
  afterAll(() => login.close());

  const open = async (
    uid = 'towline',
    key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  ) => {
    const world = await marathonWorld({ auth: { login: { url: login.url, uid, privateKey: key } } });
    worlds.push(world);
    // What a DC/OS cluster does with a request whose token is not the newest.
    world.proxy.react = ({ headers }) =>
      headers.authorization === `token=${login.tokens.at(-1) ?? ''}`
        ? 'pass'
        : JSON_ANSWER(401, { message: 'no' });
    return world;
  };

  it('logs in by a signed token, once for all requests', async () => {
    const world = await open();
    expect(await world.put('/in', sleeper('/in'))).toMatchObject({ state: 'applied' });
    expect(login.seen).toEqual([{ uid: 'towline', exp: expect.any(Number) }]);
    expect((login.seen[0]?.exp ?? 0) * 1000 - Date.now()).toBeGreaterThan(0);
  });

  it('holds what it may not do when it is not let in, and never says the key', async () => {
    const world = await open('stranger');
    const outcome = await world.scheduler.apply(
      world.change('create', '/out', sleeper('/out')),
      world.options(),
    );
    expect(outcome).toMatchObject({ state: 'blocked', message: expect.stringContaining('"stranger"') });
    expect(JSON.stringify(outcome)).not.toContain('PRIVATE');
    expect(world.writes()).toEqual([]);
  });

  it('says what is wrong with a key that can not be used', async () => {
    const world = await open('towline', 'not a key');
    await expect(world.scheduler.observe({ signal: new AbortController().signal })).rejects.toMatchObject({
      code: 'scheduler-login',
      kind: 'invalid',
    });
  });
});

describe('Marathon below a path', () => {
  it('is asked below it, whatever stands before', async () => {
    const world = await marathonWorld({ urls: (proxy) => [`${proxy}/service/marathon/`] });
    try {
      world.proxy.rewrite = (path) => path.replace('/service/marathon', '');
      expect(await world.put('/below', sleeper('/below'))).toMatchObject({ state: 'applied' });
      expect(world.proxy.seen.every(({ path }) => path.startsWith('/service/marathon/v2/'))).toBe(true);
    } finally {
      await world.close();
    }
  });
});
