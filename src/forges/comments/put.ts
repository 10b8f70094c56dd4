import { isObject, type Json, type JsonObject } from '../../domain/source/json.js';
import type { ReviewComment, ReviewComments } from '../../ports/review-comments.js';
import { sleep } from '../../runtime/abort.js';
import { kindOf, TowlineError } from '../../runtime/errors.js';
import { backoff } from '../../runtime/retry.js';
import { callForge, type ForgeCall, type ReviewAccess } from './call.js';

/** How the comments of one forge are reached. */
export interface CommentApi {
  /** `GitHub`, for messages. */
  forge: string;
  headers: Record<string, string>;
  limit: number;
  /** Where this account is told. */
  userPath: string;
  /** Whose comments are ours where the token may not ask who it is. */
  isMachine: (author: JsonObject) => boolean;
  authorOf: (comment: JsonObject) => Json | undefined;
  /** Where comments are listed and created. */
  path: string;
  /** Comments of a page, oldest first; undefined: there is one page of all. */
  pageSize: number | undefined;
  update: { method: 'PUT' | 'PATCH'; path: (id: number) => string };
}

/** So many comments are looked through; a merge request with more is no place to read a plan. */
const MOST_PAGES = 100;
/** A comment whose creation was not answered may be there, or not: it is looked for before the next try. */
const ATTEMPTS = 3;

/** Comments of a merge request, by the calls of its forge. */
export function reviewComments(access: ReviewAccess, api: CommentApi): ReviewComments {
  const call = (rest: Pick<ForgeCall, 'method' | 'path' | 'body' | 'signal'>): Promise<Json> =>
    callForge(access, { forge: api.forge, headers: api.headers, ...rest });
  return {
    limit: api.limit,
    put: async ({ marker, body }, { signal }) => {
      const isOwn = await ownership(api, call, signal);
      for (let attempt = 1; ; attempt++) {
        const found = await find(marker, isOwn, api, call, signal);
        if (found?.body === body) return attempt === 1 ? 'unchanged' : 'created';
        if (found !== undefined) {
          const { method, path } = api.update;
          await call({ method, path: path(found.id), body: { body }, signal });
          return 'updated';
        }
        try {
          await call({ method: 'POST', path: api.path, body: { body }, signal });
          return 'created';
        } catch (error) {
          if (kindOf(error) !== 'unavailable' || attempt >= ATTEMPTS) throw error;
          await sleep(backoff(attempt, { minMs: access.minMs ?? 1000, maxMs: 10_000 }), signal);
        }
      }
    },
  };
}

type Call = (rest: Pick<ForgeCall, 'method' | 'path' | 'body' | 'signal'>) => Promise<Json>;

/** Tells own comments from those of others, who may have copied the marker. */
async function ownership(
  { userPath, isMachine, authorOf }: CommentApi,
  call: Call,
  signal: AbortSignal,
): Promise<(comment: JsonObject) => boolean> {
  let me: Json | undefined;
  try {
    const user = await call({ method: 'GET', path: userPath, signal });
    me = isObject(user) ? user['id'] : undefined;
  } catch (error) {
    // The token of a CI job is of no user.
    const mayNotAsk =
      error instanceof TowlineError && error.code === 'forge-denied' && / 403\b/.test(error.message);
    if (!mayNotAsk) throw error;
  }
  return (comment) => {
    const author = authorOf(comment);
    if (author === undefined || !isObject(author)) return false;
    return me === undefined ? isMachine(author) : author['id'] === me;
  };
}

async function find(
  marker: ReviewComment['marker'],
  isOwn: (comment: JsonObject) => boolean,
  { forge, path, pageSize }: CommentApi,
  call: Call,
  signal: AbortSignal,
): Promise<{ id: number; body: string } | undefined> {
  for (let page = 1; page <= MOST_PAGES; page++) {
    const query = pageSize === undefined ? '' : `?per_page=${pageSize}&page=${page}`;
    const listed = await call({ method: 'GET', path: `${path}${query}`, signal });
    if (!Array.isArray(listed)) throw noList(forge);
    for (const comment of listed) {
      if (!isObject(comment) || !isOwn(comment)) continue;
      const { id, body } = comment;
      // Forges send line breaks in either form, whatever was sent to them.
      if (typeof id === 'number' && typeof body === 'string' && body.startsWith(marker))
        return { id, body: body.replaceAll('\r\n', '\n') };
    }
    if (pageSize === undefined || listed.length < pageSize) return undefined;
  }
  throw new TowlineError(
    'forge-rejected',
    'invalid',
    `${forge} has more comments there than are looked through`,
    {
      help: 'Open another merge request.',
    },
  );
}

function noList(forge: string): TowlineError {
  return new TowlineError('forge-rejected', 'invalid', `${forge} answered with no list of comments`, {
    help: 'Check the address: something else answers in its place.',
  });
}
