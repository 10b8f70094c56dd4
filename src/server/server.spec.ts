import { afterEach, describe, expect, it } from '@jest/globals';
import type { FastifyInstance } from 'fastify';
import { createHmac } from 'node:crypto';
import { silentLog } from '../runtime/log.js';
import type { Worker } from '../workers/worker.js';
import { buildServer, startServer } from './index.js';

const body = '{"ref":"refs/heads/main"}';
const hmac = (text: string, secret = 's3cret'): string =>
  createHmac('sha256', secret).update(text).digest('hex');

describe('the server', () => {
  const servers: FastifyInstance[] = [];
  afterEach(async () => void (await Promise.all(servers.splice(0).map((server) => server.close()))));

  function world(webhookSecret?: string) {
    const woken: string[] = [];
    const asked: unknown[] = [];
    const worker = (name: string, environment: string): Worker<unknown> => ({
      name,
      environment,
      once: async () => undefined,
      run: async () => undefined,
      wake: (how) => {
        woken.push(`${name} ${environment}`);
        asked.push(how);
      },
    });
    const app = buildServer({
      listen: '127.0.0.1:0',
      workers: [worker('mirror', 'production'), worker('mirror', 'staging'), worker('deploy', 'production')],
      log: silentLog(),
      ...(webhookSecret === undefined ? {} : { webhookSecret }),
    });
    servers.push(app);
    const post = (url: string, headers: Record<string, string> = {}, payload: string | Buffer = body) =>
      app.inject({
        method: 'POST',
        url,
        headers: { 'content-type': 'application/json', ...headers },
        payload,
      });
    return { app, post, woken, asked };
  }

  it('wakes the mirrors, or that of one environment, and answers at once', async () => {
    const { post, woken } = world();
    expect((await post('/webhook')).json()).toEqual({ woken: ['production', 'staging'] });
    expect((await post('/webhook/staging')).statusCode).toBe(202);
    expect(woken).toEqual(['mirror production', 'mirror staging', 'mirror staging']);
  });

  it.each([
    ['GitHub', { 'x-hub-signature-256': `sha256=${hmac(body)}` }],
    ['Bitbucket', { 'x-hub-signature': `sha256=${hmac(body)}` }],
    // Gitea sends GitHub's headers as well.
    ['Gitea', { 'x-gitea-signature': hmac(body), 'x-hub-signature-256': 'sha256=of-another-secret' }],
    ['GitLab', { 'x-gitlab-token': 's3cret' }],
  ])('knows a webhook of %s by its secret', async (_forge, headers) => {
    const { post, woken } = world('s3cret');
    expect((await post('/webhook/production', headers)).statusCode).toBe(202);
    expect(woken).toEqual(['mirror production']);
  });

  it.each<[string, Record<string, string>, string]>([
    ['no signature', {}, body],
    ['one over another body', { 'x-hub-signature-256': `sha256=${hmac('{}')}` }, body],
    ['one with another secret', { 'x-hub-signature-256': `sha256=${hmac(body, 'other')}` }, body],
    ['a token that is a part of the secret', { 'x-gitlab-token': 's3cre' }, body],
    ['an empty token', { 'x-gitlab-token': '' }, body],
    ['a signature made over the parsed body', { 'x-gitea-signature': hmac('{"a":1}') }, '{ "a": 1 }'],
  ])('refuses a webhook with %s, and wakes nobody', async (_what, headers, payload) => {
    const { post, woken } = world('s3cret');
    expect((await post('/webhook', headers, payload)).statusCode).toBe(401);
    expect(woken).toEqual([]);
  });

  it('does not read a body that is no hint any more', async () => {
    const { post, woken } = world();
    expect((await post('/webhook', {}, Buffer.alloc(2 * 1024 * 1024))).statusCode).toBe(413);
    expect(woken).toEqual([]);
  });

  it('takes any body: nothing in it is used', async () => {
    const { post } = world();
    expect(
      (await post('/webhook', { 'content-type': 'application/x-www-form-urlencoded' }, 'payload=%7B'))
        .statusCode,
    ).toBe(202);
    expect((await post('/webhook', {}, '{"not": json')).statusCode).toBe(202);
  });

  it('asks for a comparison of everything on /reconcile, by the same proof', async () => {
    const { post, asked } = world('s3cret');
    expect((await post('/reconcile/production')).statusCode).toBe(401);
    expect((await post('/reconcile/production', { 'x-gitlab-token': 's3cret' })).statusCode).toBe(202);
    await post('/webhook/production', { 'x-gitlab-token': 's3cret' });
    expect(asked).toEqual([{ full: true }, { full: false }]);
  });

  it('tells that it lives, with its workers, and counts what came', async () => {
    const { app, post } = world('s3cret');
    expect((await app.inject('/healthz')).json()).toMatchObject({
      status: 'ok',
      workers: [{ name: 'mirror', environment: 'production' }, {}, {}],
    });
    await post('/webhook');
    await post('/webhook', { 'x-gitlab-token': 's3cret' });
    const { payload } = await app.inject('/metrics');
    expect(payload).toContain('towline_webhooks_total{result="refused"} 1');
    expect(payload).toContain('towline_webhooks_total{result="accepted"} 1');
  });

  it('says which address it can not have', async () => {
    const options = { workers: [], log: silentLog() };
    const first = await startServer({ ...options, listen: '127.0.0.1:0' });
    const taken = first.url.replace('http://', '');
    await expect(startServer({ ...options, listen: taken })).rejects.toMatchObject({
      code: 'server-listen',
      message: expect.stringContaining(taken),
    });
    await expect(startServer({ ...options, listen: '7070' })).rejects.toMatchObject({
      code: 'server-address',
    });
    await first.close();
  });
});
