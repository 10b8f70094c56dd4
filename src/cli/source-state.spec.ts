import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execa } from 'execa';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { buildFacts, sourceBranch, sourceTag, withoutLogin } from './ci-environment.js';
import { sourceState } from './source-state.js';

describe('where the source of an image stands', () => {
  let folder: string;
  const signal = new AbortController().signal;
  const base = {
    PATH: process.env['PATH'],
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_COMMITTER_DATE: '1700000000 +0100',
    GIT_CEILING_DIRECTORIES: os.tmpdir(),
  };
  const who = ['-c', 'user.name=Ann', '-c', 'user.email=ann@example.org'];
  const git = async (...args: string[]): Promise<string> =>
    (await execa('git', [...who, ...args], { cwd: folder, env: base, extendEnv: false })).stdout;
  const state = (env: Record<string, string> = {}, where = folder) =>
    sourceState(where, { env: { ...base, ...env }, signal });

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'tl-source-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('is not known outside of a repository, but for what CI says', async () => {
    expect(await state()).toEqual({ gitTags: [], changed: false });
    expect(await state({ CI_COMMIT_SHA: 'abc', CI_COMMIT_BRANCH: 'x', CI_JOB_URL: 'https://ci/1' })).toEqual({
      gitTags: [],
      changed: false,
      commit: 'abc',
      branch: 'x',
      buildUrl: 'https://ci/1',
    });
  });

  it('is told by git: commit, branch, tags, time, and the remote without its login', async () => {
    await git('init', '-q', '-b', 'feature/x');
    await writeFile(path.join(folder, 'a'), '1');
    await git('add', 'a');
    await git('commit', '-q', '-m', 'x');
    await git('tag', 'v1.2.3');
    await git('tag', '-a', '-m', 'x', 'v1.3.0');
    await git('remote', 'add', 'origin', 'https://ann:canary@git.example.org/shop/web.git');
    await writeFile(path.join(folder, 'untracked'), '');
    const commit = await git('rev-parse', 'HEAD');
    expect(await state()).toEqual({
      commit,
      branch: 'feature/x',
      gitTags: ['v1.2.3', 'v1.3.0'],
      changed: false,
      repository: 'https://git.example.org/shop/web.git',
      committedAt: 1_700_000_000,
    });
    await git('checkout', '-q', '--detach');
    expect(await state({ GIT_BRANCH: 'origin/main' })).toMatchObject({ commit, branch: 'main' });
    expect(await state()).not.toHaveProperty('branch');
  });

  it('is another where files were changed', async () => {
    await writeFile(path.join(folder, 'a'), '2');
    expect(await state()).toMatchObject({ changed: true });
  });

  it('has no tags and no time where CI names another commit than that which is checked out', async () => {
    const found = await state({
      GITHUB_SHA: 'f'.repeat(40),
      GITHUB_REF_TYPE: 'tag',
      GITHUB_REF_NAME: 'v2.0.0',
    });
    expect(found).toMatchObject({ commit: 'f'.repeat(40), gitTags: ['v2.0.0'] });
    expect(found).not.toHaveProperty('committedAt');
  });
});

it.each<[env: Record<string, string>, branch: string | undefined, tag: string | undefined]>([
  [{}, undefined, undefined],
  [{ CI_COMMIT_BRANCH: 'main' }, 'main', undefined],
  [{ CI_MERGE_REQUEST_SOURCE_BRANCH_NAME: 'x', CI_COMMIT_BRANCH: 'main' }, 'x', undefined],
  [{ CI_COMMIT_TAG: 'v1' }, undefined, 'v1'],
  [{ BRANCH_NAME: 'PR-7', CHANGE_BRANCH: 'x' }, 'x', undefined],
  [{ BRANCH_NAME: 'main', GIT_BRANCH: 'origin/main' }, 'main', undefined],
  [{ TAG_NAME: 'v1', BRANCH_NAME: 'v1' }, undefined, 'v1'],
  [{ GIT_BRANCH: 'origin/feature/x' }, 'feature/x', undefined],
  [{ GITHUB_REF_TYPE: 'branch', GITHUB_REF_NAME: 'main' }, 'main', undefined],
  [{ GITHUB_REF_TYPE: 'branch', GITHUB_REF_NAME: '7/merge', GITHUB_HEAD_REF: 'x' }, 'x', undefined],
  [{ GITHUB_REF_TYPE: 'tag', GITHUB_REF_NAME: 'v1' }, undefined, 'v1'],
])('%j is the branch %s and the tag %s', (env, branch, tag) => {
  expect([sourceBranch(env), sourceTag(env)]).toEqual([branch, tag]);
});

it.each([
  ['https://gitlab-ci-token:canary@git.example.org/a.git', 'https://git.example.org/a.git'],
  ['https://canary@git.example.org/a@b.git', 'https://git.example.org/a@b.git'],
  ['https://git.example.org/a@b.git', 'https://git.example.org/a@b.git'],
  ['ssh://git@git.example.org:22/a.git', 'ssh://git@git.example.org:22/a.git'],
  ['ssh://git:canary@git.example.org/a.git', 'ssh://git.example.org/a.git'],
  ['git@git.example.org:shop/web.git', 'git@git.example.org:shop/web.git'],
])('%s is shown as %s', (address, shown) => {
  expect(withoutLogin(address)).toBe(shown);
  expect(buildFacts({ GIT_URL: address }).sourceRepository).toBe(shown);
});
