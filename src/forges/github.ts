import type { RevisionState } from '../domain/record/revision-verdict.js';
import { statusContext, type StatusBoard } from '../ports/revision-status.js';
import { postToForge, type ForgeAccess } from './post.js';

const STATES: Record<RevisionState, string> = {
  pending: 'pending',
  live: 'success',
  failed: 'failure',
  held: 'pending',
};

/** Commit statuses of GitHub, or of a GitHub Enterprise Server (`https://HOST/api/v3`). */
export function githubBoard(access: ForgeAccess): StatusBoard {
  const { project, token, targetUrl } = access;
  return {
    name: 'github',
    report: ({ environment, revision, state, description }, { signal }) =>
      postToForge(access, {
        forge: 'GitHub',
        path: `/repos/${pathOf(project)}/statuses/${revision}`,
        headers: { authorization: `Bearer ${token}`, accept: 'application/vnd.github+json' },
        body: {
          state: STATES[state],
          context: statusContext(environment),
          description: state === 'held' ? cut(`held: ${description}`) : description,
          ...(targetUrl === undefined ? {} : { target_url: targetUrl }),
        },
        signal,
      }),
  };
}

/** It takes 140 characters, and no half of one. */
function cut(text: string): string {
  return [...text].slice(0, 140).join('');
}

function pathOf(project: string): string {
  return project.split('/').map(encodeURIComponent).join('/');
}
