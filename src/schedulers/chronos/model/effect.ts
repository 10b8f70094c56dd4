import type { FieldDiff } from '../../../domain/job/scheduler-model.js';
import type { JsonObject } from '../../../domain/source/json.js';
import { isMadeEndless, liveScheduleIn, scheduleIn } from './life.js';
import { parentsOf } from './rules.js';
import type { Schedule } from './schedule.js';

/** What it means to put a job in place over the live one: what goes on, and what is lost. */
export function effectOf(
  fields: readonly FieldDiff[],
  desired: JsonObject,
  live: JsonObject,
  lastApplied: JsonObject | undefined,
): string {
  const parts = [
    scheduleEffect(fields, desired, live, lastApplied),
    switchEffect(fields),
    desired['runOnDeploy'] === true ? smokeEffect(desired) : undefined,
  ];
  return parts.filter((part) => part !== undefined).join('; ');
}

/** What comes with making a job. */
export function createdEffect(spec: JsonObject): string | undefined {
  const schedule = scheduleIn(spec);
  const parts = [
    schedule === undefined || spec['disabled'] === true ? undefined : firstRun(schedule),
    spec['runOnDeploy'] === true ? smokeEffect(spec) : undefined,
  ].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : parts.join('; ');
}

/** What is not the next moment of a pattern. */
function firstRun({ start, repeat }: Schedule): string | undefined {
  if (start === undefined) return 'runs right away: its schedule has no start';
  if (repeat !== 1) return undefined;
  return `runs once, at ${start.toISO({ suppressMilliseconds: true }) ?? ''}, or right away where that has passed`;
}

/** What the smoke run costs. */
export function smokeEffect(desired: JsonObject): string {
  const repeat = scheduleIn(desired)?.repeat;
  return `is run right away, to see that it works${repeat === undefined ? '' : ', which uses up one of its repeats'}`;
}

function scheduleEffect(
  fields: readonly FieldDiff[],
  desired: JsonObject,
  live: JsonObject,
  lastApplied: JsonObject | undefined,
): string {
  const has = (pointer: string): boolean => fields.some((field) => field.pointer === pointer);
  if (isMadeEndless(desired, live, lastApplied))
    return 'is ended: Chronos made repeats without end of it when its last run was tried again';
  const [wanted, found] = [scheduleIn(desired), liveScheduleIn(live)];
  if (wanted === undefined) {
    const after = parentsOf(desired).join(' and ');
    if (found !== undefined) return `runs after ${after} and by the clock no more`;
    return has('/parents') ? `runs after ${after} from now on` : NEXT;
  }
  if (found === undefined) return 'runs by the clock, and after other jobs no more';
  if (!has('/schedule') && !has('/scheduleTimeZone')) {
    if (found.repeat === 0) return 'takes effect if it is run again: all of its runs are done';
    return found.repeat === undefined ? NEXT : `${NEXT}; ${found.repeat} of ${wanted.repeat} runs are left`;
  }
  const first = firstRun(wanted);
  if (found.repeat === 0)
    return `${first ?? 'runs again by the new schedule'}: all runs of the old one were done`;
  if (first !== undefined && wanted.start !== undefined) return first;
  if (found.repeat === undefined || wanted.repeat === undefined) return 'runs by the new schedule';
  return `resets ${found.repeat} remaining repeats to ${wanted.repeat}`;
}

const NEXT = 'takes effect at the next run, running tasks go on';

function switchEffect(fields: readonly FieldDiff[]): string | undefined {
  const field = fields.find(({ pointer }) => pointer === '/disabled');
  if (field === undefined) return undefined;
  return field.after === true ? 'is disabled' : 'is enabled, and makes up for no run that it missed';
}
