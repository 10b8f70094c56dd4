import type { JsonObject } from '../../../domain/source/json.js';
import { isLaterForm, parseSchedule, zoneOf, type Schedule } from './schedule.js';

/** The schedule of a job of Git; undefined where it has none, or none that can be read. */
export function scheduleIn(spec: JsonObject): Schedule | undefined {
  const text = spec['schedule'];
  if (typeof text !== 'string') return undefined;
  const parsed = parseSchedule(text, zoneOf(spec));
  return 'schedule' in parsed ? parsed.schedule : undefined;
}

/** That of a live job, with the repeats that are left: 0 where it has run out. */
export function liveScheduleIn(spec: JsonObject): Schedule | undefined {
  const text = String(spec['schedule'] ?? '');
  if (!text.startsWith('R0/')) return scheduleIn(spec);
  const schedule = scheduleIn({ ...spec, schedule: text.replace(/^R0/, 'R1') });
  return schedule === undefined ? undefined : { ...schedule, repeat: 0 };
}

/**
 * True where a live job has the schedule of Git, at whichever moment of its life. How many repeats it began with is told
 * by what was last applied only: R7 may be left of R10, and of R15.
 */
export function isSameSchedule(git: JsonObject, live: JsonObject, lastApplied?: JsonObject): boolean {
  const [wanted, found] = [scheduleIn(git), liveScheduleIn(live)];
  // What can't be read is compared as it is written.
  if (wanted === undefined || found === undefined) return git['schedule'] === live['schedule'];
  const before = lastApplied === undefined ? undefined : scheduleIn(lastApplied);
  return isLaterForm(wanted, found) && (before === undefined || isSameCount(wanted, before));
}

/** Runs without end may begin anywhere on their pattern; a number of runs begins where it says. */
function isSameCount(git: Schedule, before: Schedule): boolean {
  if (git.repeat !== before.repeat) return false;
  return git.repeat === undefined || git.start?.toMillis() === before.start?.toMillis();
}

/**
 * True where Chronos itself made repeats without end of a counted job: a run that is tried again, or started by hand, after
 * the last one counts R0 down to R (mesos/chronos #814). Git has not changed the schedule since it was sent.
 */
export function isMadeEndless(
  git: JsonObject,
  live: JsonObject,
  lastApplied: JsonObject | undefined,
): boolean {
  const [wanted, found] = [scheduleIn(git), liveScheduleIn(live)];
  if (wanted?.repeat === undefined || found === undefined || found.repeat !== undefined) return false;
  return lastApplied !== undefined && isSameSchedule(git, lastApplied, lastApplied);
}
