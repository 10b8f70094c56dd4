import type { MergeRequests } from '../../ports/merge-requests.js';
import type { ProjectAccess } from './call.js';
import { mergeRequestsOf, pathOf, requestOf, textIn } from './requests.js';

/** Pages of the list that are looked at: it can't be asked for a branch, and holds all requests of the project. */
const PAGES = 20;
const PER_PAGE = 50;

/** Pull requests of Gitea and Forgejo. */
export function giteaMergeRequests(access: ProjectAccess): MergeRequests {
  const { project, token } = access;
  const pulls = `/api/v1/repos/${pathOf(project)}/pulls`;
  return mergeRequestsOf(access, {
    forge: 'Gitea',
    headers: { authorization: `token ${token}` },
    perPage: PER_PAGE,
    pages: PAGES,
    list: (_branches, page) =>
      `${pulls}?${new URLSearchParams({ state: 'all', limit: String(PER_PAGE), page: String(page) }).toString()}`,
    create: pulls,
    newOne: ({ branch, target }, { title, body }) => ({ title, body, head: branch, base: target }),
    one: (id) => `${pulls}/${id}`,
    update: 'PATCH',
    newText: ({ title, body }) => ({ title, body }),
    read: (value) => {
      const state = value['state'] === 'open' ? 'open' : value['merged'] === true ? 'merged' : 'closed';
      return requestOf(value, { id: 'number', url: 'html_url', body: 'body' }, state);
    },
    isMine: (value, { branch, target }) =>
      // Where the branch is deleted, as it mostly is of one that has ended, ref names the request itself.
      (textIn(value, 'head', 'label') ?? textIn(value, 'head', 'ref')) === branch &&
      textIn(value, 'base', 'ref') === target &&
      // A fork may have a branch of the same name. Of one that is gone nothing is said.
      textIn(value, 'head', 'repo', 'full_name') === textIn(value, 'base', 'repo', 'full_name'),
    exists: ({ status, said }) => status === 409 || (status === 422 && /already exists/i.test(said)),
  });
}
