import { afterEach, describe, expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { silentLog } from '../runtime/log.js';
import type { Worker } from '../workers/worker.js';
import { buildServer } from './index.js';

const SECRET = 's3cret-of-both';
const NOW = Date.parse('2026-01-01T00:00:00Z');
const hex = (body: string): string => createHmac('sha256', SECRET).update(body).digest('hex');
const timed = (body: string, at: number, id = 'msg_1', secret = SECRET): Record<string, string> => {
  const seconds = String(Math.floor(at / 1000));
  const signature = createHmac('sha256', secret).update(`${id}.${seconds}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': seconds, 'webhook-signature': `v1,AAAA v1,${signature}` };
};
const MAIN = JSON.stringify({ ref: 'refs/heads/main' });

describe('a webhook', () => {
  const servers: FastifyInstance[] = [];
  afterEach(async () => void (await Promise.all(servers.splice(0).map((server) => server.close()))));

  function world() {
    const woken: string[] = [];
    let now = NOW;
    const worker = (name: string, environment: string): Worker<unknown> => ({
      name,
      environment,
      once: async () => undefined,
      run: async () => undefined,
      wake: () => void woken.push(`${name} ${environment}`),
    });
    const app = buildServer({
      listen: '127.0.0.1:0',
      workers: [worker('mirror', 'live'), worker('mirror', 'stage'), worker('promote', 'stage')],
      log: silentLog(),
      webhookSecret: SECRET,
      branches: new Map([
        ['live', 'main'],
        ['stage', 'next'],
      ]),
      now: () => now,
    });
    servers.push(app);
    const post = async (headers: Record<string, string>, payload: string): Promise<number> =>
      (await app.inject({ method: 'POST', url: '/webhook', headers, payload })).statusCode;
    return { post, woken, later: (ms: number) => (now += ms) };
  }

  it.each<[string, Record<string, string>, string, string[]]>([
    [
      'GitHub',
      { 'x-github-event': 'push', 'x-hub-signature-256': `sha256=${hex(MAIN)}` },
      MAIN,
      ['mirror live'],
    ],
    [
      'GitHub as a form',
      {
        'x-github-event': 'push',
        'content-type': 'application/x-www-form-urlencoded',
        'x-hub-signature-256': `sha256=${hex(`payload=${encodeURIComponent(MAIN)}`)}`,
      },
      `payload=${encodeURIComponent(MAIN)}`,
      ['mirror live'],
    ],
    ['GitLab', { 'x-gitlab-event': 'Push Hook', 'x-gitlab-token': SECRET }, MAIN, ['mirror live']],
    [
      'GitLab, signed with a time',
      { 'x-gitlab-event': 'Push Hook', ...timed(MAIN, NOW) },
      MAIN,
      ['mirror live'],
    ],
    ['Gitea', { 'x-gitea-event': 'push', 'x-gitea-signature': hex(MAIN) }, MAIN, ['mirror live']],
    ...[
      { push: { changes: [{ old: null, new: { type: 'branch', name: 'next' } }] } },
      { push: { changes: [{ old: { type: 'branch', name: 'next' }, new: null }] } },
      { changes: [{ refId: 'refs/heads/next', type: 'UPDATE' }] },
    ].map((value): [string, Record<string, string>, string, string[]] => {
      const body = JSON.stringify(value);
      const headers = { 'x-event-key': 'repo:push', 'x-hub-signature': `sha256=${hex(body)}` };
      return [`Bitbucket ${body}`, headers, body, ['mirror stage']];
    }),
    ['a tag', { 'x-gitlab-token': SECRET }, '{"ref":"refs/tags/v1"}', []],
    ['a branch of no environment', { 'x-gitlab-token': SECRET }, '{"ref":"refs/heads/other"}', []],
    ['what says no ref', { 'x-gitlab-token': SECRET }, '{"x":1}', ['mirror live', 'mirror stage']],
    [
      'a registry of Docker',
      { authorization: `Bearer ${SECRET}` },
      '{"events":[{"action":"push","target":{"repository":"shop/web","tag":"1"}}]}',
      ['promote stage'],
    ],
    [
      'Harbor',
      { authorization: SECRET },
      '{"type":"PUSH_ARTIFACT","event_data":{"resources":[{"tag":"1"}]}}',
      ['promote stage'],
    ],
  ])('of %s wakes who it is about', async (_forge, headers, body, expected) => {
    const { post, woken } = world();
    expect(await post(headers, body)).toBe(202);
    expect(woken).toEqual(expected);
  });

  it.each<[string, Record<string, string>]>([
    ['an old time', timed(MAIN, NOW - 6 * 60_000)],
    ['a time to come', timed(MAIN, NOW + 6 * 60_000)],
    ['another secret', timed(MAIN, NOW, 'msg_1', 'other')],
    ['a changed time', { ...timed(MAIN, NOW), 'webhook-timestamp': String(NOW / 1000 + 1) }],
    ['a bad signature with a time beside a good token', { ...timed(MAIN, 0), 'x-gitlab-token': SECRET }],
    ['another authorization', { authorization: 'Bearer other' }],
  ])('with %s is refused', async (_what, headers) => {
    const { post, woken } = world();
    expect(await post(headers, MAIN)).toBe(401);
    expect(woken).toEqual([]);
  });

  it('that comes twice is heard once, until the window is over; another body with its id is heard', async () => {
    const { post, woken, later } = world();
    const headers = { 'x-gitlab-token': SECRET, 'idempotency-key': 'one' };
    await post(headers, MAIN);
    await post(headers, MAIN);
    expect(woken).toEqual(['mirror live']);
    await post(headers, '{"ref":"refs/heads/next"}');
    expect(woken).toEqual(['mirror live', 'mirror stage']);
    later(11 * 60_000);
    await post(headers, MAIN);
    expect(woken).toHaveLength(3);
  });

  it('that only tries the address is answered, by the same proof', async () => {
    const { post, woken } = world();
    const signed = { 'x-hub-signature-256': `sha256=${hex('{"zen":"x"}')}` };
    expect(await post({ 'x-github-event': 'ping', ...signed }, '{"zen":"x"}')).toBe(200);
    expect(await post({ 'x-github-event': 'ping' }, '{"zen":"x"}')).toBe(401);
    expect(woken).toEqual([]);
  });
});
