import type { MergeRequest } from '../../domain/release/proposal.js';
import type { MergeRequests } from '../../ports/merge-requests.js';
import type { ProjectAccess } from './call.js';
import { mergeRequestsOf, requestOf, textIn } from './requests.js';

/** `locked` is one that is being merged. */
const STATES: ReadonlyMap<unknown, MergeRequest['state']> = new Map([
  ['opened', 'open'],
  ['locked', 'open'],
  ['merged', 'merged'],
  ['closed', 'closed'],
]);

/** Merge requests of GitLab. */
export function gitlabMergeRequests(access: ProjectAccess): MergeRequests {
  const { project, token } = access;
  const all = `/api/v4/projects/${encodeURIComponent(project)}/merge_requests`;
  return mergeRequestsOf(access, {
    forge: 'GitLab',
    headers: { 'private-token': token },
    perPage: 100,
    pages: 1,
    list: ({ branch, target }, page) =>
      `${all}?${new URLSearchParams({ state: 'all', source_branch: branch, target_branch: target, order_by: 'created_at', sort: 'desc', per_page: '100', page: String(page) }).toString()}`,
    create: all,
    newOne: ({ branch, target }, { title, body }) => ({
      title,
      description: body,
      source_branch: branch,
      target_branch: target,
      remove_source_branch: true,
    }),
    one: (id) => `${all}/${id}`,
    update: 'PUT',
    newText: ({ title, body }) => ({ title, description: body }),
    read: (value) =>
      requestOf(value, { id: 'iid', url: 'web_url', body: 'description' }, STATES.get(value['state'])),
    // A fork may have a branch of the same name.
    isMine: (value, { branch, target }) =>
      textIn(value, 'source_branch') === branch &&
      textIn(value, 'target_branch') === target &&
      value['source_project_id'] === value['target_project_id'],
    exists: ({ status }) => status === 409,
  });
}
