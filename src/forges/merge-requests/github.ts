import type { MergeRequests } from '../../ports/merge-requests.js';
import type { ProjectAccess } from './call.js';
import { mergeRequestsOf, pathOf, requestOf, textIn } from './requests.js';

/** Pull requests of GitHub, or of a GitHub Enterprise Server (`https://HOST/api/v3`). */
export function githubMergeRequests(access: ProjectAccess): MergeRequests {
  const { project, token } = access;
  const pulls = `/repos/${pathOf(project)}/pulls`;
  const [owner = ''] = project.split('/');
  return mergeRequestsOf(access, {
    forge: 'GitHub',
    headers: { authorization: `Bearer ${token}`, accept: 'application/vnd.github+json' },
    perPage: 100,
    pages: 1,
    list: ({ branch, target }, page) =>
      `${pulls}?${new URLSearchParams({ state: 'all', head: `${owner}:${branch}`, base: target, sort: 'created', direction: 'desc', per_page: '100', page: String(page) }).toString()}`,
    create: pulls,
    newOne: ({ branch, target }, { title, body }) => ({ title, body, head: branch, base: target }),
    one: (id) => `${pulls}/${id}`,
    update: 'PATCH',
    newText: ({ title, body }) => ({ title, body }),
    read: (value) => {
      const state =
        value['state'] === 'open' ? 'open' : typeof value['merged_at'] === 'string' ? 'merged' : 'closed';
      return requestOf(value, { id: 'number', url: 'html_url', body: 'body' }, state);
    },
    // A server that does not know the filter would answer with all of them.
    isMine: (value, { branch, target }) =>
      textIn(value, 'head', 'ref') === branch && textIn(value, 'base', 'ref') === target,
    exists: ({ status, said }) => status === 422 && /already exists/i.test(said),
  });
}
