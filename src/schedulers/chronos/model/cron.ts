import { DateTime } from 'luxon';
import { clockChanges, isLeftOut, knownZone } from './zones.js';

type Converted = { schedule: string } | { problem: string; fix: string };

const MACROS: Readonly<Record<string, string>> = {
  '@hourly': '0 * * * *',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@weekly': '0 0 * * 0',
  '@monthly': '0 0 1 * *',
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
};

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
const DAY_MINUTES = 24 * 60;

/** The first week of this year begins on a Monday, and its first day is the first of a month. */
const ANCHOR = { year: 2024, month: 1 };

/** True for what looks like a cron expression: five fields or six, or a word with an @. */
export function isCron(text: string): boolean {
  return (
    /^@[a-z]+$/.test(text.trim()) || /^[\d*/,\-a-zA-Z?#]+(\s+[\d*/,\-a-zA-Z?#]+){4,5}$/.test(text.trim())
  );
}

/**
 * The repeating interval that runs exactly when a cron expression does, by the clock of a zone; or why there is none. A
 * repeating interval has one start and one step, so that most lists and ranges are several schedules.
 */
export function isoOfCron(text: string, zone: string): Converted {
  const fields = fieldsOf(text);
  if ('problem' in fields) return fields;
  const tz = zone === '' ? undefined : knownZone(zone);
  if (tz === undefined)
    return refused(
      'there is no known scheduleTimeZone by whose clock it could run',
      'Set scheduleTimeZone, for example to Europe/Berlin or UTC.',
    );
  const times = fields.hours.flatMap((hour) => fields.minutes.map((minute) => hour * 60 + minute));
  const everyDay = fields.days === undefined && fields.weekdays === undefined && fields.months === undefined;
  return times.length > 1 ? manyTimes(times, everyDay, tz) : oneTime(times[0] ?? 0, fields, tz);
}

interface Fields {
  minutes: number[];
  hours: number[];
  /** Undefined: all of them. */
  days: number[] | undefined;
  months: number[] | undefined;
  weekdays: number[] | undefined;
}

function fieldsOf(text: string): Fields | { problem: string; fix: string } {
  const macro = text.trim();
  if (macro.startsWith('@') && MACROS[macro] === undefined)
    return refused(`"${macro}" has no repeating interval`, 'Write the five fields, or R/START/PERIOD.');
  const parts = (MACROS[macro] ?? macro).split(/\s+/);
  if (parts.length === 6)
    return refused(
      'six fields are not the cron of Unix, and it is not said what they mean',
      'Write five fields.',
    );
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = parts;
  const read = {
    minutes: valuesOf(minute, 0, 59),
    hours: valuesOf(hour, 0, 23),
    days: valuesOf(day, 1, 31),
    months: valuesOf(month, 1, 12, MONTHS),
    // Both 0 and 7 are Sunday.
    weekdays: valuesOf(weekday, 0, 7, DAYS)?.map((value) => value % 7),
  };
  const bad = Object.entries(read).find(([, values]) => values === undefined);
  if (bad !== undefined)
    return refused(
      `the ${bad[0]} of the cron expression can't be read`,
      'For example 30 3 * * 1, Mondays at 03:30.',
    );
  const { minutes = [], hours = [], days = [], months = [], weekdays = [] } = read;
  const some = (values: number[], all: number): number[] | undefined => {
    const distinct = [...new Set(values)].sort((a, b) => a - b);
    return distinct.length === all ? undefined : distinct;
  };
  return {
    minutes: some(minutes, Infinity) ?? [],
    hours: some(hours, Infinity) ?? [],
    days: some(days, 31),
    months: some(months, 12),
    weekdays: some(weekdays, 7),
  };
}

function valuesOf(
  field: string,
  min: number,
  max: number,
  names: readonly string[] = [],
): number[] | undefined {
  const value = (text: string): number | undefined => {
    const named = names.indexOf(text.toLowerCase());
    const number = named >= 0 ? named + (names === MONTHS ? 1 : 0) : /^\d+$/.test(text) ? Number(text) : NaN;
    return number >= min && number <= max ? number : undefined;
  };
  const all: number[] = [];
  for (const part of field.split(',')) {
    const [range = '', step, ...more] = part.split('/');
    const by = step === undefined ? 1 : /^[1-9]\d*$/.test(step) ? Number(step) : undefined;
    const [from, to = step === undefined ? from : undefined, ...rest] =
      range === '*' ? [min, max] : range.split('-').map(value);
    // `5/10` is from 5 on, to the end.
    const last = to ?? (range.includes('-') ? undefined : max);
    if (
      by === undefined ||
      more.length > 0 ||
      rest.length > 0 ||
      from === undefined ||
      last === undefined ||
      last < from
    )
      return undefined;
    for (let n = from; n <= last; n += by) all.push(n);
  }
  return all;
}

/** Several times a day are one schedule only if all steps between them are equal, over midnight as well. */
function manyTimes(times: number[], everyDay: boolean, zone: string): Converted {
  const sorted = [...times].sort((a, b) => a - b);
  const first = sorted[0] ?? 0;
  const steps = new Set(sorted.map((at, n) => (sorted[n + 1] ?? first + DAY_MINUTES) - at));
  const [step = 0] = steps;
  if (!everyDay)
    return refused(
      'it means several times on some days only, which no single interval does',
      'Make a job of each time of day.',
    );
  if (steps.size > 1)
    return refused('the times of day are not the same step apart', 'Make a job of each time of day.');
  if (clockChanges(zone).some(({ minutes }) => minutes % step !== 0))
    return refused(
      `an interval of ${periodText(step)} goes by elapsed time, and shifts against the clock of ${zone} when that is changed`,
      'Use a scheduleTimeZone without summer time, for example UTC, or make a job of each time of day.',
    );
  return { schedule: `R/${startText(1, first, zone)}/${periodText(step)}` };
}

function oneTime(time: number, { days, months, weekdays }: Fields, zone: string): Converted {
  if (isLeftOut(zone, time))
    return refused(
      `${clockText(time)} does not exist in ${zone} on the day on which the clock is put forward, and Chronos would stay an hour late from then on`,
      'Choose a time of day that every day has.',
    );
  if (days !== undefined && weekdays !== undefined)
    return refused(
      'cron takes a day of the month or a day of the week, whichever comes, where both are given',
      'Give one of them.',
    );
  if (weekdays !== undefined) {
    if (months !== undefined || weekdays.length > 1)
      return refused(
        'these days of the week are not a fixed number of days apart',
        'Make a job of each of them.',
      );
    // The first of the month is a Monday.
    const day = 1 + (((weekdays[0] ?? 0) + 6) % 7);
    return { schedule: `R/${startText(day, time, zone)}/P7D` };
  }
  if (days === undefined) {
    if (months !== undefined)
      return refused(
        'it means the days of some months only, which no single interval does',
        'Give a day of the month.',
      );
    return { schedule: `R/${startText(1, time, zone)}/P1D` };
  }
  return monthly(days, months, time, zone);
}

function monthly(
  days: readonly number[],
  months: readonly number[] | undefined,
  time: number,
  zone: string,
): Converted {
  const [day = 1, ...others] = days;
  if (others.length > 0)
    return refused('these days of the month are not a fixed step apart', 'Make a job of each of them.');
  if (day > 28)
    return refused(
      `not every month has a day ${day}, and Chronos would slip to day 28 and stay there`,
      'Choose a day from 1 to 28.',
    );
  const all = months ?? MONTHS.map((_, at) => at + 1);
  const first = all[0] ?? 1;
  const steps = new Set(all.map((month, n) => (all[n + 1] ?? first + 12) - month));
  const [step = 12] = steps;
  if (steps.size > 1)
    return refused('these months are not the same step apart', 'Make a job of each of them.');
  return { schedule: `R/${startText(day, time, zone, first)}/P${step}M` };
}

function startText(day: number, time: number, zone: string, month = ANCHOR.month): string {
  const at = DateTime.fromObject(
    { year: ANCHOR.year, month, day, hour: Math.floor(time / 60), minute: time % 60 },
    { zone },
  );
  return at.toFormat("yyyy-MM-dd'T'HH:mm:ssZZ");
}

function clockText(time: number): string {
  return `${String(Math.floor(time / 60)).padStart(2, '0')}:${String(time % 60).padStart(2, '0')}`;
}

function periodText(minutes: number): string {
  return minutes % 60 === 0 ? `PT${minutes / 60}H` : `PT${minutes}M`;
}

function refused(problem: string, fix: string): { problem: string; fix: string } {
  return { problem: `it is a cron expression, and ${problem}`, fix };
}
