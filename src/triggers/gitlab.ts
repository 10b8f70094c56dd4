import { isObject } from '../domain/source/json.js';
import type { BuildTrigger } from '../ports/build-trigger.js';
import { TowlineError } from '../runtime/errors.js';
import { call, refusal, type TargetAccess } from './call.js';
import { shortName, variablesOf } from './variables.js';

export interface GitlabOptions extends TargetAccess {
  /** Path with all groups, or the number. */
  project: string;
  /** A pipeline trigger token of the project. */
  token: string;
  /** Branch or tag of that project. Default: as the one that was pushed. */
  ref?: string;
  parameters?: Readonly<Record<string, string>>;
}

/** Pipelines of GitLab, by its trigger tokens. */
export function gitlabTrigger(options: GitlabOptions): BuildTrigger {
  const { name, url, project, token, ref, parameters = {} } = options;
  return {
    name,
    async start(event, { signal }) {
      const form = new URLSearchParams({ token, ref: ref ?? shortName(event) });
      for (const [key, value] of Object.entries({ ...parameters, ...variablesOf(event) }))
        form.set(`variables[${key}]`, value);
      const answer = await call(options, {
        method: 'POST',
        url: `${url}/api/v4/projects/${encodeURIComponent(project)}/trigger/pipeline`,
        headers: {
          'content-type': 'application/x-www-form-urlencoded',
          'x-towline-delivery': event.id,
          'idempotency-key': event.id,
        },
        body: form.toString(),
        signal,
      });
      if (answer.status !== 201)
        throw answer.status >= 200 && answer.status < 300
          ? notGitlab(name, answer.status)
          : refusal(
              name,
              answer,
              'Check project, ref and token of this trigger: a trigger token of that project, which has the branch and a .gitlab-ci.yml.',
            );
      const { id } = isObject(answer.json) ? answer.json : {};
      if (typeof id !== 'number') throw notGitlab(name, answer.status);
      return `pipeline ${id} of ${project}`;
    },
  };
}

function notGitlab(name: string, status: number): TowlineError {
  return new TowlineError('trigger-rejected', 'invalid', `${name} answered ${status} and no pipeline`, {
    help: 'Is url the address of GitLab itself, and not of a page before it?',
  });
}
