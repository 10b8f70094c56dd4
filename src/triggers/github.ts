import type { BuildTrigger } from '../ports/build-trigger.js';
import { call, refusal, type TargetAccess } from './call.js';
import { variablesOf } from './variables.js';

export interface GithubOptions extends TargetAccess {
  /** `OWNER/NAME`. */
  project: string;
  token: string;
  /** Name of the event in the workflow: `on: repository_dispatch: types: [...]`. */
  eventType: string;
  parameters?: Readonly<Record<string, string>>;
}

/** Workflows of GitHub, by `repository_dispatch`; it runs those of the default branch. */
export function githubTrigger(options: GithubOptions): BuildTrigger {
  const { name, url, project, token, eventType, parameters = {} } = options;
  const path = project.split('/').map(encodeURIComponent).join('/');
  return {
    name,
    async start(event, { signal }) {
      const { TOWLINE_REF: ref = '', TOWLINE_REVISION: revision = '', ...more } = variablesOf(event);
      const answer = await call(options, {
        method: 'POST',
        url: `${url}/repos/${path}/dispatches`,
        headers: {
          authorization: `Bearer ${token}`,
          accept: 'application/vnd.github+json',
          'content-type': 'application/json',
          'x-towline-delivery': event.id,
        },
        // It takes ten members at the top: the rest stands one below.
        body: JSON.stringify({
          event_type: eventType,
          client_payload: { id: event.id, ref, revision, push: more, parameters },
        }),
        signal,
      });
      if (answer.status !== 204)
        throw refusal(
          name,
          answer,
          'Check project and token of this trigger: the token needs write access to the contents of that repository.',
        );
      return `${eventType} at ${project}`;
    },
  };
}
