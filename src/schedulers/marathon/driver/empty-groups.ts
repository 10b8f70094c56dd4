import { isObject } from '../../../domain/source/json.js';
import { kindOf as errorKind } from '../../../runtime/errors.js';
import { groupsAround } from '../model/ids.js';
import { listAt } from '../model/rules/rule.js';
import { pathOf } from './documents.js';
import type { Sending } from './current.js';

/**
 * Takes away the groups that a deletion left empty: they stay otherwise, and block the name for an app (reference:
 * marathon.md §6). A group with anything in it, or with attributes of its own, is left; and so is one in which something
 * is being made just now: that holds the lock, and nothing is forced. Answers the groups that went.
 */
export async function removeEmptyGroups(id: string, { client, options }: Sending): Promise<string[]> {
  const gone: string[] = [];
  try {
    for (const group of groupsAround(id).reverse()) {
      const path = `/v2/groups${pathOf(group)}`;
      const found = await client.read(path, options.signal);
      if (!isObject(found) || found['id'] !== group) break;
      const full = ['apps', 'pods', 'groups', 'dependencies'].some((part) => listAt(found, part).length > 0);
      if (full || found['enforceRole'] === true) break;
      const answer = await client.write({ method: 'DELETE', path: `${path}?force=false` }, options.signal);
      if (answer.status >= 300) break;
      gone.push(group);
    }
  } catch (error) {
    // It is only tidied: whatever came of it, the deletion itself is done.
    if (!['unknown-outcome', 'unavailable', 'refused'].includes(errorKind(error))) throw error;
  }
  return gone;
}
