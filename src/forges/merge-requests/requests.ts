import type { MergeRequest } from '../../domain/release/proposal.js';
import { isObject, type Json, type JsonObject } from '../../domain/source/json.js';
import type { MergeRequestBranches, MergeRequests, MergeRequestText } from '../../ports/merge-requests.js';
import type { Waiting } from '../../ports/kv-store.js';
import { callForge, rejected, type Answer, type Call, type Dialect, type ProjectAccess } from './call.js';

/** What the API of one kind of forge looks like. */
export interface RequestsDialect extends Dialect {
  /** Path of the list that holds all requests of a branch into another, newest first. */
  list(branches: MergeRequestBranches, page: number): string;
  /** Entries of a page; a full one may have another behind it. */
  perPage: number;
  /** Pages that are looked at. Where the forge itself looks for the branch, one is enough. */
  pages: number;
  create: string;
  newOne(branches: MergeRequestBranches, text: MergeRequestText): JsonObject;
  one(id: number): string;
  update: 'PUT' | 'PATCH';
  newText(text: MergeRequestText): JsonObject;
  /** Undefined: it has not the form of one. */
  read(value: JsonObject): MergeRequest | undefined;
  /** Whether an entry of the list is of these branches, and of this project. */
  isMine(value: JsonObject, branches: MergeRequestBranches): boolean;
  /** True where a refusal to make one means that there is one. */
  exists(answer: Answer): boolean;
}

/** Merge requests of any forge, by what its API looks like. */
export function mergeRequestsOf(access: ProjectAccess, dialect: RequestsDialect): MergeRequests {
  const call = (call: Call): Promise<Answer> => callForge(access, dialect, call);
  const one = (answer: Answer): MergeRequest => {
    const read = answer.status < 300 && isObject(answer.value) ? dialect.read(answer.value) : undefined;
    if (read === undefined) throw rejected(dialect, answer);
    return read;
  };

  const find = async (branches: MergeRequestBranches, { signal }: Waiting): Promise<MergeRequest[]> => {
    const found: MergeRequest[] = [];
    for (let page = 1; page <= dialect.pages; page++) {
      const answer = await call({ method: 'GET', path: dialect.list(branches, page), signal });
      const { value } = answer;
      if (answer.status !== 200 || !Array.isArray(value)) throw rejected(dialect, answer);
      for (const each of value) {
        const read = isObject(each) ? dialect.read(each) : undefined;
        if (read === undefined)
          throw rejected(dialect, { ...answer, said: 'an entry has not the form of a request' });
        if (isObject(each) && dialect.isMine(each, branches)) found.push(read);
      }
      if (value.length < dialect.perPage) break;
    }
    return found.sort((a, b) => b.id - a.id);
  };

  const update = async (id: number, text: MergeRequestText, { signal }: Waiting): Promise<MergeRequest> =>
    one(await call({ method: dialect.update, path: dialect.one(id), body: dialect.newText(text), signal }));

  return {
    find,
    update,
    async create(branches, text, waiting) {
      const body = dialect.newOne(branches, text);
      const answer = await call({ method: 'POST', path: dialect.create, body, signal: waiting.signal });
      if (!dialect.exists(answer)) return one(answer);
      const open = (await find(branches, waiting)).find(({ state }) => state === 'open');
      if (open === undefined) throw rejected(dialect, answer);
      return update(open.id, text, waiting);
    },
  };
}

/** The common part of all forges; the text may be absent or null. */
export function requestOf(
  value: JsonObject,
  names: { id: string; url: string; body: string },
  state: MergeRequest['state'] | undefined,
): MergeRequest | undefined {
  const [id, url, title, body] = [value[names.id], value[names.url], value['title'], value[names.body] ?? ''];
  if (typeof id !== 'number' || typeof url !== 'string' || typeof title !== 'string') return undefined;
  return state === undefined || typeof body !== 'string' ? undefined : { id, url, title, body, state };
}

/** A member of a member: `head.ref`. */
export function textIn(value: JsonObject, ...path: string[]): string | undefined {
  let at: Json | undefined = value;
  for (const name of path) at = isObject(at) ? at[name] : undefined;
  return typeof at === 'string' ? at : undefined;
}

export function pathOf(project: string): string {
  return project.split('/').map(encodeURIComponent).join('/');
}
