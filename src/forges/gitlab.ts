import type { RevisionState, RevisionStatus } from '../domain/record/revision-verdict.js';
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
  const post = async (
    state: string,
    { environment, revision, description }: RevisionStatus,
    signal: AbortSignal,
  ): Promise<'done' | 'from running'> => {
    let fromRunning = false;
    await postToForge(access, {
      forge: 'GitLab',
      path: `/api/v4/projects/${encodeURIComponent(project)}/statuses/${revision}`,
      headers: { 'private-token': token },
      body: {
        state,
        name: statusContext(environment),
        description,
        ...(targetUrl === undefined ? {} : { target_url: targetUrl }),
      },
      // It takes no status twice: the state that it is in already is no way for it to go.
      isDone: (status, said) => {
        fromRunning = status === 400 && state === 'pending' && isFrom(said, 'running');
        return fromRunning || (status === 400 && isFrom(said, state));
      },
      signal,
    });
    return fromRunning ? 'from running' : 'done';
  };
  return {
    name: 'gitlab',
    report: async (status, { signal }) => {
      const state = STATES[status.state];
      if ((await post(state, status, signal)) === 'done') return;
      // What runs can't go back to pending. It is ended, and another one takes its place, as with a job that is run again.
      await post('canceled', status, signal);
      await post(state, status, signal);
    },
  };
}

/** `Cannot transition status via :run from :running`. */
function isFrom(said: string, state: string): boolean {
  return said.includes('Cannot transition status') && said.includes(`from :${state}`);
}
