import type { JobKind } from '../../../domain/job/job.js';
import type { JsonObject } from '../../../domain/source/json.js';

/** How the documents of this scheduler are told from others, for people. */
export const SHAPES = 'a Marathon app has "id", a group "apps" or "groups", a pod "containers"';

/**
 * Whether a document is Marathon's: a pod has containers, a group apps or groups, everything else with an id is an app. A
 * Chronos job (name with schedule or parents) and a configuration of Towline (version with environments) are not.
 */
export function recognise(value: JsonObject): JobKind | undefined {
  const has = (field: string): boolean => value[field] !== undefined && value[field] !== null;
  if ((has('schedule') || has('parents')) && (has('name') || !has('id'))) return undefined;
  if (has('version') && has('environments')) return undefined;
  if (has('containers')) return 'pod';
  if (has('apps') || has('groups') || has('enforceRole')) return 'group';
  return has('id') ? 'app' : undefined;
}
