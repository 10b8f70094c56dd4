import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { MergeRequests } from '../../ports/merge-requests.js';
import { registerSecret } from '../../runtime/redact.js';
import { giteaMergeRequests, githubMergeRequests, gitlabMergeRequests, type ProjectAccess } from './index.js';

const signal = new AbortController().signal;
const TOKEN = 'canary-token-5678';
const BRANCHES = { branch: 'towline/promote/production/shop-web-1', target: 'main' };
const TEXT = {
  title: 'Promote shop/web 1.1.0 to production',
  body: 'web.yaml: a -> b\n\nTowline-Release: x:1',
};

interface Seen {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: unknown;
}
type Kept = { id: number; state: 'open' | 'merged' | 'closed'; title: string; body: string };

/** How each forge words its API; the server below answers in these words. */
interface Words {
  name: string;
  made: (access: ProjectAccess) => MergeRequests;
  list: RegExp;
  one: RegExp;
  update: string;
  auth: [header: string, value: string];
  entry: (kept: Kept, more?: object) => object;
  exists: [status: number, body: object];
  foreign: object;
}

const pull = (kept: Kept): object => ({
  number: kept.id,
  html_url: `https://forge.example/pulls/${kept.id}`,
  title: kept.title,
  body: kept.body,
  state: kept.state === 'open' ? 'open' : 'closed',
  head: { ref: BRANCHES.branch },
  base: { ref: BRANCHES.target },
});
const FORGES: Words[] = [
  {
    name: 'GitHub',
    made: githubMergeRequests,
    list: /^\/repos\/shop\/jobs\/pulls\?state=all&head=shop%3Atowline%2Fpromote%2Fproduction%2Fshop-web-1&base=main&/,
    one: /^\/repos\/shop\/jobs\/pulls(\/\d+)?$/,
    update: 'PATCH',
    auth: ['authorization', `Bearer ${TOKEN}`],
    entry: (kept, more) => ({
      ...pull(kept),
      merged_at: kept.state === 'merged' ? '2026-01-01T00:00:00Z' : null,
      ...more,
    }),
    exists: [
      422,
      { message: 'Validation Failed', errors: [{ message: 'A pull request already exists for shop:x.' }] },
    ],
    foreign: { head: { ref: 'other' } },
  },
  {
    name: 'GitLab',
    made: gitlabMergeRequests,
    list: /^\/api\/v4\/projects\/shop%2Fjobs\/merge_requests\?state=all&source_branch=towline%2Fpromote%2Fproduction%2Fshop-web-1&target_branch=main&/,
    one: /^\/api\/v4\/projects\/shop%2Fjobs\/merge_requests(\/\d+)?$/,
    update: 'PUT',
    auth: ['private-token', TOKEN],
    entry: (kept, more) => ({
      iid: kept.id,
      web_url: `https://forge.example/pulls/${kept.id}`,
      title: kept.title,
      description: kept.body,
      state: kept.state === 'open' ? 'opened' : kept.state,
      source_branch: BRANCHES.branch,
      target_branch: BRANCHES.target,
      source_project_id: 3,
      target_project_id: 3,
      ...more,
    }),
    exists: [409, { message: ['Another open merge request already exists for this source branch: !7'] }],
    foreign: { source_project_id: 4 },
  },
  {
    name: 'Gitea',
    made: giteaMergeRequests,
    list: /^\/api\/v1\/repos\/shop\/jobs\/pulls\?state=all&limit=50&page=\d+$/,
    one: /^\/api\/v1\/repos\/shop\/jobs\/pulls(\/\d+)?$/,
    update: 'PATCH',
    auth: ['authorization', `token ${TOKEN}`],
    entry: (kept, more) => ({ ...pull(kept), merged: kept.state === 'merged', ...more }),
    exists: [409, { message: 'pull request already exists for these targets' }],
    foreign: { head: { ref: BRANCHES.branch, repo: { full_name: 'eve/jobs' } } },
  },
];

