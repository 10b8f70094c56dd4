import type { Change } from '../../../domain/plan/plan.js';
import { isObject, type JsonObject } from '../../../domain/source/json.js';
import { kindOf as errorKind, messageOf } from '../../../runtime/errors.js';
import { compare } from '../model/compare.js';
import type { Answer } from '../../access/http-client.js';
import { gist, saying } from './api/answers.js';
import { current, type Sending } from './current.js';
import { pathOf } from './documents.js';
import { ownLock } from './own-lock.js';

/** How a write ended. `unchanged`: nothing happened there, and nothing will. */
export type Sent = (
  | { kind: 'accepted'; deploymentId?: string; version?: string; document?: JsonObject }
  | { kind: 'unchanged'; message: string }
  | { kind: 'rejected'; message: string; answer: Answer }
) & {
  /** What the write was answered with; absent where the answer got lost. */
  httpStatus?: number;
};

export type Accepted = Extract<Sent, { kind: 'accepted' }>;

/** Times that a write without effect is sent again after it was read back. */
const RESENDS = 2;
const PAUSE_MS = 1000;

/** Puts a definition in place: one full replacement. Never a partial update, never a group with its contents. */
export async function put(
  { kind, id, body, exists }: { kind: string; id: string; body: JsonObject; exists: boolean },
  sending: Sending,
): Promise<Sent> {
  const sent = await deliver(
    [id],
    sending,
    (force) => request(kind, id, body, exists, force, sending),
    () => readBack(kind, id, body, sending),
  );
  return sent.kind === 'accepted' ? { ...sent, document: body } : sent;
}

/** Puts several apps in place as one deployment: all of them or none (`PUT /v2/apps` with a list; marathon.md §1). */
export async function putTogether(bodies: readonly JsonObject[], sending: Sending): Promise<Sent> {
  const ids = bodies.map((body) => String(body['id']));
  return deliver(
    ids,
    sending,
    (force) =>
      sending.client.write(
        { method: 'PUT', path: `/v2/apps?partialUpdate=false&force=${force}`, body: [...bodies] },
        sending.options.signal,
      ),
    async () => {
      const found = await Promise.all(
        bodies.map((body, at) => readBack('app', ids[at] ?? '', body, sending)),
      );
      return found.every((each) => each !== undefined) ? found[0] : undefined;
    },
  );
}

/** What stands there, where it is what was sent. */
async function readBack(
  kind: string,
  id: string,
  body: JsonObject,
  sending: Sending,
): Promise<{ version?: string } | undefined> {
  const live = await current(kind, id, sending);
  if (live === undefined) return undefined;
  const { action } = compare({ kind, spec: body }, { kind, spec: live }, { settings: {} });
  if (action !== 'none') return undefined;
  return typeof live['version'] === 'string' ? { version: live['version'] } : {};
}

function request(
  kind: string,
  id: string,
  body: JsonObject,
  exists: boolean,
  force: boolean,
  { client, options }: Sending,
): Promise<Answer> {
  const query = `force=${force}`;
  if (kind === 'pod')
    return client.write(
      {
        method: exists ? 'PUT' : 'POST',
        path: exists ? `/v2/pods${pathOf(id)}?${query}` : `/v2/pods?${query}`,
        body: { ...body, id },
      },
      options.signal,
    );
  if (kind === 'group')
    return client.write({ method: 'PUT', path: `/v2/groups${pathOf(id)}?${query}`, body }, options.signal);
  // partialUpdate defaults to true, which would keep fields that Git no longer has (reference: marathon.md §1.2).
  const path = `/v2/apps${pathOf(id)}?partialUpdate=false&${query}`;
  return client.write({ method: 'PUT', path, body }, options.signal);
}

/** Deletes an app or a pod. `force` is always said: for apps it defaults to true. A group is only emptied of attributes. */
export async function remove({ kind, id }: Pick<Change, 'kind' | 'id'>, sending: Sending): Promise<Sent> {
  if (kind === 'group') return put({ kind, id, body: { dependencies: [] }, exists: true }, sending);
  const path = kind === 'pod' ? `/v2/pods${pathOf(id)}` : `/v2/apps${pathOf(id)}`;
  return deliver(
    [id],
    sending,
    (force) =>
      sending.client.write({ method: 'DELETE', path: `${path}?force=${force}` }, sending.options.signal),
    async () => ((await current(kind, id, sending)) === undefined ? {} : undefined),
  );
}

