import type { ReviewComments } from '../../ports/review-comments.js';
import type { ReviewAccess } from './call.js';
import { reviewComments } from './put.js';

/** Notes of a merge request of GitLab. Needs a token of a project, a group or a person: that of a CI job writes none. */
export function gitlabComments(access: ReviewAccess): ReviewComments {
  const notes = `/api/v4/projects/${encodeURIComponent(access.project)}/merge_requests/${access.request}/notes`;
  return reviewComments(access, {
    forge: 'GitLab',
    headers: { 'private-token': access.token },
    limit: 1_000_000,
    userPath: '/api/v4/user',
    isMachine: () => false,
    authorOf: ({ author }) => author,
    path: notes,
    // Each may have a million characters.
    pageSize: 20,
    update: { method: 'PUT', path: (id) => `${notes}/${id}` },
  });
}
