import { DateTime, type IANAZone } from 'luxon';
import type { FreezeRule } from '../policy.js';
import { dayAt, DAY_MS, momentOf, weekdayOf, zoneOf, type Day } from './local-time.js';

/** Times in which something is closed: over and over in the same local times, or once. */
export type Window =
  | { every: 'week'; from: Weekly; to: Weekly; zone: IANAZone }
  | { every: 'day'; from: number; to: number; zone: IANAZone }
  | { every: 'once'; from: number; to: number; zone: IANAZone };

interface Weekly {
  /** 1 for Monday to 7 for Sunday. */
  weekday: number;
  /** Minute of the day. */
  minute: number;
}

/** From (included) to (excluded), in ms since the epoch. */
interface Span {
  from: number;
  to: number;
}

/** What is wrong with a window, and where. */
export interface WindowProblem {
  at: 'from' | 'to' | 'zone';
  message: string;
  fix: string;
}

const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'];
const FORMS = 'Write Fri 16:00 (every week), 16:00 (every day) or 2026-12-23T16:00 (once).';

/** Two windows that leave an opening do so within a year: clocks of two zones are changed on other days. */
const HORIZON_MS = 400 * DAY_MS;

type Stated = Pick<FreezeRule, 'from' | 'to' | 'zone'>;

/** Reads a window as it is written, or says what is wrong with it. */
export function readWindow({ from, to, zone: name }: Stated): Window | WindowProblem {
  const zone = zoneOf(name);
  if (zone === undefined)
    return {
      at: 'zone',
      message: `there is no time zone "${name}"`,
      fix: 'Write an IANA name, for example Europe/Berlin or UTC.',
    };
  const [begin, end] = [readTime(from), readTime(to)];
  if (begin === undefined) return { at: 'from', message: `"${from}" is no time of a window`, fix: FORMS };
  if (end === undefined) return { at: 'to', message: `"${to}" is no time of a window`, fix: FORMS };
  if (from.trim() === to.trim())
    return {
      at: 'to',
      message: 'it ends when it begins',
      fix: 'Write two different times; without an end it would never open: to stop everything, use towline pause.',
    };
  if (begin.every === 'week' && end.every === 'week')
    return { every: 'week', from: begin.time, to: end.time, zone };
  if (begin.every === 'day' && end.every === 'day')
    return { every: 'day', from: begin.time.minute, to: end.time.minute, zone };
  if (begin.every === 'once' && end.every === 'once') {
    const span = {
      from: momentOf(begin.time.day, begin.time.minute, zone, 'first'),
      to: momentOf(end.time.day, end.time.minute, zone, 'second'),
    };
    if (span.from < span.to) return { every: 'once', ...span, zone };
    return { at: 'to', message: 'it ends before it begins', fix: 'Write the earlier time first.' };
  }
  return { at: 'to', message: `"${from}" and "${to}" are not of the same form`, fix: FORMS };
}

export function isProblem(read: Window | WindowProblem): read is WindowProblem {
  return 'at' in read;
}

/** Until when a window is closed that is closed now; undefined where it is open. */
export function closedUntil(window: Window, now: number): number | undefined {
  const ends = spansAround(window, now)
    .filter(({ from, to }) => from <= now && now < to)
    .map(({ to }) => to);
  return ends.length === 0 ? undefined : Math.max(...ends);
}

/** When none of the windows is closed any more, from now on; undefined: never, as far as can be seen. */
export function opensAt(windows: readonly Window[], now: number): number | undefined {
  const lastOnce = Math.max(now, ...windows.map((window) => (window.every === 'once' ? window.to : now)));
  for (let at = now; at <= lastOnce + HORIZON_MS;) {
    const moment = at;
    const ends = windows.flatMap((window) => closedUntil(window, moment) ?? []);
    if (ends.length === 0) return moment;
    at = Math.max(...ends);
  }
  return undefined;
}

/** When a window is closed next, after now; undefined where it never is again. */
export function closesNext(window: Window, now: number): number | undefined {
  const begins = spansAround(window, now)
    .map(({ from }) => from)
    .filter((from) => from > now);
  return begins.length === 0 ? undefined : Math.min(...begins);
}

/** The times in which a window is closed, of the last ones that may still last to the next one to come. */
function spansAround(window: Window, now: number): Span[] {
  if (window.every === 'once') return [window];
  const today = dayAt(now, window.zone);
  const spans: Span[] = [];
  if (window.every === 'day') {
    for (let day = today - 2; day <= today + 3; day += 1) add(spans, dailySpan(day, window));
  } else {
    const first = today - 8;
    const offset = (window.from.weekday - weekdayOf(first) + 7) % 7;
    for (let day = first + offset; day <= today + 15; day += 7) add(spans, weeklySpan(day, window));
  }
  return spans;
}

function dailySpan(day: Day, { from, to, zone }: Window & { every: 'day' }): Span {
  const last = to <= from ? day + 1 : day;
  return { from: momentOf(day, from, zone, 'first'), to: momentOf(last, to, zone, 'second') };
}

function weeklySpan(day: Day, { from, to, zone }: Window & { every: 'week' }): Span {
  const days = (to.weekday - from.weekday + 7) % 7;
  const last = days === 0 && to.minute <= from.minute ? day + 7 : day + days;
  return { from: momentOf(day, from.minute, zone, 'first'), to: momentOf(last, to.minute, zone, 'second') };
}

/** One whose local times are all left out on that day closes nothing. */
function add(spans: Span[], span: Span): void {
  if (span.from < span.to) spans.push(span);
}

type Time =
  | { every: 'week'; time: Weekly }
  | { every: 'day'; time: { minute: number } }
  | { every: 'once'; time: { day: Day; minute: number } };

function readTime(text: string): Time | undefined {
  const [, word, date, hours, minutes] =
    /^(?:([A-Za-z]{3}) +|(\d{4}-\d{2}-\d{2})T)?(\d{1,2}):(\d{2})$/.exec(text.trim()) ?? [];
  const [hour, rest] = [Number(hours), Number(minutes)];
  if (!(hour < 24 && rest < 60)) return undefined;
  const minute = hour * 60 + rest;
  if (word !== undefined) {
    const weekday = DAYS.findIndex((name) => name.toLowerCase() === word.toLowerCase()) + 1;
    return weekday === 0 ? undefined : { every: 'week', time: { weekday, minute } };
  }
  if (date === undefined) return { every: 'day', time: { minute } };
  const midnight = DateTime.fromISO(date, { zone: 'utc' });
  if (!midnight.isValid) return undefined;
  return { every: 'once', time: { day: Math.floor(midnight.toMillis() / DAY_MS), minute } };
}
