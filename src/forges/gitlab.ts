import type { RevisionState } from '../domain/record/revision-verdict.js';
import { statusContext, type StatusBoard } from '../ports/revision-status.js';
import { postToForge, type ForgeAccess } from './post.js';

const STATES: Record<RevisionState, string> = {
  pending: 'running',
  live: 'success',
  failed: 'failed',
  held: 'pending',
};

/** Commit statuses of GitLab, shown as an external job of the commit's pipeline. */
export function gitlabBoard(access: ForgeAccess): StatusBoard {
  const { project, token, targetUrl } = access;
  return {
    name: 'gitlab',
    report: ({ environment, revision, state, description }, { signal }) =>
      postToForge(access, {
        forge: 'GitLab',
        path: `/api/v4/projects/${encodeURIComponent(project)}/statuses/${revision}`,
        headers: { 'private-token': token },
        body: {
          state: STATES[state],
          name: statusContext(environment),
          description,
          ...(targetUrl === undefined ? {} : { target_url: targetUrl }),
        },
        // It takes no status twice: the state that it is in already is no way for it to go.
        isDone: (status, said) => status === 400 && isSameState(said, STATES[state]),
        signal,
      }),
  };
}

/** `Cannot transition status via :run from :running`. */
function isSameState(said: string, state: string): boolean {
  return said.includes('Cannot transition status') && said.includes(`from :${state}`);
}
