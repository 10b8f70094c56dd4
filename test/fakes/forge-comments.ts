import {
  giteaComments,
  githubComments,
  gitlabComments,
  type ReviewAccess,
} from '../../src/forges/comments/index.js';
import type { ReviewComments } from '../../src/ports/review-comments.js';
import { LocalServer, sendJson, type Asked, type Reply } from './local-server.js';

export const COMMENT_TOKEN = 'canary-token-5678';

export interface Author {
  id: number;
  type?: string;
}
export interface KeptComment {
  id: number;
  body: string;
  author: Author;
}

/** Whose token it is. */
export const ME: Author = { id: 5 };

/** A forge as far as comments of a merge request go. */
export interface CommentForge {
  forge: string;
  make: (access: ReviewAccess) => ReviewComments;
  /** As the forge writes a comment. */
  written(kept: KeptComment): object;
  user: string;
  list: string;
  /** Comments of a page; undefined: all are on one. */
  pageSize: number | undefined;
  update: { method: string; path: (id: number) => string };
  /** How accounts are marked that are no people's; undefined: they are not. */
  machine: Author | undefined;
  authorization: object;
}

const byUser: CommentForge['written'] = ({ id, body, author }) => ({
  id,
  body,
  user: { login: `u${author.id}`, type: 'User', ...author },
});

export const COMMENT_FORGES: CommentForge[] = [
  {
    forge: 'GitHub',
    make: githubComments,
    written: byUser,
    user: '/user',
    list: '/repos/shop/jobs/issues/7/comments',
    pageSize: 100,
    update: { method: 'PATCH', path: (id) => `/repos/shop/jobs/issues/comments/${id}` },
    machine: { id: 41, type: 'Bot' },
    authorization: { authorization: `Bearer ${COMMENT_TOKEN}` },
  },
  {
    forge: 'GitLab',
    make: gitlabComments,
    written: ({ id, body, author }) => ({
      id,
      body,
      system: false,
      author: { username: `u${author.id}`, ...author },
    }),
    user: '/api/v4/user',
    list: '/api/v4/projects/shop%2Fjobs/merge_requests/7/notes',
    pageSize: 20,
    update: { method: 'PUT', path: (id) => `/api/v4/projects/shop%2Fjobs/merge_requests/7/notes/${id}` },
    machine: undefined,
    authorization: { 'private-token': COMMENT_TOKEN },
  },
  {
    forge: 'Gitea',
    make: giteaComments,
    written: byUser,
    user: '/api/v1/user',
    list: '/api/v1/repos/shop/jobs/issues/7/comments',
    pageSize: undefined,
    update: { method: 'PATCH', path: (id) => `/api/v1/repos/shop/jobs/issues/comments/${id}` },
    machine: { id: -2 },
    authorization: { authorization: `token ${COMMENT_TOKEN}` },
  },
];

/** Keeps the comments of one merge request, and gives line breaks back in the form of forms in browsers. */
export class CommentServer extends LocalServer {
  readonly all: KeptComment[] = [];
  readonly answer: Reply;

  constructor(readonly forge: CommentForge) {
    const answer: Reply = (response, asked) => this.#answer(response, asked);
    super(answer);
    this.answer = answer;
  }

  access(more: Partial<ReviewAccess> = {}): ReviewAccess {
    return { url: this.url, project: 'shop/jobs', request: 7, token: COMMENT_TOKEN, minMs: 1, ...more };
  }

  /** What somebody writes, or this account wrote earlier. */
  write(body: string, author: Author): number {
    const id = 100 + this.all.length;
    this.all.push({ id, body, author });
    return id;
  }

  /** Calls that change something. */
  writes(): Asked[] {
    return this.asked.filter(({ method }) => method !== 'GET');
  }

  #answer(response: Parameters<Reply>[0], { method, url, body }: Asked): void {
    const { user, list, update, written, pageSize } = this.forge;
    const { pathname, searchParams } = new URL(url, 'http://x');
    const text = (body as { body?: string } | undefined)?.body ?? '';
    const shown = (kept: KeptComment): object =>
      written({ ...kept, body: kept.body.replaceAll('\n', '\r\n') });
    if (method === 'GET' && pathname === user) return sendJson(response, { ...ME, login: 'ci' });
    if (method === 'GET' && pathname === list) {
      // Who asks for no size gets pages of 20 or 30; none is larger than a hundred.
      const size =
        pageSize === undefined ? Infinity : Math.min(Number(searchParams.get('per_page') ?? 20), 100);
      const from = pageSize === undefined ? 0 : (Number(searchParams.get('page') ?? 1) - 1) * size;
      return sendJson(response, this.all.slice(from, from + size).map(shown));
    }
    if (method === 'POST' && pathname === list) {
      const id = this.write(text, ME);
      return sendJson(response, shown({ id, body: text, author: ME }), 201);
    }
    const one = this.all.find(({ id }) => pathname === update.path(id));
    if (one === undefined || method !== update.method)
      return sendJson(response, { message: 'Not Found' }, 404);
    if (one.author.id !== ME.id && one.author.id !== this.forge.machine?.id)
      return sendJson(response, { message: 'not yours' }, 403);
    one.body = text;
    return sendJson(response, shown(one));
  }
}
