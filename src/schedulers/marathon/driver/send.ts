import type { Change } from '../../../domain/plan/plan.js';
import { isObject, type JsonObject } from '../../../domain/source/json.js';
import type { Clock } from '../../../ports/clock.js';
import type { ApplyOptions } from '../../../ports/scheduler.js';
import { kindOf as errorKind, messageOf } from '../../../runtime/errors.js';
import { compare } from '../model/compare.js';
import { gist, saying, type Answer } from './answers.js';
import type { MarathonClient } from './client.js';
import { pathOf } from './documents.js';

/** How a write ended. `unchanged`: nothing happened there, and nothing will. */
export type Sent =
  | { kind: 'accepted'; deploymentId?: string; version?: string; document?: JsonObject }
  | { kind: 'unchanged'; message: string }
  | { kind: 'rejected'; message: string };

export interface Sending {
  client: MarathonClient;
  clock: Clock;
  /** When to give up, in ms since the epoch. */
  deadline: number;
  options: ApplyOptions;
  force: boolean;
}

/** Times that a write without effect is sent again after it was read back. */
const RESENDS = 2;
const PAUSE_MS = 1000;

/** Puts a definition in place: one full replacement. Never a partial update, never a group with its contents. */
export async function put(
  kind: string,
  id: string,
  body: JsonObject,
  exists: boolean,
  sending: Sending,
): Promise<Sent> {
  const sent = await deliver(
    sending,
    (force) => request(kind, id, body, exists, force, sending),
    async () => {
      const live = await current(kind, id, sending);
      if (
        live === undefined ||
        compare({ kind, spec: body }, { kind, spec: live }, { settings: {} }).action !== 'none'
      )
        return undefined;
      return typeof live['version'] === 'string' ? { version: live['version'] } : {};
    },
  );
  return sent.kind === 'accepted' ? { ...sent, document: body } : sent;
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
export async function remove(change: Pick<Change, 'kind' | 'id'>, sending: Sending): Promise<Sent> {
  const { kind, id } = change;
  if (kind === 'group') return put('group', id, { dependencies: [] }, true, sending);
  const path = kind === 'pod' ? `/v2/pods${pathOf(id)}` : `/v2/apps${pathOf(id)}`;
  return deliver(
    sending,
    (force) =>
      sending.client.write({ method: 'DELETE', path: `${path}?force=${force}` }, sending.options.signal),
    async () => ((await current(kind, id, sending)) === undefined ? {} : undefined),
  );
}

/** The definition as it stands now; undefined where there is none. */
export async function current(
  kind: string,
  id: string,
  { client, options }: Sending,
): Promise<JsonObject | undefined> {
  const path =
    kind === 'pod'
      ? `/v2/pods${pathOf(id)}`
      : kind === 'group'
        ? `/v2/groups${pathOf(id)}?embed=group.groups`
        : `/v2/apps${pathOf(id)}`;
  const answer = await client.read(path, options.signal);
  if (!isObject(answer)) return undefined;
  if (kind !== 'app') return answer;
  return isObject(answer['app']) ? answer['app'] : undefined;
}

/**
 * Sends until the answer is known. A lock (409) and the limit of deployments (403) are waited for; an answer that was
 * lost is read back before anything is sent again.
 */
async function deliver(
  { clock, deadline, options, force }: Sending,
  send: (force: boolean) => Promise<Answer>,
  readBack: () => Promise<{ version?: string } | undefined>,
): Promise<Sent> {
  let resends = 0;
  let forced = force;
  for (;;) {
    let trouble: string;
    try {
      const answer = await send(forced);
      const end = judge(answer);
      if (end !== undefined) return end;
      if (answer.status === 409 || answer.status === 403) {
        const words = saying(answer.json) ?? 'locked';
        if (answer.status === 409 && options.force && !forced) {
          forced = true;
          continue;
        }
        if (clock.now() >= deadline)
          return { kind: 'unchanged', message: `waited for another deployment until the deadline: ${words}` };
        options.progress?.(`waiting: ${words}`);
        await clock.sleep(Math.min(PAUSE_MS, Math.max(1, deadline - clock.now())), options.signal);
        continue;
      }
      trouble = gist(answer);
    } catch (error) {
      const kind = errorKind(error);
      if (kind !== 'unknown-outcome' && kind !== 'unavailable') throw error;
      trouble = messageOf(error);
    }
    options.progress?.(`reading back: ${trouble}`);
    const arrived = await readBack().catch((error: unknown) =>
      errorKind(error) === 'unavailable' ? 'away' : Promise.reject(error as Error),
    );
    if (arrived !== 'away' && arrived !== undefined) return { kind: 'accepted', ...arrived };
    if (arrived !== 'away' && resends >= RESENDS)
      return { kind: 'unchanged', message: `${trouble}; it was read back and had no effect` };
    if (arrived !== 'away') resends += 1;
    if (clock.now() >= deadline)
      return { kind: 'unchanged', message: `${trouble}; Marathon could not be read until the deadline` };
    await clock.sleep(Math.min(PAUSE_MS * 2 ** resends, Math.max(1, deadline - clock.now())), options.signal);
  }
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
    return { kind: 'rejected', message: `Marathon rejected it (${status}): ${words ?? 'no reason given'}` };
  return undefined;
}
