import type { RevisionState } from '../domain/record/revision-verdict.js';
import { statusContext, type StatusBoard } from '../ports/revision-status.js';
import { postToForge, type ForgeAccess } from './post.js';

const STATES: Record<RevisionState, string> = {
  pending: 'pending',
  live: 'success',
  failed: 'failure',
  held: 'warning',
};

/** Commit statuses of Gitea and Forgejo. */
export function giteaBoard(access: ForgeAccess): StatusBoard {
  const { project, token, targetUrl } = access;
  const path = project.split('/').map(encodeURIComponent).join('/');
  return {
    name: 'gitea',
    report: ({ environment, revision, state, description }, { signal }) =>
      postToForge(access, {
        forge: 'Gitea',
        path: `/api/v1/repos/${path}/statuses/${revision}`,
        headers: { authorization: `token ${token}` },
        body: {
          state: STATES[state],
          context: statusContext(environment),
          description,
          ...(targetUrl === undefined ? {} : { target_url: targetUrl }),
        },
        signal,
      }),
  };
}
