import { DateTime } from 'luxon';
import { isObject, type Json, type JsonObject } from '../../../domain/source/json.js';
import { STATE_FIELDS } from '../model/rules.js';
import { isLaterForm, nextOnPattern, parseSchedule, scheduleText, zoneOf } from '../model/schedule.js';

/**
 * The body that puts a job in place without losing what it has lived through (reference: chronos.md §2, "Update body"):
 * counters are sent along, a schedule that only moved on is kept as it is, and a start in the past moves to the next
 * moment of its own pattern, because Chronos would run the job at once otherwise. A one-shot in the past is sent as
 * written: running it now is what it says. A switch that Git does not name stays where the operator put it.
 */
export function bodyOf(spec: JsonObject, live: JsonObject | undefined, now: number): JsonObject {
  const body: JsonObject = { ...spec };
  if (live !== undefined) {
    for (const name of STATE_FIELDS)
      if (live[name] !== undefined && live[name] !== null) body[name] = live[name];
    if (spec['disabled'] === undefined && live['disabled'] !== undefined) body['disabled'] = live['disabled'];
  }
  if (typeof spec['schedule'] === 'string') body['schedule'] = scheduleOf(spec['schedule'], spec, live, now);
  return body;
}

function scheduleOf(text: string, spec: JsonObject, live: JsonObject | undefined, now: number): string {
  const parsed = parseSchedule(text, zoneOf(spec));
  if ('problem' in parsed) return text;
  const { schedule } = parsed;
  const running = typeof live?.['schedule'] === 'string' ? live['schedule'] : undefined;
  if (running !== undefined) {
    const found = parseSchedule(running, zoneOf(live ?? {}));
    if ('schedule' in found && isLaterForm(schedule, found.schedule)) return running;
  }
  const { start, repeat, duration } = schedule;
  if (start === undefined || repeat === 1 || start.toMillis() > now) return text;
  const from = DateTime.fromMillis(now, { zone: start.zone });
  return scheduleText(schedule, nextOnPattern(start, duration, from).at);
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
