import { isObject } from '../domain/source/json.js';
import type { PushEvent } from '../domain/push/index.js';
import type { BuildTrigger } from '../ports/build-trigger.js';
import { TowlineError } from '../runtime/errors.js';
import { call, refusal, type Answer, type TargetAccess } from './call.js';
import { variablesOf } from './variables.js';

export interface JenkinsOptions extends TargetAccess {
  /** `folder/name`, as the page of Jenkins shows it. */
  job: string;
  user: string;
  /** An API token, which needs no crumb; or a password, which does. */
  secret: { token: string } | { password: string };
  /** Parameters beside those of the push. */
  parameters?: Readonly<Record<string, string>>;
}

const HELP =
  "Check job, user and token of this trigger: the user needs Job/Build and Job/Read; folders are part of the job's name.";

/** Builds of Jenkins. The parameters that the job does not declare are dropped by it. */
export function jenkinsTrigger(options: JenkinsOptions): BuildTrigger {
  const { name, url, job, user, secret, parameters = {} } = options;
  const path = job
    .split('/')
    .filter((part) => part !== '')
    .map((part) => `job/${encodeURIComponent(part)}`)
    .join('/');
  const login = `${user}:${'token' in secret ? secret.token : secret.password}`;
  const authorization = `Basic ${Buffer.from(login).toString('base64')}`;

  const post = (
    what: string,
    event: PushEvent,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<Answer> =>
    call(options, {
      method: 'POST',
      url: `${url}/${path}/${what}`,
      headers: {
        authorization,
        'content-type': 'application/x-www-form-urlencoded',
        'x-towline-delivery': event.id,
        ...headers,
      },
      body: what === 'build' ? '' : new URLSearchParams({ ...parameters, ...variablesOf(event) }).toString(),
      signal,
    });

  return {
    name,
    async start(event, { signal }) {
      const crumb = 'password' in secret ? await crumbOf(options, authorization, signal) : {};
      let answer = await post('buildWithParameters', event, crumb, signal);
      // A job that declares no parameters takes none at all.
      if (answer.status === 400) answer = await post('build', event, crumb, signal);
      if (answer.status !== 201) throw refused(options, answer);
      const { location } = answer.headers;
      const item = typeof location === 'string' ? /\/queue\/item\/(\d+)\/?$/.exec(location)?.[1] : undefined;
      return item === undefined ? `build of ${job} in the queue` : `build of ${job}: queue item ${item}`;
    },
  };
}

/** The crumb, and the session that it belongs to: without its cookie it counts for nothing. */
async function crumbOf(
  options: JenkinsOptions,
  authorization: string,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const answer = await call(options, {
    method: 'GET',
    url: `${options.url}/crumbIssuer/api/json`,
    headers: { authorization },
    signal,
  });
  // Jenkins without this protection has no issuer.
  if (answer.status === 404) return {};
  if (answer.status !== 200) throw refused(options, answer);
  const { crumbRequestField: field, crumb } = isObject(answer.json) ? answer.json : {};
  if (typeof field !== 'string' || typeof crumb !== 'string' || !/^[\w.-]+$/.test(field))
    throw new TowlineError('trigger-rejected', 'invalid', `${options.name} gave no crumb`, {
      help: 'Is url the address of Jenkins itself? An API token in tokenFile needs no crumb.',
    });
  const cookies = [answer.headers['set-cookie'] ?? []].flat().map((cookie) => cookie.split(';')[0] ?? '');
  return { [field.toLowerCase()]: crumb, ...(cookies.length === 0 ? {} : { cookie: cookies.join('; ') }) };
}

function refused({ name }: JenkinsOptions, answer: Answer): TowlineError {
  if (answer.status >= 200 && answer.status < 300)
    return new TowlineError('trigger-rejected', 'invalid', `${name} answered ${answer.status} and no build`, {
      help: 'Is url the address of Jenkins itself, and not of a page before it?',
    });
  return refusal(name, answer, HELP);
}
