import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { LocalServer, sendJson } from '../../test/fakes/local-server.js';
import type { RevisionState, RevisionStatus } from '../domain/record/revision-verdict.js';
import type { Revision } from '../domain/source/revision.js';
import { giteaBoard, githubBoard, gitlabBoard, type ForgeAccess } from './index.js';

const signal = new AbortController().signal;
const SHA = 'c'.repeat(40) as Revision;
const TOKEN = 'canary-token-1234';

const status = (state: RevisionState): RevisionStatus => ({
  environment: 'production',
  revision: SHA,
  state,
  description: 'update marathon:/shop/web',
});

describe('a forge', () => {
  const server = new LocalServer((response) => sendJson(response, {}, 201));
  let access: ForgeAccess;

  beforeAll(async () => {
    const { url } = await server.start();
    access = { url, project: 'shop/jobs', token: TOKEN };
  });
  afterAll(() => server.close());
  beforeEach(() => {
    server.asked = [];
    server.instead = undefined;
  });

  it('that is GitHub gets a commit status', async () => {
    const board = githubBoard({ ...access, targetUrl: 'https://ci.example.org' });
    await board.report(status('failed'), { signal });
    expect(server.asked).toMatchObject([
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
    await board.report(status('held'), { signal });
    expect(server.asked[1]?.body).toMatchObject({ description: 'held: update marathon:/shop/web' });
  });

  it('that is GitLab gets a status of its own words, by the path of the project', async () => {
    await gitlabBoard({ ...access, project: 'group/sub/jobs' }).report(status('live'), { signal });
    expect(server.asked).toMatchObject([
      {
        url: `/api/v4/projects/group%2Fsub%2Fjobs/statuses/${SHA}`,
        headers: { 'private-token': TOKEN },
        body: { state: 'success', name: 'towline/production', description: 'update marathon:/shop/web' },
      },
    ]);
  });

  it('that is Gitea gets a commit status', async () => {
    await giteaBoard(access).report(status('held'), { signal });
    expect(server.asked).toMatchObject([
      {
        url: `/api/v1/repos/shop/jobs/statuses/${SHA}`,
        headers: { authorization: `token ${TOKEN}` },
        body: { state: 'warning', context: 'towline/production' },
      },
    ]);
  });

  it('that is GitLab and has another state is no content', async () => {
    const message = 'Cannot transition status via :run from :created';
    server.instead = (response) => (sendJson(response, { message }, 400), true);
    await expect(gitlabBoard(access).report(status('pending'), { signal })).rejects.toMatchObject({
      code: 'forge-rejected',
    });
  });
});
