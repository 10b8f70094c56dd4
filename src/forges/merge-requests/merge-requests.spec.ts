import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { REQUEST_FORGES, RequestServer } from '../../../test/fakes/forge-merge-requests.js';
import { sendJson } from '../../../test/fakes/local-server.js';
import type { MergeRequests } from '../../ports/merge-requests.js';

const signal = new AbortController().signal;
const BRANCHES = { branch: 'towline/promote/production/shop-web-1', target: 'main' };
const TEXT = { title: 'Promote shop/web 1.1.0 to production', body: 'Towline-Release: x:1' };

// What every forge has in common stands in src/ports/merge-requests.contract.ts.
describe.each(REQUEST_FORGES)('merge requests of $forge', (forge) => {
  let server: RequestServer;
  let requests: MergeRequests;

  beforeEach(async () => {
    server = new RequestServer(forge);
    await server.start();
    requests = forge.make(server.access({ timeoutMs: 300 }));
  });
  afterEach(() => server.close());

  it('are made, found and updated where it has them, as it wants to be spoken to', async () => {
    const { id } = await requests.create(BRANCHES, TEXT, { signal });
    await requests.update(id, TEXT, { signal });
    await requests.find(BRANCHES, { signal });
    const { list, update, authorization: headers } = forge;
    expect(server.asked).toMatchObject([
      { method: 'POST', url: list, headers },
      { method: update, url: `${list}/${id}`, headers },
      { method: 'GET', url: expect.stringContaining(`${list}?`), headers },
    ]);
  });

  it('of forks with a branch of the same name are not ours, also where the fork is gone', async () => {
    server.add(BRANCHES, { from: 'fork' });
    server.add(BRANCHES, { from: 'gone' });
    expect(await requests.find(BRANCHES, { signal })).toEqual([]);
    expect(await requests.create(BRANCHES, TEXT, { signal })).toMatchObject({ id: 3 });
  });

  it('are looked for by us where the server does not know the filter', async () => {
    server.add({ ...BRANCHES, branch: 'other' });
    const mine = server.add(BRANCHES);
    server.instead = (response) => (sendJson(response, [...server.all].reverse().map(forge.entry)), true);
    expect(await requests.find(BRANCHES, { signal })).toMatchObject([{ id: mine.id }]);
  });

  it('are made once where the answer got lost', async () => {
    server.loseAnswer(({ method }) => method === 'POST', server.answer);
    expect(await requests.create(BRANCHES, TEXT, { signal })).toMatchObject({ id: 1, ...TEXT });
    expect(server.all).toHaveLength(1);
  });

  it('may have no text', async () => {
    server.add(BRANCHES, { body: null });
    expect(await requests.find(BRANCHES, { signal })).toMatchObject([{ id: 1, body: '' }]);
  });

  it('are no requests where it answers with a list of something else', async () => {
    server.instead = (response) => (sendJson(response, [{ number: 'x' }]), true);
    await expect(requests.find(BRANCHES, { signal })).rejects.toMatchObject({ code: 'forge-rejected' });
  });

  it('wait as long as the forge asks for, and go on', async () => {
    server.instead = (response) =>
      server.asked.length === 1 && (sendJson(response, {}, 429, { 'retry-after': '1' }), true);
    const before = Date.now();
    expect(await requests.find(BRANCHES, { signal })).toEqual([]);
    expect(Date.now() - before).toBeGreaterThan(900);
  });
});
