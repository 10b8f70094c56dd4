import type { Change } from './plan.js';
import type { PlanInput } from './plan-input.js';

/** More pairs than these are not compared: so much at once is no renaming. */
const MOST_PAIRS = 10_000;

/**
 * Says of a job that is new, and is another one that goes but for its name, what a scheduler makes of that: another job,
 * without the history of the first. Where jobs run now and then the old one goes after the new one has come, so that none
 * of them is without its runs when that fails; jobs that run all the time may need the room of the old ones.
 */
export function tellRenames(changes: readonly Change[], input: PlanInput): Change[] {
  const gone = changes.filter(({ action, live }) => action === 'delete' && live !== undefined);
  const made = changes.filter(({ action }) => action === 'create');
  if (gone.length === 0 || made.length === 0 || gone.length * made.length > MOST_PAIRS) return [...changes];
  const formerOf = new Map<Change, Change>();
  for (const change of made) {
    const former = gone.find((other) => isRenamed(change, other, input));
    if (former === undefined) continue;
    gone.splice(gone.indexOf(former), 1);
    formerOf.set(change, former);
  }
  const laterOf = new Map([...formerOf].map(([change, former]) => [former, change]));
  return changes.map((change) => {
    const [former, later] = [formerOf.get(change), laterOf.get(change)];
    if (former !== undefined)
      return withEffect(
        change,
        `is ${former.id} under another name: to ${change.scheduler} it is another job, without its history`,
      );
    if (later === undefined) return change;
    const waits = input.schedulers.get(change.scheduler)?.model.runKinds?.includes(change.kind) === true;
    const after = waits ? [...change.after, later.ref].sort() : change.after;
    return { ...withEffect(change, `goes on as ${later.id}`), after };
  });
}

function isRenamed({ scheduler, kind, desired }: Change, former: Change, { schedulers }: PlanInput): boolean {
  const known = schedulers.get(scheduler);
  if (former.scheduler !== scheduler || former.kind !== kind || known === undefined) return false;
  if (desired === undefined || former.live === undefined) return false;
  const { member } = known.model.naming;
  const name = former.live.spec[member];
  if (name === undefined) return false;
  const asBefore = { ...desired, spec: { ...desired.spec, [member]: name } };
  return known.model.compare(asBefore, former.live, known.context).fields.length === 0;
}

function withEffect(change: Change, effect: string): Change {
  return { ...change, effect: change.effect === undefined ? effect : `${effect}; ${change.effect}` };
}
