import type { ReviewComments } from '../../ports/review-comments.js';
import type { ReviewAccess } from './call.js';
import { reviewComments } from './put.js';

/** Comments of a pull request of Gitea and Forgejo. */
export function giteaComments(access: ReviewAccess): ReviewComments {
  const repository = `/api/v1/repos/${access.project.split('/').map(encodeURIComponent).join('/')}`;
  return reviewComments(access, {
    forge: 'Gitea',
    headers: { authorization: `token ${access.token}` },
    // It has no limit of its own; what GitHub takes can still be read.
    limit: 65_536,
    userPath: '/api/v1/user',
    // Accounts of the server itself, as that of its actions, have numbers below zero.
    isMachine: ({ id }) => typeof id === 'number' && id < 0,
    authorOf: ({ user }) => user,
    path: `${repository}/issues/${access.request}/comments`,
    pageSize: undefined,
    update: { method: 'PATCH', path: (id) => `${repository}/issues/comments/${id}` },
  });
}
