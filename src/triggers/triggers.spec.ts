import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { LocalServer, type Reply } from '../../test/fakes/local-server.js';
import { eventRef, type PushEvent } from '../domain/push/index.js';
import type { BuildTrigger } from '../ports/build-trigger.js';
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

describe('a trigger', () => {
  let answer: Reply;
  let url: string;
  const server = new LocalServer((response, asked) => answer(response, asked));

  beforeAll(async () => {
    ({ url } = await server.start());
  });
  afterAll(() => server.close());
  beforeEach(() => {
    server.asked = [];
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
    expect(server.asked).toMatchObject([
      {
        method: 'POST',
        url: '/job/team%20a/job/deploy/buildWithParameters',
        headers: {
          authorization: `Basic ${Buffer.from(`ann:${TOKEN}`).toString('base64')}`,
          'x-towline-delivery': 'event-0001',
        },
      },
    ]);
    expect(Object.fromEntries(new URLSearchParams(server.asked[0]?.text))).toMatchObject({
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
    expect(server.asked[1]?.headers).toMatchObject({ 'jenkins-crumb': 'c0ffee', cookie: 'JSESSIONID.1=abc' });
  });

  it('of Jenkins builds a job without parameters as such', async () => {
    answer = (r, { url: path }) => r.writeHead(path.endsWith('/build') ? 201 : 400).end();
    await jenkins().start(event, { signal });
    expect(server.asked.map(({ url: path, text }) => [path, text === ''])).toEqual([
      ['/job/team%20a/job/deploy/buildWithParameters', false],
      ['/job/team%20a/job/deploy/build', true],
    ]);
  });

  it('of GitLab starts a pipeline', async () => {
    answer = (r) => r.writeHead(201).end('{"id": 7, "web_url": "https://gitlab/p/7"}');
    expect(await gitlab().start(event, { signal })).toBe('pipeline 7 of group/jobs');
    expect(server.asked[0]?.url).toBe('/api/v4/projects/group%2Fjobs/trigger/pipeline');
    expect(Object.fromEntries(new URLSearchParams(server.asked[0]?.text))).toMatchObject({
      token: TOKEN,
      ref: '$(touch x)&y=1',
      'variables[TOWLINE_REVISION]': B,
    });
  });

  it('of GitHub dispatches an event, with no more members than it takes', async () => {
    answer = (r) => r.writeHead(204).end();
    await github().start(event, { signal });
    expect(server.asked).toMatchObject([
      { url: '/repos/o/jobs/dispatches', headers: { authorization: `Bearer ${TOKEN}` } },
    ]);
    const body = JSON.parse(server.asked[0]?.text ?? '') as { event_type: string; client_payload: object };
    expect(body.event_type).toBe('pushed');
    expect(body.client_payload).toMatchObject({ id: 'event-0001', revision: B });
    expect(Object.keys(body.client_payload).length).toBeLessThanOrEqual(10);
  });

  it('of a webhook is signed over its bytes, and has an id to know it again by', async () => {
    answer = (r) => r.writeHead(202).end();
    await webhook().start(event, { signal });
    const { text = '', headers } = server.asked[0] ?? {};
    expect(headers).toMatchObject({
      'x-hub-signature-256': `sha256=${createHmac('sha256', TOKEN).update(text).digest('hex')}`,
      'x-towline-delivery': 'event-0001',
    });
    expect(JSON.parse(text)).toMatchObject({ ref: 'refs/heads/$(touch x)&y=1', before: A, after: B });
  });
});
