import { readFile } from 'node:fs/promises';
import type { ReviewAccess } from '../forges/comments/index.js';
import { isObject, type Json } from '../domain/source/json.js';
import type { ReviewComments } from '../ports/review-comments.js';
import { messageOf, TowlineError } from '../runtime/errors.js';
import { registerSecret } from '../runtime/redact.js';
import type { Io } from './io.js';

export type ForgeName = 'github' | 'gitlab' | 'gitea';

/** Flags that say where a comment goes; what they leave out, the CI's own variables say. */
export interface ReviewFlags {
  forge?: ForgeName;
  forgeUrl?: string;
  project?: string;
  request?: number;
}

/** The comments of the merge request that this build is about. Throws `comment-where` for what nothing tells. */
export async function reviewTarget(flags: ReviewFlags, env: Io['env']): Promise<ReviewComments> {
  const forge = flags.forge ?? forgeIn(env);
  if (forge === undefined) throw unknown('the forge', '--forge github, gitlab or gitea');
  const access = await accessOf(forge, flags, env);
  registerSecret(access.token);
  const made = await import('../forges/comments/index.js');
  return { github: made.githubComments, gitlab: made.gitlabComments, gitea: made.giteaComments }[forge](
    access,
  );
}

/** Exported for tests: where a comment goes, and by which token. */
export async function accessOf(forge: ForgeName, flags: ReviewFlags, env: Io['env']): Promise<ReviewAccess> {
  const project = flags.project ?? projectIn(forge, env);
  if (project === undefined || project === '') throw unknown('the project', '--project OWNER/NAME');
  const request = flags.request ?? (await requestIn(forge, env));
  if (request === undefined)
    throw unknown('the merge request', '--request NUMBER, on builds of merge requests only');
  const token =
    set(env, 'TOWLINE_COMMENT_TOKEN') ?? set(env, forge === 'gitlab' ? 'GITLAB_TOKEN' : 'GITHUB_TOKEN');
  if (token === undefined)
    throw unknown(
      'a token',
      forge === 'gitlab'
        ? 'TOWLINE_COMMENT_TOKEN with a project access token (api); that of the CI job may write no comments'
        : 'TOWLINE_COMMENT_TOKEN, or GITHUB_TOKEN, from the CI secrets',
    );
  return { url: urlOf(forge, flags, env), project, request, token };
}

function forgeIn(env: Io['env']): ForgeName | undefined {
  if (env['GITEA_ACTIONS'] === 'true' || env['FORGEJO_ACTIONS'] === 'true') return 'gitea';
  if (env['GITHUB_ACTIONS'] === 'true') return 'github';
  return env['GITLAB_CI'] === 'true' ? 'gitlab' : undefined;
}

function urlOf(forge: ForgeName, { forgeUrl }: ReviewFlags, env: Io['env']): string {
  const given = forgeUrl ?? urlIn(forge, env);
  if (given === undefined) throw unknown('the address of the forge', '--forge-url https://HOST');
  const url = URL.canParse(given) ? new URL(given) : undefined;
  const local = url !== undefined && /^(127\.\d+\.\d+\.\d+|localhost|\[::1\])$/.test(url.hostname);
  const plain =
    url === undefined || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '';
  if (plain || !(url.protocol === 'https:' || (url.protocol === 'http:' && local)))
    throw new TowlineError(
      'comment-where',
      'invalid',
      'the address of the forge is none that a token may be sent to',
      {
        help: 'Write it as https://HOST, without user, password, query and fragment.',
      },
    );
  const text = `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
  // CI_API_V4_URL names the version; the paths that are called do as well.
  return forge === 'gitlab' ? text.replace(/\/api\/v4$/, '') : text;
}

function urlIn(forge: ForgeName, env: Io['env']): string | undefined {
  if (forge === 'github') return set(env, 'GITHUB_API_URL') ?? 'https://api.github.com';
  return forge === 'gitlab' ? set(env, 'CI_API_V4_URL') : set(env, 'GITHUB_SERVER_URL');
}

/** Of a merge request from a fork, the project that it goes to. */
function projectIn(forge: ForgeName, env: Io['env']): string | undefined {
  if (forge !== 'gitlab') return set(env, 'GITHUB_REPOSITORY');
  return set(env, 'CI_MERGE_REQUEST_PROJECT_ID') ?? set(env, 'CI_PROJECT_ID');
}

async function requestIn(forge: ForgeName, env: Io['env']): Promise<number | undefined> {
  if (forge === 'gitlab') return numberOf(set(env, 'CI_MERGE_REQUEST_IID') ?? set(env, 'CHANGE_ID'));
  const named = /^refs\/pull\/(\d+)\//.exec(env['GITHUB_REF'] ?? '')?.[1];
  return (
    numberOf(named) ??
    (await requestOfEvent(set(env, 'GITHUB_EVENT_PATH'))) ??
    numberOf(set(env, 'CHANGE_ID'))
  );
}

/** `pull_request_target` runs on the base branch: only its event tells which request it is about. */
async function requestOfEvent(file: string | undefined): Promise<number | undefined> {
  if (file === undefined) return undefined;
  let event: Json;
  try {
    event = JSON.parse(await readFile(file, 'utf8')) as Json;
  } catch (cause) {
    throw new TowlineError(
      'comment-where',
      'invalid',
      `the event of this build can't be read: ${messageOf(cause)}`,
      {
        help: 'Say it by flags: --request NUMBER.',
        cause,
      },
    );
  }
  const request = isObject(event) ? event['pull_request'] : undefined;
  const number = request !== undefined && isObject(request) ? request['number'] : undefined;
  return typeof number === 'number' ? number : undefined;
}

function numberOf(text: string | undefined): number | undefined {
  return text !== undefined && /^[1-9]\d{0,9}$/.test(text) ? Number(text) : undefined;
}

function set(env: Io['env'], name: string): string | undefined {
  const value = env[name];
  return value === '' ? undefined : value;
}

function unknown(what: string, how: string): TowlineError {
  return new TowlineError('comment-where', 'invalid', `nothing says ${what} for the comment`, {
    help: `Give ${how}.`,
  });
}
