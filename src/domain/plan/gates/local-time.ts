import { DateTime, IANAZone } from 'luxon';

/** A day in a calendar, counted from 1970-01-01. */
export type Day = number;

/** Which of the two moments of a local time is meant that comes twice, because the clock is put back over it. */
export type Twin = 'first' | 'second';

export const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** The zone by its IANA name; undefined where there is none. Offsets (`+02:00`) know no summer time and are none. */
export function zoneOf(name: string): IANAZone | undefined {
  return /^[A-Za-z]/.test(name) && IANAZone.isValidZone(name) ? IANAZone.create(name) : undefined;
}

/** Offsets at the beginnings of days: to ask for one is slow, and windows ask for many. */
const atMidnights = new Map<string, number>();
const MOST_MIDNIGHTS = 20_000;

/** Minutes that a zone's clock is ahead of UTC at a moment. No clock is changed twice in one day. */
function offsetAt(ms: number, zone: IANAZone): number {
  const day = Math.floor(ms / DAY_MS);
  const before = offsetAtMidnight(day, zone);
  return before === offsetAtMidnight(day + 1, zone) ? before : zone.offset(ms);
}

function offsetAtMidnight(day: number, zone: IANAZone): number {
  const key = `${zone.name} ${day}`;
  const known = atMidnights.get(key) ?? zone.offset(day * DAY_MS);
  if (atMidnights.size > MOST_MIDNIGHTS) atMidnights.clear();
  atMidnights.set(key, known);
  return known;
}

/** The day that a zone's calendar shows at a moment. */
export function dayAt(ms: number, zone: IANAZone): Day {
  return Math.floor((ms + offsetAt(ms, zone) * MINUTE_MS) / DAY_MS);
}

/** 1 for Monday to 7 for Sunday. */
export function weekdayOf(day: Day): number {
  return ((((day + 3) % 7) + 7) % 7) + 1;
}

/**
 * The moment of a local time. One that is left out, because the clock is put forward over it, is the moment at which that
 * happens; of one that comes twice it is the one that is asked for.
 */
export function momentOf(day: Day, minute: number, zone: IANAZone, twin: Twin): number {
  const wall = day * DAY_MS + minute * MINUTE_MS;
  // No clock is further from UTC than this, nor changed twice within it.
  const offsets = [offsetAt(wall - DAY_MS, zone), offsetAt(wall + DAY_MS, zone)];
  const moments = offsets
    .map((offset) => ({ at: wall - offset * MINUTE_MS, offset }))
    .filter(({ at, offset }) => offsetAt(at, zone) === offset)
    .map(({ at }) => at);
  if (moments.length > 0) return twin === 'first' ? Math.min(...moments) : Math.max(...moments);
  const [before = 0, after = 0] = offsets;
  return jumpBetween(wall - after * MINUTE_MS, wall - before * MINUTE_MS, zone);
}

/** The first moment of the offset that holds at `high`; at `low` another one holds. */
function jumpBetween(low: number, high: number, zone: IANAZone): number {
  const after = offsetAt(high, zone);
  let [from, to] = [low, high];
  while (to - from > 1) {
    const middle = from + Math.floor((to - from) / 2);
    if (offsetAt(middle, zone) === after) to = middle;
    else from = middle;
  }
  return to;
}

/** `Mon 2026-03-30 08:00 Europe/Berlin`. */
export function localText(ms: number, zone: string): string {
  return `${DateTime.fromMillis(ms, { zone, locale: 'en' }).toFormat('ccc yyyy-MM-dd HH:mm')} ${zone}`;
}

/** `2026-03-30T06:00:00Z`. */
export function utcText(ms: number): string {
  return DateTime.fromMillis(ms, { zone: 'utc' }).toISO({ suppressMilliseconds: true }) ?? String(ms);
}

/** Milliseconds since the epoch of a time in ISO 8601; NaN where it is none. */
export function msOf(iso: string): number {
  return DateTime.fromISO(iso, { zone: 'utc' }).toMillis();
}

/** ISO 8601 in UTC, of a moment in ms since the epoch. */
export function isoOf(ms: number): string {
  return DateTime.fromMillis(ms, { zone: 'utc' }).toISO() ?? '';
}
