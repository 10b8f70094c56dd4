import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { COMMENT_FORGES, CommentServer, ME } from '../../../test/fakes/forge-comments.js';
import { sendJson, type Reply } from '../../../test/fakes/local-server.js';
import type { ReviewComments } from '../../ports/review-comments.js';

const signal = new AbortController().signal;
const marker = '<!-- towline plan production -->';
const comment = { marker, body: `${marker}\n### Plan` };

// What every forge has in common stands in src/ports/review-comments.contract.ts.
describe.each(COMMENT_FORGES)('comments of $forge', (forge) => {
  let server: CommentServer;
  let comments: ReviewComments;
  const calls = (): string[] => server.asked.map(({ method, url }) => `${method} ${url}`);

  beforeEach(async () => {
    server = new CommentServer(forge);
    await server.start();
    comments = forge.make(server.access({ timeoutMs: 300 }));
  });
  afterEach(() => server.close());

  it('are created and updated where it has them, as it wants to be spoken to', async () => {
    await comments.put(comment, { signal });
    await comments.put({ ...comment, body: `${marker}\nnew` }, { signal });
    expect(server.writes()).toMatchObject([
      { method: 'POST', url: forge.list, body: { body: comment.body }, headers: forge.authorization },
      { method: forge.update.method, url: forge.update.path(100), headers: forge.authorization },
    ]);
  });

  it('are looked for page by page, and no further than there are some', async () => {
    const { pageSize, list, user } = forge;
    for (let n = 0; n <= (pageSize ?? 100); n++) server.write('chat', { id: 3 });
    await comments.put(comment, { signal });
    const pages = pageSize === undefined ? [''] : [1, 2].map((page) => `?per_page=${pageSize}&page=${page}`);
    const lists = pages.map((page) => `GET ${list}${page}`);
    expect(calls()).toEqual([`GET ${user}`, ...lists, `POST ${list}`]);
  });

  it.each<[string, Reply]>([
    ['503', (r) => sendJson(r, {}, 503)],
    ['429 with the time to come back', (r) => sendJson(r, {}, 429, { 'retry-after': '0' })],
    ['nothing', () => undefined],
  ])('are asked for again after %s', async (_what, reply) => {
    let failures = 2;
    server.instead = (response, asked) =>
      asked.url.startsWith(forge.list) && failures-- > 0 && (reply(response, asked), true);
    expect(await comments.put(comment, { signal })).toBe('created');
  });

  it('are no comments where it answers with something else than a list', async () => {
    server.instead = (response, { url }) =>
      url.startsWith(forge.list) && (sendJson(response, { id: 1 }), true);
    await expect(comments.put(comment, { signal })).rejects.toMatchObject({ code: 'forge-rejected' });
  });

  it('of a token that may not ask who it is are those of a machine, or none', async () => {
    server.instead = (response, { url }) =>
      url === forge.user && (sendJson(response, { message: 'no' }, 403), true);
    server.write(comment.body, { id: 2 });
    server.write(`${marker}\nold`, forge.machine ?? ME);
    expect(await comments.put(comment, { signal })).toBe(forge.machine ? 'updated' : 'created');
  });
});
