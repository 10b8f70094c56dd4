import { jobRef } from '../../../domain/job/job-ref.js';
import type { LiveJob } from '../../../domain/plan/plan.js';
import type { JsonObject } from '../../../domain/source/json.js';
import { parentsOf } from '../model/rules.js';

/** An element of the list, as a live job. */
export function liveJobOf(scheduler: string, listed: JsonObject): LiveJob {
  const spec = withoutCopies(listed);
  const id = String(spec['name']);
  return {
    ref: jobRef(scheduler, id),
    kind: parentsOf(spec).length > 0 ? 'dependent' : 'scheduled',
    id,
    spec,
  };
}

/**
 * The list shows `uris` also as `fetch`, and the other way round; sent back like that everything is fetched twice. Versions
 * before 2.5 know `uris` only.
 */
export function withoutCopies(listed: JsonObject): JsonObject {
  if (listed['fetch'] === undefined) return listed;
  const { uris: _uris, ...own } = listed;
  return own;
}