describe.each(FORGES)('merge requests of $name', (words) => {
  let server: Server;
  let seen: Seen[];
  let kept: Kept[];
  let extra: object[];
  let trouble: ((response: ServerResponse, request: Seen) => boolean) | undefined;
  let access: ProjectAccess;
  let requests: MergeRequests;

  const json = (response: ServerResponse, status: number, value: unknown): void =>
    void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  const answer = (response: ServerResponse, request: Seen): void => {
    if (trouble?.(response, request) === true) return;
    const { method, url, body } = request;
    const text = body as { title: string; body?: string; description?: string };
    if (method === 'GET' && words.list.test(url))
      return json(response, 200, [...extra, ...[...kept].reverse().map((each) => words.entry(each))]);
    if (!words.one.test(url)) return json(response, 404, { message: 'Not Found' });
    const said = { title: text.title, body: text.body ?? text.description ?? '' };
    if (method === 'POST') {
      if (kept.some(({ state }) => state === 'open')) return json(response, ...words.exists);
      kept.push({ id: 7 + kept.length, state: 'open', ...said });
      return json(response, 201, words.entry(kept.at(-1) as Kept));
    }
    const one = kept.find(({ id }) => url.endsWith(`/${id}`));
    if (one === undefined || method !== words.update) return json(response, 404, { message: 'Not Found' });
    Object.assign(one, said);
    json(response, 200, words.entry(one));
  };

  beforeEach(async () => {
    [seen, kept, extra, trouble] = [[], [], [], undefined];
    server = createServer((request, response) => {
      const pieces: Buffer[] = [];
      const { method = '', url = '', headers } = request;
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        const text = Buffer.concat(pieces).toString();
        const one = { method, url, headers, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
        seen.push(one);
        answer(response, one);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    access = { url, project: 'shop/jobs', token: TOKEN, timeoutMs: 300, pauseMs: 1, longestPauseMs: 2_000 };
    requests = words.made(access);
    registerSecret(TOKEN);
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it('are found with their states, newest first, and those of other branches or projects are not', async () => {
    kept = (['merged', 'closed', 'open'] as const).map((state, at) => ({ id: at + 1, state, ...TEXT }));
    extra = [words.entry({ id: 99, state: 'open', ...TEXT }, words.foreign)];
    const found = await requests.find(BRANCHES, { signal });
    expect(found.map(({ id, state }) => [id, state])).toEqual([
      [3, 'open'],
      [2, 'closed'],
      [1, 'merged'],
    ]);
    expect(found[0]).toEqual({ id: 3, state: 'open', url: 'https://forge.example/pulls/3', ...TEXT });
    expect(seen[0]?.url).toMatch(words.list);
    expect(seen[0]?.headers[words.auth[0]]).toBe(words.auth[1]);
  });

  it('are made, and given another text', async () => {
    const made = await requests.create(BRANCHES, TEXT, { signal });
    expect(made).toEqual({ id: 7, state: 'open', url: 'https://forge.example/pulls/7', ...TEXT });
    const next = { title: 'Promote shop/web 1.2.0 to production', body: 'Towline-Release: x:2' };
    expect(await requests.update(7, next, { signal })).toMatchObject(next);
    expect(seen.map(({ method }) => method)).toEqual(['POST', words.update]);
    expect(JSON.stringify(seen[0]?.body)).toContain(BRANCHES.branch);
  });

  it('are not made twice: the one that is there is brought up to date', async () => {
    kept = [{ id: 7, state: 'open', title: 'old', body: '' }];
    expect(await requests.create(BRANCHES, TEXT, { signal })).toMatchObject({ id: 7, ...TEXT });
    expect(kept).toEqual([{ id: 7, state: 'open', ...TEXT }]);
  });

  it('are made once where the answer got lost', async () => {
    trouble = (response, { method }) => {
      if (method !== 'POST' || kept.length > 0) return false;
      kept.push({ id: 7, state: 'open', ...TEXT });
      response.destroy();
      return true;
    };
    expect(await requests.create(BRANCHES, TEXT, { signal })).toMatchObject({ id: 7 });
    expect(kept).toHaveLength(1);
  });

  it('may have no text', async () => {
    extra = [words.entry({ id: 5, state: 'open', ...TEXT }, { body: null, description: null })];
    expect(await requests.find(BRANCHES, { signal })).toMatchObject([{ id: 5, body: '' }]);
  });

  it.each<[string, (response: ServerResponse) => void, calls: number, object]>([
    [
      '401',
      (r) => json(r, 401, { message: 'Bad credentials' }),
      1,
      { code: 'forge-denied', kind: 'refused', message: `${words.name} answered 401: Bad credentials` },
    ],
    [
      '403',
      (r) => json(r, 403, { message: `no rights for ${TOKEN}` }),
      1,
      { code: 'forge-denied', message: `${words.name} answered 403: no rights for ***` },
    ],
    ['404', (r) => json(r, 404, { message: 'Not Found' }), 1, { code: 'forge-rejected', kind: 'invalid' }],
    [
      '422',
      (r) => json(r, 422, { message: 'Validation Failed', errors: [{ message: 'base is gone' }] }),
      1,
      { code: 'forge-rejected', message: expect.stringContaining('base is gone') },
    ],
    [
      'a redirect',
      (r) => r.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
      1,
      { code: 'forge-rejected' },
    ],
    [
      '200 with a page in HTML',
      (r) => r.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
      1,
      { code: 'forge-rejected', message: expect.not.stringContaining('<') },
    ],
    ['a list of something else', (r) => json(r, 200, [{ number: 'x' }]), 1, { code: 'forge-rejected' }],
    ['500', (r) => r.writeHead(500).end('oops'), 3, { code: 'forge-unavailable', kind: 'unavailable' }],
    ['429', (r) => json(r, 429, {}), 3, { code: 'forge-unavailable' }],
    [
      '429 that asks for too long a pause',
      (r) => r.writeHead(429, { 'retry-after': '3600' }).end('{}'),
      1,
      { code: 'forge-unavailable' },
    ],
    [
      '403 to whom it has heard too often',
      (r) => r.writeHead(403, { 'x-ratelimit-remaining': '0' }).end('{}'),
      3,
      { code: 'forge-unavailable' },
    ],
    ['half an answer', (r) => r.destroy(), 3, { code: 'forge-unavailable' }],
    ['nothing at all', () => undefined, 3, { code: 'forge-unavailable' }],
  ])('are an error where it answers %s', async (_what, reply, calls, error) => {
    trouble = (response) => {
      reply(response);
      return true;
    };
    await expect(requests.find(BRANCHES, { signal })).rejects.toMatchObject(error);
    expect(seen).toHaveLength(calls);
  });

  it('wait as long as the forge asks for, and go on', async () => {
    trouble = (response) => {
      if (seen.length > 1) return false;
      response.writeHead(429, { 'retry-after': '1' }).end('{}');
      return true;
    };
    expect(await requests.find(BRANCHES, { signal })).toEqual([]);
    expect(seen).toHaveLength(2);
  });

  it('are given up at once where the caller stops', async () => {
    trouble = () => true;
    const stop = new AbortController();
    const waiting = words.made({ ...access, timeoutMs: 60_000 }).find(BRANCHES, { signal: stop.signal });
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  });
});

describe('a Gitea with many pull requests', () => {
  it('is read page by page, up to a limit', async () => {
    const pages: string[] = [];
    const server = createServer((request, response) => {
      const page = Number(new URL(request.url ?? '', 'http://x').searchParams.get('page'));
      pages.push(String(page));
      const entries = Array.from({ length: page < 3 ? 50 : 1 }, (_, at) => ({
        ...pull({ id: page * 100 + at, state: 'open', ...TEXT }),
        ...(page === 3 ? {} : { head: { ref: 'other' } }),
      }));
      response.writeHead(200).end(JSON.stringify(entries));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const found = await giteaMergeRequests({ url, project: 'shop/jobs', token: TOKEN }).find(BRANCHES, {
      signal,
    });
    server.closeAllConnections();
    server.close();
    expect(found.map(({ id }) => id)).toEqual([300]);
    expect(pages).toEqual(['1', '2', '3']);
  });
});
