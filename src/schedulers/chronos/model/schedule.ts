import { DateTime, Duration } from 'luxon';
import type { JsonObject } from '../../../domain/source/json.js';
import { isCron, isoOfCron } from './cron.js';
import { knownZone } from './zones.js';

/** `R5/2026-01-01T03:00:00Z/P1D`, taken apart. */
export interface Schedule {
  /** Runs left; undefined: for ever. */
  repeat: number | undefined;
  /** Undefined: now, at every reading. */
  start: DateTime | undefined;
  /** As written, upper case. */
  period: string;
  duration: Duration;
}

/** The zone of a job, Git's or live; empty: the offset of its start counts. */
export function zoneOf(spec: JsonObject): string {
  return typeof spec['scheduleTimeZone'] === 'string' ? spec['scheduleTimeZone'] : '';
}

/** A repeating interval, or what is wrong with it (reference: chronos.md §2, "Schedule"). */
export function parseSchedule(
  text: string,
  zone: string,
): { schedule: Schedule } | { problem: string; fix: string } {
  const example = 'For example R/2026-01-01T03:00:00Z/P1D: repeat, start, period.';
  const parts = text.split('/');
  const [head = '', start = '', period = ''] = parts;
  if (parts.length !== 3 || !/^R[0-9]*$/.test(head)) {
    const cron = isCron(text) ? isoOfCron(text, zone) : undefined;
    return cron !== undefined && 'problem' in cron
      ? cron
      : { problem: 'it is no ISO 8601 repeating interval', fix: example };
  }
  const repeat = head === 'R' ? undefined : Number(head.slice(1));
  if (repeat === 0)
    return {
      problem: 'R0 never runs, and a manual run turns it into a job that runs for ever',
      fix: 'Write R for ever, R1 for once, or disabled: true.',
    };
  const known = zone === '' ? 'UTC' : knownZone(zone);
  if (known === undefined)
    return {
      problem: `the time zone "${zone}" is not known; Chronos would take GMT`,
      fix: 'Write a name of the tz database, for example Europe/Berlin.',
    };
  const duration = parsePeriod(period);
  if (typeof duration === 'string') return { problem: duration, fix: 'For example P1D, PT15M, P1M.' };
  if (start === '') return { schedule: { repeat, start: undefined, period, duration } };
  const hasOffset = /(Z|[+-]\d\d(:?\d\d)?)$/.test(start) && start.includes('T');
  if (!hasOffset && zone === '')
    return {
      problem:
        'the start has no offset and there is no scheduleTimeZone; it would be read in the zone of the server',
      fix: 'Add Z or an offset to the start, or set scheduleTimeZone.',
    };
  // The zone overrides the offset and keeps the wall clock.
  const wall = zone === '' ? start : start.replace(/(Z|[+-]\d\d(:?\d\d)?)$/, '');
  const at =
    zone === ''
      ? DateTime.fromISO(wall, { setZone: true })
      : inDoubledHour(DateTime.fromISO(wall, { zone: known }), start);
  if (!at.isValid) return { problem: `the start "${start}" is no date`, fix: example };
  if (at.toMillis() < 1000)
    return {
      problem: 'the start lies before 1970-01-01T00:00:01Z, which Chronos refuses',
      fix: 'Choose a later start; only the pattern matters.',
    };
  const months = duration.years > 0 || duration.months > 0;
  if (months && at.day > 28)
    return {
      problem: `a period of months from day ${at.day} slips to day 28 and stays there`,
      fix: 'Start on day 1 to 28.',
    };
  return { schedule: { repeat, start: at, period, duration } };
}

/**
 * A start in the hour that autumn has twice: where the zone has, at the moment as written, the offset of one of the two,
 * that one is meant. Else the guess of Joda-Time decides: the offset at the wall clock taken for UTC, which is that of
 * winter east of Greenwich and that of summer west of it (DateTimeZone.convertLocalToUTC).
 */
function inDoubledHour(at: DateTime, written: string): DateTime {
  const both = at.isValid ? at.getPossibleOffsets() : [];
  if (both.length < 2) return at;
  const moment = DateTime.fromISO(written, { zone: 'UTC' }).toMillis();
  const asUtc = at.toMillis() + at.offset * 60_000;
  const offsetAt = (ms: number): number => DateTime.fromMillis(ms, { zone: at.zone }).offset;
  const guessed = offsetAt(asUtc - offsetAt(asUtc) * 60_000);
  const meant = [offsetAt(moment), guessed].find((offset) => both.some((one) => one.offset === offset));
  return both.find(({ offset }) => offset === meant) ?? at;
}

