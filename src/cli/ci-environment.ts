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
  const sourceRepository = first(env, 'CI_PROJECT_URL', 'GIT_URL') ?? githubRepository(env);
  const buildUrl = first(env, 'CI_JOB_URL', 'CI_PIPELINE_URL', 'BUILD_URL') ?? githubRun(env);
  const sourceBranch = branchOf(env);
  return {
    ...(sourceCommit === undefined ? {} : { sourceCommit }),
    ...(sourceRepository === undefined ? {} : { sourceRepository }),
    ...(sourceBranch === undefined ? {} : { sourceBranch }),
    ...(buildUrl === undefined ? {} : { buildUrl }),
    by: whoAmI(env),
  };
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

/** Jenkins names the remote as well, where a job does not know its branch by itself. GitHub names tags the same way. */
function branchOf(env: Env): string | undefined {
  const github =
    env['GITHUB_REF_TYPE'] === 'tag' ? undefined : first(env, 'GITHUB_HEAD_REF', 'GITHUB_REF_NAME');
  const gitlab = first(env, 'CI_MERGE_REQUEST_SOURCE_BRANCH_NAME', 'CI_COMMIT_BRANCH');
  return gitlab ?? first(env, 'BRANCH_NAME') ?? first(env, 'GIT_BRANCH')?.replace(/^origin\//, '') ?? github;
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
