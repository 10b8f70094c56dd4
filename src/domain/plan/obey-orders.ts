import { askedText } from './asked.js';
import type { Change } from './plan.js';
import type { PlanInput } from './plan-input.js';

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

/**
 * A run that a person wants to have started or ended, once nothing else is to be done about the job. One that was announced
 * may have been started, and is not started a second time.
 */
export function withRun(change: Change, input: PlanInput): Change {
  const asked = input.runs.get(change.ref);
  const able =
    input.schedulers.get(change.scheduler)?.model.runKinds?.includes(change.kind) === true &&
    change.live !== undefined;
  if (asked === undefined || !able || change.action !== 'none') return change;
  if (change.unresolved && asked.announced === true && asked.act === 'trigger')
    return { ...change, reason: 'a run may have been started, and is not started a second time' };
  if (change.unresolved && asked.announced !== true) return change;
  const isTrigger = asked.act === 'trigger';
  return {
    ...change,
    action: asked.act,
    reason: `${isTrigger ? 'a run' : 'the end of its runs'} was asked for ${askedText(asked)}`,
    effect: isTrigger ? 'starts a run at once' : 'ends the runs that go on',
    ...(asked.args === undefined ? {} : { args: asked.args }),
  };
}

/** True where an action sends no definition. */
export function sendsNothing(action: Change['action']): boolean {
  return action === 'restart' || action === 'trigger' || action === 'kill';
}

/** True where the end of such a change leaves no restart to be done. */
export function endsRestart({ action }: { action: Change['action'] }): boolean {
  return action === 'restart' || action === 'update' || action === 'create' || action === 'delete';
}
