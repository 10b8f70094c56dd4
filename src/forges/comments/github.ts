import type { ReviewComments } from '../../ports/review-comments.js';
import type { ReviewAccess } from './call.js';
import { reviewComments } from './put.js';

/** Comments of a pull request of GitHub, or of a GitHub Enterprise Server (`https://HOST/api/v3`). */
export function githubComments(access: ReviewAccess): ReviewComments {
  const repository = `/repos/${access.project.split('/').map(encodeURIComponent).join('/')}`;
  return reviewComments(access, {
    forge: 'GitHub',
    headers: { authorization: `Bearer ${access.token}`, accept: 'application/vnd.github+json' },
    limit: 65_536,
    userPath: '/user',
    isMachine: ({ type }) => type === 'Bot',
    authorOf: ({ user }) => user,
    path: `${repository}/issues/${access.request}/comments`,
    pageSize: 100,
    update: { method: 'PATCH', path: (id) => `${repository}/issues/comments/${id}` },
  });
}
