import {
  giteaMergeRequests,
  githubMergeRequests,
  gitlabMergeRequests,
  type ProjectAccess,
} from '../../src/forges/merge-requests/index.js';
import type { MergeRequestBranches, MergeRequests } from '../../src/ports/merge-requests.js';
import { LocalServer, sendJson, type Asked, type Reply } from './local-server.js';

export const REQUEST_TOKEN = 'canary-token-5678';

export interface KeptRequest extends MergeRequestBranches {
  id: number;
  state: 'open' | 'merged' | 'closed';
  title: string;
  body: string | null;
  /** Where its branch is: in the project, in a fork, or in a fork that is gone. */
  from: 'here' | 'fork' | 'gone';
}

/** How each forge words its API; the server below answers in these words. */
export interface RequestForge {
  forge: string;
  make: (access: ProjectAccess) => MergeRequests;
  /** Path of the list, and of what is made. */
  list: string;
  update: string;
  authorization: object;
  entry(kept: KeptRequest): object;
  /** What the list is asked for. */
  lists(kept: KeptRequest, query: URLSearchParams): boolean;
  pageOf(query: URLSearchParams): number;
  branchesOf(body: Record<string, string>): MergeRequestBranches;
  exists: [status: number, body: object];
}

/** The forge has its own spelling of a project, whatever it was asked for. */
const REPOSITORY = { full_name: 'Shop/jobs' };
const HEADS = { here: REPOSITORY, fork: { full_name: 'eve/jobs' }, gone: null };

const pull = ({ id, title, body, state, branch, target, from }: KeptRequest): object => ({
  number: id,
  html_url: `https://forge.example/requests/${id}`,
  title,
  body,
  state: state === 'open' ? 'open' : 'closed',
  head: { ref: branch, repo: HEADS[from] },
  base: { ref: target, repo: REPOSITORY },
});
/** Of a branch that is deleted, as with the button below one that has ended, only the label keeps the name. */
const giteaHead = ({ id, branch, state, from }: KeptRequest): object => ({
  label: branch,
  ref: state === 'open' && from !== 'gone' ? branch : `refs/pull/${id}/head`,
  repo: HEADS[from],
});
const pullBranches: RequestForge['branchesOf'] = ({ head = '', base = '' }) => ({
  branch: head,
  target: base,
});

export const REQUEST_FORGES: RequestForge[] = [
  {
    forge: 'GitHub',
    make: githubMergeRequests,
    list: '/repos/shop/jobs/pulls',
    update: 'PATCH',
    authorization: { authorization: `Bearer ${REQUEST_TOKEN}` },
    entry: (kept) => ({ ...pull(kept), merged_at: kept.state === 'merged' ? '2026-01-01T00:00:00Z' : null }),
    lists: ({ state, branch, target, from }, query) =>
      (query.get('state') === 'all' || state === 'open') &&
      query.get('head') === `${from === 'here' ? 'shop' : 'eve'}:${branch}` &&
      query.get('base') === target,
    pageOf: (query) => Number(query.get('per_page') ?? 30),
    branchesOf: pullBranches,
    exists: [
      422,
      { message: 'Validation Failed', errors: [{ message: 'A pull request already exists for shop:x.' }] },
    ],
  },
  {
    forge: 'GitLab',
    make: gitlabMergeRequests,
    list: '/api/v4/projects/shop%2Fjobs/merge_requests',
    update: 'PUT',
    authorization: { 'private-token': REQUEST_TOKEN },
    entry: ({ id, title, body, state, branch, target, from }) => ({
      iid: id,
      web_url: `https://forge.example/requests/${id}`,
      title,
      description: body,
      state: state === 'open' ? 'opened' : state,
      source_branch: branch,
      target_branch: target,
      source_project_id: { here: 3, fork: 4, gone: null }[from],
      target_project_id: 3,
    }),
    lists: ({ state, branch, target }, query) =>
      (query.get('state') === 'all' || state === 'open') &&
      query.get('source_branch') === branch &&
      query.get('target_branch') === target,
    pageOf: (query) => Number(query.get('per_page') ?? 20),
    branchesOf: ({ source_branch: branch = '', target_branch: target = '' }) => ({ branch, target }),
    exists: [409, { message: ['Another open merge request already exists for this source branch: !7'] }],
  },
  {
    forge: 'Gitea',
    make: giteaMergeRequests,
    list: '/api/v1/repos/shop/jobs/pulls',
    update: 'PATCH',
    authorization: { authorization: `token ${REQUEST_TOKEN}` },
    entry: (kept) => ({ ...pull(kept), head: giteaHead(kept), merged: kept.state === 'merged' }),
    // It can't be asked for a branch.
    lists: ({ state }, query) => query.get('state') === 'all' || state === 'open',
    pageOf: (query) => Math.min(50, Number(query.get('limit') ?? 30)),
    branchesOf: pullBranches,
    exists: [409, { message: 'pull request already exists for these targets' }],
  },
];

/** Keeps the requests of a project. */
export class RequestServer extends LocalServer {
  readonly all: KeptRequest[] = [];
  readonly answer: Reply;

  constructor(readonly forge: RequestForge) {
    const answer: Reply = (response, asked) => this.#answer(response, asked);
    super(answer);
    this.answer = answer;
  }

  access(more: Partial<ProjectAccess> = {}): ProjectAccess {
    return {
      url: this.url,
      project: 'shop/jobs',
      token: REQUEST_TOKEN,
      pauseMs: 1,
      longestPauseMs: 2000,
      ...more,
    };
  }

  add(branches: MergeRequestBranches, more: Partial<KeptRequest> = {}): KeptRequest {
    const made: KeptRequest = {
      id: this.all.length + 1,
      state: 'open',
      title: 'x',
      body: '',
      from: 'here',
      ...branches,
      ...more,
    };
    this.all.push(made);
    return made;
  }

  #answer(response: Parameters<Reply>[0], { method, url, body }: Asked): void {
    const { list, lists, pageOf, entry, update, branchesOf, exists } = this.forge;
    const { pathname, searchParams: query } = new URL(url, 'http://x');
    if (method === 'GET' && pathname === list) {
      const size = pageOf(query);
      const from = (Number(query.get('page') ?? 1) - 1) * size;
      const found = this.all.filter((kept) => lists(kept, query)).reverse();
      return sendJson(response, found.slice(from, from + size).map(entry));
    }
    const said = (body ?? {}) as Record<string, string>;
    const text = { title: said['title'] ?? '', body: said['body'] ?? said['description'] ?? '' };
    if (method === 'POST' && pathname === list) {
      const { branch, target } = branchesOf(said);
      const is = (each: KeptRequest): boolean =>
        each.state === 'open' && each.from === 'here' && each.branch === branch && each.target === target;
      if (this.all.some(is)) return sendJson(response, exists[1], exists[0]);
      return sendJson(response, entry(this.add({ branch, target }, text)), 201);
    }
    const one = this.all.find(({ id }) => pathname === `${list}/${id}`);
    if (one === undefined || method !== update) return sendJson(response, { message: 'Not Found' }, 404);
    Object.assign(one, text);
    return sendJson(response, entry(one));
  }
}
