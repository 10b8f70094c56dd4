import { isObject, type JsonObject } from '../../../domain/source/json.js';
import { isCopy } from '../model/digest.js';
import { OWNER_LABEL } from '../model/normalise/index.js';
import { objectAt, objectsAt, textAt, textsAt } from '../model/rules/rule.js';
import type { Answer } from '../../access/http-client.js';
import { current, type Sending } from './current.js';

/**
 * Whether the deployments that hold the lock are our own of an earlier pass: they touch nothing but these apps, and what
 * they bring is what Towline last sent (its digest fits). Such a one may never end, when what it brings does not start;
 * the new definition takes its place, and nobody else's work is cancelled by it.
 */
export async function ownLock(ids: readonly string[], answer: Answer, sending: Sending): Promise<boolean> {
  const holders = new Set(
    objectsAt(isObject(answer.json) ? answer.json : undefined, 'deployments').map((each) =>
      textAt(each, 'id'),
    ),
  );
  const { client, options } = sending;
  const listed = await client.read('/v2/deployments', options.signal);
  const locking = (Array.isArray(listed) ? listed.filter(isObject) : []).filter((each) =>
    holders.has(textAt(each, 'id')),
  );
  const touched = locking.flatMap((each) => [
    ...textsAt(each, 'affectedApps'),
    ...textsAt(each, 'affectedPods'),
  ]);
  // One that is not listed any more is over, or its list is behind: the next try tells.
  if (locking.length < holders.size || touched.length === 0) return false;
  if (touched.some((id) => !ids.includes(id))) return false;
  for (const id of new Set(touched)) {
    const live = (await current('app', id, sending)) ?? (await current('pod', id, sending));
    if (live === undefined || !isOurs(live, options.environment)) return false;
  }
  return true;
}

function isOurs(live: JsonObject, environment: string): boolean {
  const kind = Array.isArray(live['containers']) ? 'pod' : 'app';
  return textAt(objectAt(live, 'labels'), OWNER_LABEL) === environment && !isCopy({ kind, spec: live });
}