/** Restarts all tasks of an app as they are. A lost answer is read back by the version, which is a new one after it. */
export async function restart(id: string, before: string | undefined, sending: Sending): Promise<Sent> {
  return deliver(
    [id],
    sending,
    (force) =>
      sending.client.write(
        { method: 'POST', path: `/v2/apps${pathOf(id)}/restart?force=${force}`, body: {} },
        sending.options.signal,
      ),
    async () => {
      const version = (await current('app', id, sending))?.['version'];
      return typeof version === 'string' && version !== before ? { version } : undefined;
    },
  );
}

/**
 * Sends until the answer is known. A lock (409) and the limit of deployments (403) are waited for; an answer that was
 * lost is read back before anything is sent again.
 */
async function deliver(
  ids: readonly string[],
  sending: Sending,
  send: (force: boolean) => Promise<Answer>,
  readBackSent: () => Promise<{ version?: string } | undefined>,
): Promise<Sent> {
  const { clock, deadline, options } = sending;
  let resends = 0;
  let forced = sending.force;
  const wait = (ms: number): Promise<void> =>
    clock.sleep(Math.min(ms, Math.max(1, deadline - clock.now())), options.signal);
  for (;;) {
    let trouble: string;
    let answered: Pick<Sent, 'httpStatus'> = {};
    try {
      const answer = await send(forced);
      answered = { httpStatus: answer.status };
      const end = judge(answer);
      if (end !== undefined) return { ...end, ...answered };
      if (answer.status === 409 || answer.status === 403) {
        const words = saying(answer.json) ?? 'locked';
        if (answer.status === 409 && !forced && (options.force || (await ownLock(ids, answer, sending)))) {
          forced = true;
          continue;
        }
        if (clock.now() >= deadline)
          return {
            kind: 'unchanged',
            message: `waited for another deployment until the deadline: ${words}`,
            ...answered,
          };
        options.progress?.(`waiting: ${words}`);
        await wait(PAUSE_MS);
        continue;
      }
      trouble = gist(answer);
    } catch (error) {
      const kind = errorKind(error);
      if (kind !== 'unknown-outcome' && kind !== 'unavailable') throw error;
      trouble = messageOf(error);
    }
    options.progress?.(`reading back: ${trouble}`);
    const arrived = await readBackSent().catch((error: unknown) =>
      errorKind(error) === 'unavailable' ? 'away' : Promise.reject(error as Error),
    );
    if (arrived !== 'away' && arrived !== undefined) return { kind: 'accepted', ...arrived };
    if (arrived !== 'away' && resends >= RESENDS)
      return { kind: 'unchanged', message: `${trouble}; it was read back and had no effect`, ...answered };
    if (arrived !== 'away') resends += 1;
    if (clock.now() >= deadline)
      return {
        kind: 'unchanged',
        message: `${trouble}; Marathon could not be read until the deadline`,
        ...answered,
      };
    await wait(PAUSE_MS * 2 ** resends);
  }
}

/** The facts of a write that go on record, whatever became of it. */
export function answerOf({ httpStatus }: Pick<Sent, 'httpStatus'>): Pick<Sent, 'httpStatus'> {
  return httpStatus === undefined ? {} : { httpStatus };
}

/** Undefined where the answer is not the end of it. */
function judge(answer: Answer): Sent | undefined {
  const { status, json, headers } = answer;
  if (status >= 200 && status < 300) {
    if (json === undefined && answer.text.trim() !== '') return undefined;
    const header = headers['marathon-deployment-id'];
    const body = isObject(json) ? json : {};
    const deploymentId =
      typeof header === 'string'
        ? header
        : typeof body['deploymentId'] === 'string'
          ? body['deploymentId']
          : undefined;
    const version = typeof body['version'] === 'string' ? body['version'] : undefined;
    return {
      kind: 'accepted',
      ...(deploymentId === undefined ? {} : { deploymentId }),
      ...(version === undefined ? {} : { version }),
    };
  }
  const words = saying(json);
  if (status === 403 && /max number/i.test(words ?? '')) return undefined;
  if (status === 409 && isObject(json) && Array.isArray(json['deployments'])) return undefined;
  if (status === 401 || status === 403)
    return { kind: 'unchanged', message: `Marathon refused it (${status}): ${words ?? 'no reason given'}` };
  if (json !== undefined && status >= 400 && status < 500)
    return {
      kind: 'rejected',
      message: `Marathon rejected it (${status}): ${words ?? 'no reason given'}`,
      answer,
    };
  return undefined;
}