function parsePeriod(text: string): Duration | string {
  if (/^P$|T$/.test(text) || !/^P(\d+Y)?(\d+M)?(\d+W)?(\d+D)?(T(\d+H)?(\d+M)?(\d+S)?)?$/.test(text)) {
    if (/\d\.\d/.test(text)) return 'a period with fractions stops the whole scheduler at its first run';
    if (/^P\d+H/.test(text)) return 'hours come after a "T": PT1H';
    if (text.includes('-')) return 'a negative period never runs';
    return `"${text}" is no period`;
  }
  const duration = Duration.fromISO(text);
  if (!duration.isValid) return `"${text}" is no period`;
  return duration.toMillis() > 0 ? duration : 'an empty period runs all the time';
}

/** The same schedule at a later moment of the job's life: start on the pattern, repeats not more than Git's. */
export function isLaterForm(git: Schedule, live: Schedule): boolean {
  if (!sameDuration(git, live)) return false;
  if ((git.repeat === undefined) !== (live.repeat === undefined)) return false;
  if (git.repeat !== undefined && live.repeat !== undefined && live.repeat > git.repeat) return false;
  if (git.start === undefined || live.start === undefined) return true;
  return onPattern(git.start, git.duration, live.start);
}

function sameDuration(a: Schedule, b: Schedule): boolean {
  return JSON.stringify(clean(a.duration)) === JSON.stringify(clean(b.duration));
}

/** Zeros dropped; PT60M and PT1H stay different, as Chronos keeps them. */
function clean(duration: Duration): Record<string, number> {
  return Object.fromEntries(
    Object.entries(duration.toObject())
      .filter(([, value]) => value !== 0)
      .sort(),
  );
}

function onPattern(start: DateTime, period: Duration, at: DateTime): boolean {
  if (at.toMillis() < start.toMillis()) return false;
  const index = stepsUntil(start, period, at);
  const slack = summerTimeSlack(start, period, index + 1);
  return [index - 1, index, index + 1].some((n) => {
    const off = Math.abs(start.plus(multiply(period, Math.max(0, n))).toMillis() - at.toMillis());
    return off === 0 || (slack > 0 && off % slack === 0);
  });
}

/**
 * Hours by which a live start may lie beside the pattern of Git for no reason but summer time, in ms. Days keep the wall
 * clock, hours do not: a period of both lands an hour more or less away for each change of the clock, depending on how
 * many steps Chronos took at once. And a start of days that once fell into the hour that spring leaves out stays an hour
 * late for ever (reference: chronos.md §2).
 */
function summerTimeSlack(start: DateTime, period: Duration, steps: number): number {
  const { years, months, weeks, days, hours, minutes, seconds } = period;
  if (years + months + weeks + days === 0) return 0;
  const [winter, summer] = [1, 7].map((month) => start.set({ month, day: 1 }).offset);
  const shift = Math.abs((summer ?? 0) - (winter ?? 0)) * 60_000;
  if (shift === 0 || hours + minutes + seconds > 0) return shift;
  const clock = (at: DateTime): number => at.hour * 60 + at.minute;
  for (let n = 1; n <= Math.min(steps, MOST_STEPS); n++)
    if (clock(start.plus(multiply(period, n))) !== clock(start)) return shift;
  return 0;
}

/** Ten years of days: within these every clock time meets each change of the clock. */
const MOST_STEPS = 3660;

/** The first moment of the pattern that is not before a given one, and how many steps lie before it. */
export function nextOnPattern(
  start: DateTime,
  period: Duration,
  from: DateTime,
): { at: DateTime; steps: number } {
  if (from <= start) return { at: start, steps: 0 };
  let steps = Math.max(0, stepsUntil(start, period, from) - 2);
  while (start.plus(multiply(period, steps)) < from) steps += 1;
  return { at: start.plus(multiply(period, steps)), steps };
}

function stepsUntil(start: DateTime, period: Duration, at: DateTime): number {
  if (period.years > 0 || period.months > 0) {
    const months = period.years * 12 + period.months;
    return Math.floor(at.diff(start, 'months').months / months);
  }
  // By the wall clock for days, or the hour of a changed clock, taken for a part of each step, adds up over the years.
  const clock = period.weeks + period.days > 0 ? (at.offset - start.offset) * 60_000 : 0;
  return Math.floor((at.toMillis() - start.toMillis() + clock) / period.toMillis());
}

function multiply(period: Duration, n: number): Duration {
  return period.mapUnits((value) => value * n);
}

/** As Chronos writes it: `R4/2026-01-02T03:00:00.000Z/P1D`. */
export function scheduleText({ repeat, period }: Schedule, start: DateTime): string {
  const offset =
    start.offset === 0
      ? start.toUTC().toFormat("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'")
      : start.toFormat("yyyy-MM-dd'T'HH:mm:ss.SSSZZ");
  return `R${repeat ?? ''}/${offset}/${period}`;
}
