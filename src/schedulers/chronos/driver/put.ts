import type { Change } from '../../../domain/plan/plan.js';
import type { Outcome } from '../../../domain/record/outcome.js';
import type { JsonObject } from '../../../domain/source/json.js';
import type { ApplyOptions } from '../../../ports/scheduler.js';
import { parentsOf } from '../model/rules.js';
import { bodyOf } from './body.js';
import type { Driving } from './driving.js';
import type { End } from './end.js';
import { post } from './post.js';
import { smokeRun } from './smoke.js';

/** Creates or changes a job, and believes it only when Chronos shows it as it was sent. */
export async function put(change: Change, driving: Driving, options: ApplyOptions): Promise<End> {
  const { desired, id, lastApplied } = change;
  const { reading, clock } = driving;
  const { signal } = options;
  if (desired === undefined) return { state: 'blocked', message: 'there is nothing to send' };
  // Without its parents it would be stored, and never be seen or deleted.
  const missing = await reading.missing(parentsOf(desired.spec), signal);
  if (missing.length > 0)
    return { state: 'blocked', message: `its parents are not listed by Chronos: ${missing.join(', ')}` };
  // What is created over a job that a new leader has not loaded yet would lose its counters.
  const live =
    change.live === undefined ? await reading.findSurely(id, signal) : await reading.find(id, signal);
  if (change.live === undefined && live !== undefined)
    return { state: 'blocked', message: 'it came into being meanwhile', replan: true };
  if (change.live !== undefined && live === undefined)
    return { state: 'blocked', message: 'it is not listed any more; the next pass looks again' };
  const spec = change.document ?? desired.spec;
  const body = bodyOf(spec, { live, lastApplied, now: clock.now() });
  const end = await post(body, { change, live }, driving, options);
  if (end.state !== 'applied') return end;
  const applied = { ...end, sent: body, ...statedIn(spec, body) };
  return spec['runOnDeploy'] === true ? smokeRun({ change, applied, live }, driving, options) : applied;
}

/** A schedule that was sent from a later moment on, as Git states it. */
export function statedIn({ schedule }: JsonObject, body: JsonObject): Pick<Outcome, 'stated'> {
  return schedule === undefined || schedule === body['schedule'] ? {} : { stated: { schedule } };
}
