import type { Change, Plan } from '../../plan/plan.js';
import { digest } from '../../source/digest.js';
import { canonicalJson, type JsonObject } from '../../source/json.js';
import { plainObject } from './plain.js';

/** A plan may be about ten thousand jobs; of one that is longer than this, in bytes of JSON, the changes are not kept. */
const MOST_BYTES = 4 * 1024 * 1024;

/**
 * A plan as it is put on record: what is done or held, and why. Documents are named by their digests: those that are sent
 * stand in the ledger's tree. Jobs that stay as they are are left out.
 */
export function planJson(plan: Plan): JsonObject {
  const changes = recordedChanges(plan).map(changeJson);
  const common = plainObject({
    digest: plan.digest,
    id: plan.id,
    environment: plan.environment,
    revision: plan.revision,
    trees: plan.trees,
    decisions: plan.decisions,
  });
  const text = canonicalJson(changes);
  if (Buffer.byteLength(text) <= MOST_BYTES) return { ...common, changes };
  return { ...common, changes: [], omitted: { count: changes.length, digest: digest(changes) } };
}

/** The changes that a record is about. */
export function recordedChanges({ changes }: Plan): Change[] {
  return changes.filter(({ action, unresolved }) => action !== 'none' || unresolved);
}

function changeJson(change: Change): JsonObject {
  const { ref, kind, action, wanted, reason, effect, fields, elsewhere, drift, unresolved } = change;
  const { after, together, args, desired, document = desired?.spec, live } = change;
  return plainObject({
    ref,
    kind,
    action,
    wanted,
    reason,
    effect,
    fields,
    elsewhere,
    drift,
    unresolved,
    after,
    together,
    args,
    document: document === undefined ? undefined : digest(document),
    liveVersion: live?.version,
  });
}
