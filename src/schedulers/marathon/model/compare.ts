import type { Comparison, FieldDiff, SchedulerModel } from '../../../domain/job/scheduler-model.js';
import type { JsonObject } from '../../../domain/source/json.js';
import { fieldDiffs } from './compare-fields.js';
import { yieldToServer } from './compare-yield.js';
import { normaliseApp, normaliseGroup, normalisePod } from './normalise/index.js';
import { numberAt, objectAt } from './rules/rule.js';

/**
 * Compares a definition of Git with the live one, blind to everything that Marathon itself fills in, moves or sorts
 * (reference: marathon.md §2.3). No fields: nothing is to be sent. The version of the server does not matter: what any
 * version makes of an absent field counts as absent.
 */
export const compare: SchedulerModel['compare'] = (desired, live) => {
  const normalise =
    desired.kind === 'pod' ? normalisePod : desired.kind === 'group' ? normaliseGroup : normaliseApp;
  const [wanted, found] = [normalise(desired.spec), normalise(live.spec)];
  yieldToServer(wanted, found);
  const fields = fieldDiffs(found, wanted, desired.spec);
  if (fields.length === 0) return { fields, action: 'none' };
  if (desired.kind === 'group')
    return { fields, action: 'update', effect: 'changes the group only, restarts nothing' };
  return judge(fields, instancesOf(desired.kind, live.spec), instancesOf(desired.kind, desired.spec));
};

/** Only the number of instances leaves tasks alone; every other field that is compared restarts all of them. */
function judge(fields: FieldDiff[], before: number, after: number): Comparison {
  const scaled = fields.some((f) => f.pointer === '/instances' || f.pointer === '/scaling/instances');
  if (scaled && fields.length === 1) {
    const verb = after > before ? 'starts' : 'stops';
    return { fields, action: 'scale', effect: `${verb} ${tasks(Math.abs(after - before))}, restarts none` };
  }
  return { fields, action: 'update', effect: effectOfUpdate(before, after) };
}

function effectOfUpdate(before: number, after: number): string {
  if (before === 0) return after === 0 ? 'restarts nothing: no task runs' : `starts ${tasks(after)}`;
  if (after === 0) return `stops ${tasks(before)}`;
  if (after === before) return `restarts ${tasks(before)}, rolling`;
  return `restarts ${tasks(before)}, rolling, and ends with ${after}`;
}

function tasks(many: number): string {
  return `${many} ${many === 1 ? 'task' : 'tasks'}`;
}

function instancesOf(kind: string, spec: JsonObject): number {
  return numberAt(kind === 'pod' ? objectAt(spec, 'scaling') : spec, 'instances') ?? 1;
}
