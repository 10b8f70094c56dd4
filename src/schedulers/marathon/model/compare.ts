import type { Comparison, FieldDiff, SchedulerModel } from '../../../domain/job/scheduler-model.js';
import {
  isObject,
  pointer,
  valueAt,
  type Json,
  type JsonObject,
  type Pointer,
} from '../../../domain/source/json.js';
import { normaliseApp, normaliseGroup, normalisePod } from './normalise.js';
import { numberAt, objectAt } from './rules/rule.js';

/** Compares a definition of Git with the live one, blind to everything that Marathon itself fills in, moves or sorts. */
export const compare: SchedulerModel['compare'] = (desired, live) => {
  const normalise =
    desired.kind === 'pod' ? normalisePod : desired.kind === 'group' ? normaliseGroup : normaliseApp;
  const [wanted, found] = [normalise(desired.spec), normalise(live.spec)];
  yieldToServer(wanted, found);
  const fields = diff(found, wanted, '');
  return judge(desired.kind, fields, live.spec);
};

/** Values that Git leaves to the server match whatever the server chose (reference: marathon.md §2.3 rules 6, 9, 11). */
function yieldToServer(wanted: JsonObject, found: JsonObject): void {
  for (const name of ['role', 'maxLaunchDelaySeconds', 'unreachableStrategy', 'enforceRole']) {
    if (wanted[name] === undefined && isDefault(name, found[name])) delete found[name];
  }
  takeOver(wanted, found, '/portDefinitions', ['port']);
  takeOver(wanted, found, '/container/portMappings', ['servicePort']);
  const [networks, live] = [wanted['networks'], found['networks']];
  if (Array.isArray(networks) && Array.isArray(live)) {
    networks.forEach((network, at) => {
      const other = live[at];
      if (
        isObject(network) &&
        isObject(other) &&
        network['mode'] === 'container' &&
        network['name'] === undefined
      )
        delete other['name'];
    });
  }
}

/** Defaults that differ between versions of the server; any of them counts as "not set". */
function isDefault(name: string, value: Json | undefined): boolean {
  if (value === undefined || name === 'role') return true;
  if (name === 'enforceRole') return value === false;
  if (name === 'maxLaunchDelaySeconds') return value === 300 || value === 3600;
  if (value === 'disabled') return true;
  const pair = isObject(value)
    ? `${String(value['inactiveAfterSeconds'])}/${String(value['expungeAfterSeconds'])}`
    : '';
  return pair === '0/0' || pair === '300/600';
}

function takeOver(wanted: JsonObject, found: JsonObject, at: Pointer, names: readonly string[]): void {
  const [mine, theirs] = [valueAt(wanted, at), valueAt(found, at)];
  if (!Array.isArray(mine) || !Array.isArray(theirs)) return;
  mine.forEach((item, index) => {
    const other = theirs[index];
    if (!isObject(item) || !isObject(other)) return;
    for (const name of names) if ((item[name] ?? 0) === 0) other[name] = item[name] ?? 0;
  });
}

function judge(kind: string, fields: FieldDiff[], live: JsonObject): Comparison {
  if (fields.length === 0) return { fields, action: 'none' };
  if (kind === 'group')
    return { fields, action: 'update', effect: 'changes the group only, restarts nothing' };
  const instances = kind === 'pod' ? '/scaling/instances' : '/instances';
  const running =
    (kind === 'pod' ? numberAt(objectAt(live, 'scaling'), 'instances') : numberAt(live, 'instances')) ?? 1;
  const scale = fields.find((f) => f.pointer === instances);
  if (scale !== undefined && fields.length === 1) {
    const target = typeof scale.after === 'number' ? scale.after : 1;
    const many = Math.abs(target - running);
    return {
      fields,
      action: 'scale',
      effect: `${target > running ? 'starts' : 'stops'} ${count(many)}, restarts none`,
    };
  }
  return {
    fields,
    action: 'update',
    effect: running === 0 ? 'restarts nothing: no task runs' : `restarts ${count(running)}, rolling`,
  };
}

function count(tasks: number): string {
  return `${tasks} ${tasks === 1 ? 'task' : 'tasks'}`;
}

/** Leaf by leaf for objects and for arrays of the same length; other arrays differ as a whole. */
function diff(before: Json | undefined, after: Json | undefined, at: Pointer): FieldDiff[] {
  if (isObject(before) && isObject(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return names.flatMap((name) => diff(before[name], after[name], at + pointer(name)));
  }
  if (Array.isArray(before) && Array.isArray(after) && before.length === after.length) {
    return before.flatMap((item, index) => diff(item, after[index], at + pointer(index)));
  }
  if (equal(before, after)) return [];
  return [
    { pointer: at, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) },
  ];
}

function equal(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, at) => equal(item, b[at]));
  return false;
}
