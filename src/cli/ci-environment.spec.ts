import { describe, expect, it } from '@jest/globals';
import { buildFacts } from './ci-environment.js';

describe('the branch that a build is of', () => {
  it.each<[what: string, env: Record<string, string>, branch: string | undefined]>([
    ['GitLab', { CI_COMMIT_BRANCH: 'main' }, 'main'],
    ['GitLab, of a merge request', { CI_MERGE_REQUEST_SOURCE_BRANCH_NAME: 'feature/x' }, 'feature/x'],
    ['GitLab, of a tag', { CI_COMMIT_TAG: 'v1', CI_COMMIT_REF_NAME: 'v1' }, undefined],
    [
      'Jenkins with branches',
      { BRANCH_NAME: 'release/1.x', GIT_BRANCH: 'origin/release/1.x' },
      'release/1.x',
    ],
    ['Jenkins without', { GIT_BRANCH: 'origin/main' }, 'main'],
    ['GitHub', { GITHUB_REF_TYPE: 'branch', GITHUB_REF_NAME: 'main' }, 'main'],
    ['GitHub, of a pull request', { GITHUB_HEAD_REF: 'fix', GITHUB_REF_NAME: '7/merge' }, 'fix'],
    ['GitHub, of a tag', { GITHUB_REF_TYPE: 'tag', GITHUB_REF_NAME: 'v1' }, undefined],
    ['nothing', {}, undefined],
  ])('is told by %s', (_what, env, branch) => {
    expect(buildFacts(env).sourceBranch).toBe(branch);
  });
});
