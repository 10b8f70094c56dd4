import { userInfo } from 'node:os';

type Env = Readonly<Record<string, string | undefined>>;

/** What a CI system tells of a build by its environment variables; each fact from the first variable that is set. */
export interface BuildFacts {
  sourceCommit?: string;
  sourceRepository?: string;
  /** `main`; absent for builds of tags. */
  sourceBranch?: string;
  buildUrl?: string;
  by: string;
}

/** Reads the facts of GitLab CI, Jenkins and GitHub Actions builds. */
export function buildFacts(env: Env): BuildFacts {
  const sourceCommit = first(env, 'CI_COMMIT_SHA', 'GIT_COMMIT', 'GITHUB_SHA');
  const repository = first(env, 'CI_PROJECT_URL', 'GIT_URL') ?? githubRepository(env);
  const sourceRepository = repository === undefined ? undefined : withoutLogin(repository);
  const buildUrl = first(env, 'CI_JOB_URL', 'CI_PIPELINE_URL', 'BUILD_URL') ?? githubRun(env);
  const branch = sourceBranch(env);
  return {
    ...(sourceCommit === undefined ? {} : { sourceCommit }),
    ...(sourceRepository === undefined ? {} : { sourceRepository }),
    ...(branch === undefined ? {} : { sourceBranch: branch }),
    ...(buildUrl === undefined ? {} : { buildUrl }),
    by: whoAmI(env),
  };
}

/** The branch that a build is of; of a merge request, the one that is to be merged. */
export function sourceBranch(env: Env): string | undefined {
  const named = first(
    env,
    ...['CI_MERGE_REQUEST_SOURCE_BRANCH_NAME', 'CI_COMMIT_BRANCH', 'CHANGE_BRANCH', 'GITHUB_HEAD_REF'],
  );
  if (named !== undefined) return named;
  const github = first(env, 'GITHUB_REF_NAME');
  if (github !== undefined) return env['GITHUB_REF_TYPE'] === 'tag' ? undefined : github;
  // Jenkins: a job of one branch, and any other job, where the remote stands before it.
  return first(env, 'TAG_NAME') === undefined
    ? (first(env, 'BRANCH_NAME') ?? first(env, 'GIT_BRANCH')?.replace(/^origin\//, ''))
    : undefined;
}

/** The git tag that a build is of. */
export function sourceTag(env: Env): string | undefined {
  return (
    first(env, 'CI_COMMIT_TAG', 'TAG_NAME') ??
    (env['GITHUB_REF_TYPE'] === 'tag' ? first(env, 'GITHUB_REF_NAME') : undefined)
  );
}

/** An address as others may read it: clones of a CI system have a token in theirs. */
export function withoutLogin(address: string): string {
  return address.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, (all, scheme: string) =>
    // The user of an ssh address is part of it, and no secret.
    /^(git\+)?ssh:/i.test(scheme) && !all.includes(':', scheme.length) ? all : scheme,
  );
}

/** Who runs this, as well as the environment can tell. */
export function whoAmI(env: Env): string {
  return (
    first(env, 'GITLAB_USER_LOGIN', 'BUILD_USER_ID', 'GITHUB_ACTOR', 'GIT_AUTHOR_NAME', 'USER', 'LOGNAME') ??
    account()
  );
}

/** The account of this process; one that the system can't name has none. */
function account(): string {
  try {
    return userInfo().username;
  } catch {
    return 'unknown';
  }
}

function githubRepository(env: Env): string | undefined {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: name } = env;
  return server === undefined || name === undefined ? undefined : `${server}/${name}`;
}

function githubRun(env: Env): string | undefined {
  const repository = githubRepository(env);
  const { GITHUB_RUN_ID: id } = env;
  return repository === undefined || id === undefined ? undefined : `${repository}/actions/runs/${id}`;
}

function first(env: Env, ...names: string[]): string | undefined {
  return names.map((name) => env[name]).find((value) => value !== undefined && value !== '');
}
