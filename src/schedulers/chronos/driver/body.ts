import { DateTime } from 'luxon';
import { isObject, type Json, type JsonObject } from '../../../domain/source/json.js';
import { OWN_FIELDS, STATE_FIELDS } from '../model/fields.js';
import { isMadeEndless, isSameSchedule, liveScheduleIn, scheduleIn } from '../model/life.js';
import { parentsOf } from '../model/rules.js';
import { nextOnPattern, scheduleText, type Schedule } from '../model/schedule.js';

interface Before {
  live: JsonObject | undefined;
  lastApplied?: JsonObject | undefined;
  /** Milliseconds since the epoch. */
  now: number;
}

/**
 * The body that puts a job in place without losing what it has lived through (reference: chronos.md §2, "Update body"):
 * counters are sent along, a schedule that only moved on is kept as it is, and a start in the past moves to the next
 * moment of its own pattern, because Chronos would run the job at once otherwise. A one-shot in the past is sent as
 * written: running it now is what it says. A switch that Git does not name stays where the operator put it.
 */
export function bodyOf(spec: JsonObject, before: Before): JsonObject {
  const { live } = before;
  const body = Object.fromEntries(Object.entries(spec).filter(([name]) => !OWN_FIELDS.includes(name)));
  const schedule = typeof spec['schedule'] === 'string' ? scheduleOf(spec, before) : undefined;
  if (schedule !== undefined) body['schedule'] = schedule;
  if (live === undefined) return body;
  for (const name of STATE_FIELDS)
    if (live[name] !== undefined && live[name] !== null) body[name] = live[name];
  const disabled = switchOf(spec, before);
  if (disabled !== undefined) body['disabled'] = disabled;
  // In another order they would begin anew to wait for all of them.
  if (sameSet(parentsOf(spec), parentsOf(live))) body['parents'] = parentsOf(live);
  return body;
}

function switchOf(spec: JsonObject, { live = {}, lastApplied }: Before): Json | undefined {
  if (isMadeEndless(spec, live, lastApplied)) return true;
  if (spec['disabled'] !== undefined) return spec['disabled'];
  // Off because it has run out: a new schedule means new runs.
  if (liveScheduleIn(live)?.repeat === 0 && !isSameSchedule(spec, live, lastApplied)) return false;
  return live['disabled'];
}

function scheduleOf(spec: JsonObject, { live = {}, lastApplied, now }: Before): Json | undefined {
  const [wanted, found] = [scheduleIn(spec), liveScheduleIn(live)];
  if (wanted === undefined) return spec['schedule'];
  if (found?.start !== undefined && isMadeEndless(spec, live, lastApplied))
    return scheduleText({ ...wanted, repeat: 0 }, found.start);
  if (found !== undefined && isSameSchedule(spec, live, lastApplied)) {
    // What it missed while it was off is not made up for when it is switched on.
    const isSwitchedOn = live['disabled'] === true && spec['disabled'] === false;
    return isSwitchedOn ? notInThePast(found, now, live['schedule']) : live['schedule'];
  }
  // No start means now; a job that is there already goes on from where it is.
  const start = wanted.start ?? (found?.repeat === 0 ? undefined : found?.start);
  return notInThePast({ ...wanted, start }, now, spec['schedule']);
}

function notInThePast(schedule: Schedule, now: number, asWritten: Json | undefined): Json | undefined {
  const { start, repeat, duration } = schedule;
  if (start === undefined || repeat === 1 || repeat === 0) return asWritten;
  if (start.toMillis() > now && String(asWritten).split('/')[1] !== '') return asWritten;
  return scheduleText(
    schedule,
    nextOnPattern(start, duration, DateTime.fromMillis(now, { zone: start.zone })).at,
  );
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length > 0 && new Set(a).size === new Set(b).size && a.every((one) => b.includes(one));
}

/** True where a graph in CSV form has a child of a job (rows `link,PARENT,CHILD`). */
export function childrenIn(csv: string, name: string): string[] {
  return csv
    .split('\n')
    .map((line) => line.trim().split(','))
    .filter(([kind, parent]) => kind === 'link' && parent === name)
    .map(([, , child = '']) => child);
}

/** Rows of jobs/summary by name. */
export function summaryOf(
  json: Json | undefined,
  name: string,
): { state: string; status: string } | undefined {
  const jobs = isObject(json) && Array.isArray(json['jobs']) ? json['jobs'].filter(isObject) : [];
  const job = jobs.find((j) => j['name'] === name);
  return job === undefined
    ? undefined
    : { state: String(job['state'] ?? ''), status: String(job['status'] ?? '') };
}
