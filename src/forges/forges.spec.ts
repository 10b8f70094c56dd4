import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { RevisionState, RevisionStatus } from '../domain/record/revision-verdict.js';
import type { Revision } from '../domain/source/revision.js';
import type { StatusBoard } from '../ports/revision-status.js';
import { registerSecret } from '../runtime/redact.js';
import { giteaBoard, githubBoard, gitlabBoard, type ForgeAccess } from './index.js';

const signal = new AbortController().signal;
const SHA = 'c'.repeat(40) as Revision;
const TOKEN = 'canary-token-1234';

interface Seen {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: unknown;
}

const status = (state: RevisionState, description = 'update marathon:/shop/web'): RevisionStatus => ({
  environment: 'production',
  revision: SHA,
  state,
  description,
});

describe('a forge', () => {
  let server: Server;
  let seen: Seen[];
  let answer: (response: ServerResponse) => void;
  let access: ForgeAccess;

  beforeEach(async () => {
    seen = [];
    answer = (response) => response.writeHead(201, { 'content-type': 'application/json' }).end('{}');
    server = createServer((request, response) => {
      const pieces: Buffer[] = [];
      const { method = '', url = '', headers } = request;
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        seen.push({ method, url, headers, body: JSON.parse(Buffer.concat(pieces).toString()) });
        answer(response);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    access = { url, project: 'shop/jobs', token: TOKEN, timeoutMs: 300 };
    registerSecret(TOKEN);
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  it('that is GitHub gets a commit status', async () => {
    const board = githubBoard({ ...access, targetUrl: 'https://ci.example.org' });
    await board.report(status('failed'), { signal });
    expect(seen).toMatchObject([
      {
        method: 'POST',
        url: `/repos/shop/jobs/statuses/${SHA}`,
        headers: { authorization: `Bearer ${TOKEN}` },
        body: {
          state: 'failure',
          context: 'towline/production',
          description: 'update marathon:/shop/web',
          target_url: 'https://ci.example.org',
        },
      },
    ]);
    await board.report(status('held', 'x'.repeat(140)), { signal });
    const { description } = seen[1]?.body as { description: string };
    expect(description).toMatch(/^held: x+$/);
    expect(description).toHaveLength(140);
  });

  it('that is GitLab gets a status of its own words, by the path of the project', async () => {
    await gitlabBoard({ ...access, project: 'group/sub/jobs' }).report(status('live'), { signal });
    expect(seen).toMatchObject([
      {
        url: `/api/v4/projects/group%2Fsub%2Fjobs/statuses/${SHA}`,
        headers: { 'private-token': TOKEN },
        body: { state: 'success', name: 'towline/production', description: 'update marathon:/shop/web' },
      },
    ]);
  });

  it('that is Gitea gets a commit status', async () => {
    await giteaBoard(access).report(status('held'), { signal });
    expect(seen).toMatchObject([
      {
        url: `/api/v1/repos/shop/jobs/statuses/${SHA}`,
        headers: { authorization: `token ${TOKEN}` },
        body: { state: 'warning', context: 'towline/production' },
      },
    ]);
  });

  it.each<[RevisionState, string, string, string]>([
    ['pending', 'pending', 'running', 'pending'],
    ['live', 'success', 'success', 'success'],
    ['failed', 'failure', 'failed', 'failure'],
    ['held', 'pending', 'pending', 'warning'],
  ])('is told of %s in its words', async (state, github, gitlab, gitea) => {
    for (const board of [githubBoard(access), gitlabBoard(access), giteaBoard(access)])
      await board.report(status(state), { signal });
    expect(seen.map(({ body }) => (body as { state: string }).state)).toEqual([github, gitlab, gitea]);
  });

  it('that is GitLab and has that status already is content', async () => {
    answer = (response) =>
      response
        .writeHead(400)
        .end('{"message": "Cannot transition status via :run from :running (Reason(s): Status cannot ...)"}');
    await gitlabBoard(access).report(status('pending'), { signal });
    await expect(gitlabBoard(access).report(status('live'), { signal })).rejects.toMatchObject({
      code: 'forge-rejected',
    });
  });

  const boards: [string, (given: ForgeAccess) => StatusBoard][] = [
    ['GitHub', githubBoard],
    ['GitLab', gitlabBoard],
    ['Gitea', giteaBoard],
  ];
  describe.each(boards)('that is %s', (name, board) => {
    it.each<[string, (response: ServerResponse) => void, object]>([
      [
        '401',
        (r) => r.writeHead(401).end('{"message": "Bad credentials"}'),
        { code: 'forge-denied', kind: 'refused', message: `${name} answered 401: Bad credentials` },
      ],
      ['404', (r) => r.writeHead(404).end('{"message": "Not Found"}'), { code: 'forge-rejected' }],
      [
        '422',
        (r) => r.writeHead(422).end('{"message": {"sha": ["is unknown"]}}'),
        { code: 'forge-rejected', kind: 'invalid', message: expect.stringContaining('is unknown') },
      ],
      ['429', (r) => r.writeHead(429).end('{}'), { code: 'forge-unavailable' }],
      [
        '500 with a page in HTML',
        (r) => r.writeHead(500, { 'content-type': 'text/html' }).end('<html><b>oops</b></html>'),
        { code: 'forge-unavailable', kind: 'unavailable', message: expect.not.stringContaining('<') },
      ],
      [
        'a redirect, which the token does not follow',
        (r) => r.writeHead(302, { location: 'http://127.0.0.1:1/' }).end(),
        { code: 'forge-rejected' },
      ],
      ['nothing at all', () => undefined, { code: 'forge-unavailable', kind: 'unavailable' }],
      ['half an answer', (r) => r.destroy(), { code: 'forge-unavailable' }],
      [
        'the token',
        (r) => r.writeHead(403).end(`{"message": "no rights for ${TOKEN}"}`),
        { code: 'forge-denied', message: `${name} answered 403: no rights for ***` },
      ],
    ])('and answers %s is reported as such', async (_what, reply, error) => {
      answer = reply;
      await expect(board(access).report(status('live'), { signal })).rejects.toMatchObject(error);
      expect(seen).toHaveLength(1);
    });

    it('and is away is unavailable; a wait that is given up ends at once', async () => {
      const away = board({ ...access, url: 'http://127.0.0.1:1' });
      await expect(away.report(status('live'), { signal })).rejects.toMatchObject({
        code: 'forge-unavailable',
      });
      answer = () => undefined;
      const stop = new AbortController();
      const waiting = board({ ...access, timeoutMs: 60_000 }).report(status('live'), { signal: stop.signal });
      stop.abort();
      await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    });
  });
});
