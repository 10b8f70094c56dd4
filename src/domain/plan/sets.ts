import type { JobRef } from '../job/job-ref.js';
import { blocked } from './diff.js';
import type { Change } from './plan.js';
import type { PlanInput } from './plan-input.js';

/** Marks the changes that are carried out as one: those of jobs below a group for which that is wanted. */
export function inSets(changes: readonly Change[], { together, schedulers }: PlanInput): Change[] {
  if (together.length === 0) return [...changes];
  return changes.map((change) => {
    const group = together.find((id) => id === '/' || change.id.startsWith(`${id}/`));
    const able = schedulers.get(change.scheduler)?.model.setKinds?.includes(change.kind) === true;
    return group === undefined || !able || !puts(change) ? change : { ...change, together: group };
  });
}

/**
 * All or none: where one of a set is held back, all of it is. So it is where something outside of the set stands between
 * two of its members: it would have to wait for half of the set.
 */
export function holdSets(changes: readonly Change[]): Change[] {
  const members = new Map<string, Change[]>();
  for (const change of changes)
    if (change.together !== undefined)
      members.set(change.together, [...(members.get(change.together) ?? []), change]);
  if (members.size === 0) return [...changes];
  const byRef = new Map(changes.map((change) => [change.ref, change]));
  const reasons = new Map<string, string>();
  for (const [group, set] of members) {
    const held = set.find(({ action }) => action === 'blocked');
    const between = strangerBetween(set, byRef);
    if (held !== undefined) reasons.set(group, `is changed together with ${held.ref}, which is held back`);
    else if (between !== undefined)
      reasons.set(group, `can't be changed together: ${between} stands between`);
  }
  return changes.map((change): Change => {
    const reason = change.together === undefined ? undefined : reasons.get(change.together);
    if (reason === undefined) return inSet(change, byRef);
    return change.action === 'blocked' ? change : blocked(change, change.action, reason);
  });
}

/** Within a set the scheduler itself keeps the order. */
function inSet(change: Change, byRef: ReadonlyMap<JobRef, Change>): Change {
  if (change.together === undefined) return change;
  return { ...change, after: change.after.filter((ref) => byRef.get(ref)?.together !== change.together) };
}

/** A change that is none of the set, waits for one of it, and is waited for by another. */
function strangerBetween(set: readonly Change[], byRef: ReadonlyMap<JobRef, Change>): JobRef | undefined {
  const own = new Set(set.map(({ ref }) => ref));
  const reaches = (ref: JobRef, seen: Set<JobRef>): boolean => {
    if (seen.has(ref)) return false;
    seen.add(ref);
    return (byRef.get(ref)?.after ?? []).some((next) => own.has(next) || reaches(next, seen));
  };
  const strangers = new Set(set.flatMap(({ after }) => after).filter((ref) => !own.has(ref)));
  return [...strangers].find((ref) => reaches(ref, new Set()));
}

function puts({ action, wanted }: Change): boolean {
  return ['create', 'update', 'scale'].includes(action === 'blocked' ? (wanted ?? '') : action);
}
