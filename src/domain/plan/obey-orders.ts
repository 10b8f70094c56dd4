import { askedText, EVERY_JOB, type Asked } from './asked.js';
import { blocked } from './diff.js';
import type { Change } from './plan.js';
import type { PlanInput } from './plan-input.js';

/** Holds what would be sent for jobs that people have paused. What is only put on record goes on. */
export function holdPaused(changes: readonly Change[], paused: PlanInput['paused']): Change[] {
  if (paused.size === 0) return [...changes];
  return changes.map((change): Change => {
    if (change.action === 'none' || change.action === 'blocked') return change;
    const job = paused.get(change.ref);
    if (job !== undefined) return blocked(change, change.action, pauseText(change.ref, job));
    const all = paused.get(EVERY_JOB);
    return all === undefined ? change : blocked(change, change.action, pauseText('the environment', all));
  });
}

function pauseText(what: string, asked: Asked): string {
  return `${what} is paused ${askedText(asked)}`;
}

/** A restart that a person asked for, where nothing else is to be done that restarts the job anyway. */
export function withRestart(change: Change, input: PlanInput): Change {
  const asked = input.restarts.get(change.ref);
  const able =
    input.schedulers.get(change.scheduler)?.model.restartKinds?.includes(change.kind) === true &&
    change.live !== undefined;
  if (asked === undefined || !able || change.action !== 'none') return change;
  // Announced before: it was sent if the version is another one by now, and is only judged then.
  if (change.unresolved && (asked.from === undefined || asked.from !== change.live?.version)) return change;
  return {
    ...change,
    action: 'restart',
    reason: `a restart was asked for ${askedText(asked)}`,
    effect: 'replaces all of its tasks, a few at a time',
  };
}

/** True where the end of such a change leaves no restart to be done. */
export function endsRestart({ action }: { action: Change['action'] }): boolean {
  return action === 'restart' || action === 'update' || action === 'create' || action === 'delete';
}
