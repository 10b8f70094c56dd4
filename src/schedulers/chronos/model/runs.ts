import { DateTime, type Duration } from 'luxon';
import type { SchedulerModel } from '../../../domain/job/scheduler-model.js';
import { liveScheduleIn, scheduleIn } from './life.js';
import { nextOnPattern, type Schedule } from './schedule.js';

/**
 * When a job comes to run by its schedule. One of Git that has begun already goes on at the next moment of its own
 * pattern (that is how it is sent), a single run in the past is done at once. One that is live and due is late: it runs at
 * once, and then at the first moment after that (reference: chronos.md §2, "What Chronos changes later").
 */
export const runs: NonNullable<SchedulerModel['runs']> = ({ spec }, { from, live }) => {
  const schedule = live ? liveScheduleIn(spec) : scheduleIn(spec);
  if (schedule === undefined || spec['disabled'] === true) return undefined;
  return texts(live ? runsOfLive(schedule, from) : runsOfGit(schedule, from));
};

function* texts(moments: Iterable<DateTime>): Generator<string> {
  for (const at of moments) yield at.toISO({ suppressMilliseconds: true }) ?? '';
}

function runsOfGit(schedule: Schedule, from: number): Iterable<DateTime> {
  const { start, duration, repeat } = schedule;
  const now = DateTime.fromMillis(from, { zone: start?.zone ?? 'UTC' });
  if (start === undefined || (repeat === 1 && start < now)) return ticks(schedule, now);
  return ticks(schedule, nextOnPattern(start, duration, now).at);
}

function* runsOfLive(schedule: Schedule, from: number): Iterable<DateTime> {
  const { start, duration, repeat = Infinity } = schedule;
  const now = DateTime.fromMillis(from, { zone: start?.zone ?? 'UTC' });
  if (start === undefined || start > now) {
    yield* ticks(schedule, start ?? now);
    return;
  }
  yield now;
  yield* ticks({ ...schedule, repeat: repeat - 1 }, firstAfter(start, duration, now));
}

/** Tick by tick, as Chronos goes; hours and less are of one length, so that an old start need not be walked through. */
function firstAfter(start: DateTime, duration: Duration, now: DateTime): DateTime {
  const { years, months, weeks, days } = duration;
  const step = duration.toMillis();
  let next = start;
  if (years + months + weeks + days === 0)
    next = start.plus(Math.floor((now.toMillis() - start.toMillis()) / step) * step);
  while (next <= now) next = oneOn(next, duration);
  return next;
}

/** Each run one period after the one before, by the clock of the zone: an hour that spring leaves out moves all later ones. */
function* ticks({ duration, repeat = Infinity }: Schedule, first: DateTime): Iterable<DateTime> {
  let at = first;
  for (let left = repeat; left > 0; left--) {
    yield at;
    at = oneOn(at, duration);
  }
}

/** Days and more by the clock, where of the two hours that autumn has the first is meant, then hours and less as they are. */
function oneOn(at: DateTime, duration: Duration): DateTime {
  const { years, months, weeks, days, hours, minutes, seconds } = duration;
  if (years + months + weeks + days === 0) return at.plus(duration);
  const day = at.plus({ years, months, weeks, days });
  return (day.getPossibleOffsets()[0] ?? day).plus({ hours, minutes, seconds });
}
