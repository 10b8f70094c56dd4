import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { accessOf, reviewTarget } from './review-target.js';

describe('where the comment with a plan goes', () => {
  let folder: string;
  let event: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'towline-event-'));
    event = path.join(folder, 'event.json');
    await writeFile(event, '{"number": 7, "pull_request": {"number": 7}}');
  });
  afterAll(async () => rm(folder, { recursive: true, force: true }));

  it('is what GitHub says of a pull request', async () => {
    const env = {
      GITHUB_REPOSITORY: 'shop/jobs',
      GITHUB_REF: 'refs/pull/12/merge',
      GITHUB_TOKEN: 'secret-token',
    };
    expect(await accessOf('github', {}, env)).toEqual({
      url: 'https://api.github.com',
      project: 'shop/jobs',
      request: 12,
      token: 'secret-token',
    });
    const enterprise = {
      ...env,
      GITHUB_REF: 'refs/heads/main',
      GITHUB_API_URL: 'https://ghe.example/api/v3/',
    };
    expect(await accessOf('github', {}, { ...enterprise, GITHUB_EVENT_PATH: event })).toMatchObject({
      url: 'https://ghe.example/api/v3',
      request: 7,
    });
  });

  it('is what GitLab says of a merge request, in the project that it goes to', async () => {
    const env = {
      CI_API_V4_URL: 'https://git.example/api/v4',
      CI_PROJECT_ID: '3',
      CI_MERGE_REQUEST_PROJECT_ID: '2',
      CI_MERGE_REQUEST_IID: '5',
      CI_JOB_TOKEN: 'of-the-job',
      GITLAB_TOKEN: 'of-the-project',
    };
    expect(await accessOf('gitlab', {}, env)).toEqual({
      url: 'https://git.example',
      project: '2',
      request: 5,
      token: 'of-the-project',
    });
    await expect(accessOf('gitlab', {}, { ...env, GITLAB_TOKEN: '' })).rejects.toMatchObject({
      code: 'comment-where',
      help: expect.stringContaining('project access token'),
    });
  });

  it('is what Gitea says in the words of GitHub', async () => {
    const env = {
      GITHUB_SERVER_URL: 'https://gitea.example',
      GITHUB_API_URL: 'https://gitea.example/api/v1',
      GITHUB_REPOSITORY: 'shop/jobs',
      GITHUB_REF: 'refs/pull/3/head',
      GITHUB_TOKEN: 'secret-token',
    };
    expect(await accessOf('gitea', {}, env)).toMatchObject({ url: 'https://gitea.example', request: 3 });
  });

  it('is what flags say, before all', async () => {
    const flags = { forgeUrl: 'http://127.0.0.1:3000', project: 'a/b', request: 9 };
    const env = { GITHUB_REPOSITORY: 'x/y', TOWLINE_COMMENT_TOKEN: 'mine', GITHUB_TOKEN: 'other' };
    expect(await accessOf('github', flags, env)).toEqual({
      url: 'http://127.0.0.1:3000',
      project: 'a/b',
      request: 9,
      token: 'mine',
    });
  });

  const whole = { GITHUB_REPOSITORY: 'a/b', GITHUB_REF: 'refs/pull/1/merge', GITHUB_TOKEN: 'secret-token' };
  it.each([
    ['no forge', {}, {}],
    ['no project', { forge: 'github' }, { ...whole, GITHUB_REPOSITORY: '' }],
    [
      'a branch and no request',
      { forge: 'github' },
      { ...whole, GITHUB_REF: 'refs/heads/refs/pull/1/merge' },
    ],
    ['no token', { forge: 'github' }, { ...whole, GITHUB_TOKEN: undefined }],
    [
      'an event that is not there',
      { forge: 'github' },
      { ...whole, GITHUB_REF: '', GITHUB_EVENT_PATH: '/none' },
    ],
    ['no encryption', { forge: 'github', forgeUrl: 'http://git.example' }, whole],
    ['a name that only looks local', { forge: 'github', forgeUrl: 'http://127.0.0.1.evil.example' }, whole],
    ['a password in the address', { forge: 'github', forgeUrl: 'https://u:p@git.example' }, whole],
    ['no address', { forge: 'gitea' }, whole],
  ] as const)('is not known with %s', async (_what, flags, env) => {
    await expect(reviewTarget(flags, env)).rejects.toMatchObject({ code: 'comment-where', kind: 'invalid' });
  });
});
