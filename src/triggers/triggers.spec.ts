import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { eventRef, type PushEvent } from '../domain/push/index.js';
import type { BuildTrigger } from '../ports/build-trigger.js';
import { registerSecret } from '../runtime/redact.js';
import { githubTrigger, gitlabTrigger, jenkinsTrigger, webhookTrigger } from './index.js';

const signal = new AbortController().signal;
const TOKEN = 'canary-token-9876';
const [A, B] = ['a'.repeat(40), 'b'.repeat(40)];
const event: PushEvent = {
  id: 'event-0001',
  at: '2026-01-01T00:00:00.000Z',
  repository: 'jobs',
  refs: [eventRef({ from: A, to: B, name: 'refs/heads/$(touch x)&y=1' }, { commit: B, forced: false })],
};

interface Seen {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: string;
}

describe('a trigger', () => {
  let server: Server;
  let seen: Seen[];
  let answer: (response: ServerResponse, request: Seen) => void;
  let url: string;

  beforeEach(async () => {
    seen = [];
    server = createServer((request, response) => {
      const pieces: Buffer[] = [];
      const { method = '', url: path = '', headers } = request;
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        const one = { method, url: path, headers, body: Buffer.concat(pieces).toString() };
        seen.push(one);
        answer(response, one);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    registerSecret(TOKEN);
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const jenkins = (secret: { token: string } | { password: string } = { token: TOKEN }): BuildTrigger =>
    jenkinsTrigger({ name: 'ci', url, job: 'team a/deploy', user: 'ann', secret, timeoutMs: 300 });
  const gitlab = (): BuildTrigger =>
    gitlabTrigger({ name: 'ci', url, project: 'group/jobs', token: TOKEN, timeoutMs: 300 });
  const github = (): BuildTrigger =>
    githubTrigger({ name: 'ci', url, project: 'o/jobs', token: TOKEN, eventType: 'pushed', timeoutMs: 300 });
  const webhook = (): BuildTrigger => webhookTrigger({ name: 'ci', url, secret: TOKEN, timeoutMs: 300 });

  it('of Jenkins starts a build by an API token, with parameters and no crumb', async () => {
    answer = (r) => r.writeHead(201, { location: `${url}/queue/item/42/` }).end();
    expect(await jenkins().start(event, { signal })).toContain('queue item 42');
    expect(seen).toMatchObject([
      {
        method: 'POST',
        url: '/job/team%20a/job/deploy/buildWithParameters',
        headers: {
          authorization: `Basic ${Buffer.from(`ann:${TOKEN}`).toString('base64')}`,
          'x-towline-delivery': 'event-0001',
        },
      },
    ]);
    expect(Object.fromEntries(new URLSearchParams(seen[0]?.body))).toMatchObject({
      TOWLINE_BRANCH: '$(touch x)&y=1',
      TOWLINE_REVISION: B,
      TOWLINE_ACTION: 'update',
    });
  });

  it('of Jenkins fetches a crumb for a password, and sends it with the session that it belongs to', async () => {
    answer = (r, { url: path }) =>
      path.startsWith('/crumbIssuer')
        ? r
            .writeHead(200, { 'set-cookie': 'JSESSIONID.1=abc; Path=/; HttpOnly' })
            .end('{"crumbRequestField":"Jenkins-Crumb","crumb":"c0ffee"}')
        : r.writeHead(201).end();
    await jenkins({ password: 'pass word' }).start(event, { signal });
    expect(seen[1]?.headers).toMatchObject({ 'jenkins-crumb': 'c0ffee', cookie: 'JSESSIONID.1=abc' });
  });

  it('of Jenkins builds a job without parameters as such', async () => {
    answer = (r, { url: path }) => r.writeHead(path.endsWith('/build') ? 201 : 400).end();
    await jenkins().start(event, { signal });
    expect(seen.map(({ url: path, body }) => [path, body === ''])).toEqual([
      ['/job/team%20a/job/deploy/buildWithParameters', false],
      ['/job/team%20a/job/deploy/build', true],
    ]);
  });

  it('of GitLab starts a pipeline', async () => {
    answer = (r) => r.writeHead(201).end('{"id": 7, "web_url": "https://gitlab/p/7"}');
    expect(await gitlab().start(event, { signal })).toBe('pipeline 7 of group/jobs');
    expect(seen[0]?.url).toBe('/api/v4/projects/group%2Fjobs/trigger/pipeline');
    expect(Object.fromEntries(new URLSearchParams(seen[0]?.body))).toMatchObject({
      token: TOKEN,
      ref: '$(touch x)&y=1',
      'variables[TOWLINE_REVISION]': B,
    });
  });

  it('of GitHub dispatches an event, with no more members than it takes', async () => {
    answer = (r) => r.writeHead(204).end();
    await github().start(event, { signal });
    expect(seen).toMatchObject([
      { url: '/repos/o/jobs/dispatches', headers: { authorization: `Bearer ${TOKEN}` } },
    ]);
    const body = JSON.parse(seen[0]?.body ?? '') as { event_type: string; client_payload: object };
    expect(body.event_type).toBe('pushed');
    expect(body.client_payload).toMatchObject({ id: 'event-0001', revision: B });
    expect(Object.keys(body.client_payload).length).toBeLessThanOrEqual(10);
  });

  it('of a webhook is signed over its bytes, and has an id to know it again by', async () => {
    answer = (r) => r.writeHead(202).end();
    await webhook().start(event, { signal });
    const { body = '', headers } = seen[0] ?? {};
    expect(headers).toMatchObject({
      'x-hub-signature-256': `sha256=${createHmac('sha256', TOKEN).update(body).digest('hex')}`,
      'x-towline-delivery': 'event-0001',
    });
    expect(JSON.parse(body)).toMatchObject({ ref: 'refs/heads/$(touch x)&y=1', before: A, after: B });
  });

  it.each<[string, () => BuildTrigger]>([
    ['Jenkins', jenkins],
    ['GitLab', gitlab],
    ['GitHub', github],
    ['a webhook', webhook],
  ])('of %s says what can be tried again and what can not, and never a token', async (_name, trigger) => {
    const cases: [string, (r: ServerResponse) => void, string, string][] = [
      ['401', (r) => r.writeHead(401).end(`{"message":"bad ${TOKEN}"}`), 'trigger-denied', 'refused'],
      ['403', (r) => r.writeHead(403).end('<html>No valid crumb</html>'), 'trigger-denied', 'refused'],
      ['404', (r) => r.writeHead(404).end('{"message":"Not Found"}'), 'trigger-rejected', 'invalid'],
      ['a login page', (r) => r.writeHead(302, { location: '/login' }).end(), 'trigger-rejected', 'invalid'],
      ['429', (r) => r.writeHead(429).end(), 'trigger-unavailable', 'unavailable'],
      [
        'a limit',
        (r) => r.writeHead(403, { 'x-ratelimit-remaining': '0' }).end(),
        'trigger-unavailable',
        'unavailable',
      ],
      ['503 in HTML', (r) => r.writeHead(503).end('<html>oops</html>'), 'trigger-unavailable', 'unavailable'],
      ['silence', () => undefined, 'trigger-unavailable', 'unavailable'],
      ['half an answer', (r) => r.destroy(), 'trigger-unavailable', 'unavailable'],
    ];
    for (const [what, reply, code, kind] of cases) {
      answer = reply;
      const error: unknown = await trigger()
        .start(event, { signal })
        .catch((thrown: unknown) => thrown);
      expect({ what, error }).toMatchObject({ what, error: { code, kind } });
      expect((error as Error).message).not.toContain(TOKEN);
      expect((error as Error).message).not.toContain('<');
    }
  });

  it.each<[string, () => BuildTrigger]>([
    ['Jenkins', jenkins],
    ['GitLab', gitlab],
    ['GitHub', github],
  ])('of %s is not done by a page of something else that answers 200', async (_name, trigger) => {
    answer = (r) => r.writeHead(200, { 'content-type': 'text/html' }).end('<html>Welcome</html>');
    await expect(trigger().start(event, { signal })).rejects.toMatchObject({ code: 'trigger-rejected' });
  });
});
