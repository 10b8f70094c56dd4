import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ReviewComments } from '../../ports/review-comments.js';
import { registerSecret } from '../../runtime/redact.js';
import { giteaComments, githubComments, gitlabComments, type ReviewAccess } from './index.js';

const signal = new AbortController().signal;
const TOKEN = 'canary-token-5678';
const marker = '<!-- towline plan production -->';
const comment = { marker, body: `${marker}\n### Plan` };

interface Seen {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: unknown;
}
interface Shape {
  /** As the forge writes a comment. */
  written(id: number, body: string, author: { id: number; type?: string }): object;
  user: string;
  list: string;
  pages: boolean;
  update: [method: string, path: string];
  authorization: object;
}
type Make = (access: ReviewAccess) => ReviewComments;

const byUser: Shape['written'] = (id, body, author) => ({
  id,
  body,
  user: { login: `u${author.id}`, type: 'User', ...author },
});
const forges: [string, Make, Shape][] = [
  [
    'GitHub',
    githubComments,
    {
      written: byUser,
      user: '/user',
      list: '/repos/shop/jobs/issues/7/comments',
      pages: true,
      update: ['PATCH', '/repos/shop/jobs/issues/comments/41'],
      authorization: { authorization: `Bearer ${TOKEN}` },
    },
  ],
  [
    'GitLab',
    gitlabComments,
    {
      written: (id, body, author) => ({
        id,
        body,
        system: false,
        author: { username: `u${author.id}`, ...author },
      }),
      user: '/api/v4/user',
      list: '/api/v4/projects/shop%2Fjobs/merge_requests/7/notes',
      pages: true,
      update: ['PUT', '/api/v4/projects/shop%2Fjobs/merge_requests/7/notes/41'],
      authorization: { 'private-token': TOKEN },
    },
  ],
  [
    'Gitea',
    giteaComments,
    {
      written: byUser,
      user: '/api/v1/user',
      list: '/api/v1/repos/shop/jobs/issues/7/comments',
      pages: false,
      update: ['PATCH', '/api/v1/repos/shop/jobs/issues/comments/41'],
      authorization: { authorization: `token ${TOKEN}` },
    },
  ],
];

describe.each(forges)('comments of %s', (name, make, shape) => {
  let server: Server;
  let seen: Seen[];
  /** Asked before the ordinary answer; true: it has answered. */
  let instead: (request: Seen, response: ServerResponse) => boolean;
  let pages: object[][];
  let comments: ReviewComments;
  let access: ReviewAccess;
  const me = { id: 1 };
  const json = (response: ServerResponse, value: unknown, code = 200, headers = {}): void =>
    void response
      .writeHead(code, { 'content-type': 'application/json', ...headers })
      .end(JSON.stringify(value));
  const calls = (): string[] => seen.map(({ method, url }) => `${method} ${url}`);
  const writes = (): Seen[] => seen.filter(({ method }) => method !== 'GET');

  beforeEach(async () => {
    [seen, pages, instead] = [[], [[]], () => false];
    server = createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        const { method = '', url = '', headers } = request;
        const text = Buffer.concat(pieces).toString();
        const asked = { method, url, headers, body: text === '' ? undefined : JSON.parse(text) };
        seen.push(asked);
        if (instead(asked, response)) return;
        const { pathname, searchParams } = new URL(url, 'http://x');
        if (method === 'GET' && pathname === shape.user) return json(response, { ...me, login: 'ci' });
        if (method === 'GET' && pathname === shape.list)
          return json(response, pages[Number(searchParams.get('page') ?? 1) - 1] ?? []);
        return json(response, { id: 99 }, method === 'POST' ? 201 : 200);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    access = { url, project: 'shop/jobs', request: 7, token: TOKEN, timeoutMs: 300, minMs: 1 };
    comments = make(access);
    registerSecret(TOKEN);
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it('are created where there is none of this account', async () => {
    expect(await comments.put(comment, { signal })).toBe('created');
    expect(writes()).toMatchObject([
      { method: 'POST', url: shape.list, body: { body: comment.body }, headers: shape.authorization },
    ]);
  });

  it('are replaced, and not written again where they say the same', async () => {
    pages = [[shape.written(40, 'looks good', me), shape.written(41, `${marker}\nold`, me)]];
    expect(await comments.put(comment, { signal })).toBe('updated');
    expect(writes()).toMatchObject([
      {
        method: shape.update[0],
        url: shape.update[1],
        body: { body: comment.body },
        headers: shape.authorization,
      },
    ]);
    seen = [];
    pages = [[shape.written(41, comment.body.replaceAll('\n', '\r\n'), me)]];
    expect(await comments.put(comment, { signal })).toBe('unchanged');
    expect(writes()).toEqual([]);
  });

  it('of others are left alone, also those that copied the marker; so are those of other environments', async () => {
    pages = [
      [
        shape.written(41, comment.body, { id: 2 }),
        shape.written(42, `> ${comment.body}`, me),
        shape.written(43, '<!-- towline plan staging -->\nold', me),
      ],
    ];
    expect(await comments.put(comment, { signal })).toBe('created');
  });

  it('are looked for on every page', async () => {
    if (!shape.pages) return expect(calls()).toEqual([]);
    const size = name === 'GitLab' ? 20 : 100;
    pages = [
      Array.from({ length: size }, (_, n) => shape.written(n + 100, 'chat', { id: 3 })),
      [shape.written(41, `${marker}\nold`, me)],
    ];
    expect(await comments.put(comment, { signal })).toBe('updated');
    expect(calls()).toEqual([
      `GET ${shape.user}`,
      `GET ${shape.list}?per_page=${size}&page=1`,
      `GET ${shape.list}?per_page=${size}&page=2`,
      shape.update.join(' '),
    ]);
  });

  it.each<[string, (r: ServerResponse) => void, object]>([
    [
      '401',
      (r) => json(r, { message: 'Bad credentials' }, 401),
      { code: 'forge-denied', kind: 'refused', message: `${name} answered 401: Bad credentials` },
    ],
    [
      '403',
      (r) => json(r, { message: `not for ${TOKEN}` }, 403),
      { code: 'forge-denied', message: `${name} answered 403: not for ***` },
    ],
    ['404', (r) => json(r, { message: 'Not Found' }, 404), { code: 'forge-rejected', kind: 'invalid' }],
    [
      '422',
      (r) => json(r, { message: { body: ['is too long'] } }, 422),
      { code: 'forge-rejected', message: expect.stringContaining('is too long') },
    ],
    [
      'a redirect',
      (r) => void r.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
      { code: 'forge-rejected' },
    ],
    [
      'a page in HTML',
      (r) => void r.writeHead(200).end('<html>'),
      { code: 'forge-rejected', message: expect.not.stringContaining('<') },
    ],
    ['something else than a list', (r) => json(r, { id: 1 }), { code: 'forge-rejected' }],
    [
      'a limit that lasts',
      (r) => json(r, {}, 429, { 'retry-after': '86400' }),
      { code: 'forge-unavailable' },
    ],
  ])('that are answered with %s are reported as such, at once', async (_what, reply, error) => {
    instead = ({ url }, response) => url.startsWith(shape.list) && (reply(response), true);
    await expect(comments.put(comment, { signal })).rejects.toMatchObject(error);
    expect(seen.filter(({ url }) => url.startsWith(shape.list))).toHaveLength(1);
  });

  it.each<[string, (r: ServerResponse) => void]>([
    ['503', (r) => json(r, {}, 503)],
    ['429 with the time to come back', (r) => json(r, {}, 429, { 'retry-after': '0' })],
    ['403 of a limit', (r) => json(r, {}, 403, { 'x-ratelimit-remaining': '0' })],
    ['half an answer', (r) => void r.destroy()],
    ['nothing', () => undefined],
  ])('are asked for again after %s, a few times', async (_what, reply) => {
    let failures = 2;
    instead = ({ url }, response) => url.startsWith(shape.list) && failures-- > 0 && (reply(response), true);
    expect(await comments.put(comment, { signal })).toBe('created');
    instead = ({ url }, response) => url.startsWith(shape.list) && (reply(response), true);
    seen = [];
    await expect(comments.put(comment, { signal })).rejects.toMatchObject({ code: 'forge-unavailable' });
    expect(seen.filter(({ url }) => url.startsWith(shape.list))).toHaveLength(4);
  });

  it('are not created twice where the answer got lost', async () => {
    instead = ({ method, body }, response) => {
      if (method !== 'POST') return false;
      pages = [[shape.written(41, (body as { body: string }).body, me)]];
      response.destroy();
      return true;
    };
    expect(await comments.put(comment, { signal })).toBe('created');
    expect(writes()).toHaveLength(1);
  });

  it('of a token that may not ask who it is are those of a machine, or none', async () => {
    instead = ({ url }, response) => url === shape.user && (json(response, { message: 'no' }, 403), true);
    const machine = name === 'Gitea' ? { id: -2 } : { id: 5, type: 'Bot' };
    pages = [[shape.written(40, comment.body, { id: 2 }), shape.written(41, `${marker}\nold`, machine)]];
    expect(await comments.put(comment, { signal })).toBe(name === 'GitLab' ? 'created' : 'updated');
  });

  it('are given up as soon as that is asked for', async () => {
    instead = () => true;
    const stop = new AbortController();
    const waiting = make({ ...access, timeoutMs: 60_000 }).put(comment, { signal: stop.signal });
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  });
});
