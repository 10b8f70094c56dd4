import { DateTime, Duration } from 'luxon';

/** `(R[0-9]*)/(start)/(P…)`, as the server's own pattern has it. */
const FORM = /^(R[0-9]*)\/(.*)\/(P.*)$/;

export interface Parsed {
  /** -1: for ever. */
  repeat: number;
  start: DateTime;
  period: string;
}

/** Undefined where the server answers 400. The zone overrides the offset and keeps the wall clock. */
export function parse(text: string, zone: string, now = Date.now()): Parsed | undefined {
  const match = FORM.exec(text);
  if (match === null) return undefined;
  const [, head = '', start = '', period = ''] = match;
  if (
    !/^P(?!T?$)(-?\d+Y)?(-?\d+M)?(-?\d+W)?(-?\d+D)?(T(-?\d+H)?(-?\d+M)?(-?\d+(\.\d+)?S)?)?$/.test(period) &&
    period !== 'P'
  )
    return undefined;
  const wall = zone === '' ? start : start.replace(/(Z|[+-]\d\d(:?\d\d)?)$/, '');
  const known = zone === '' || !DateTime.now().setZone(zone).isValid ? 'UTC' : zone;
  const at =
    start === ''
      ? DateTime.fromMillis(now, { zone: 'UTC' }).minus({ seconds: 1 })
      : zone === ''
        ? DateTime.fromISO(wall, { setZone: true })
        : inZone(
            DateTime.fromISO(wall, { zone: known }),
            DateTime.fromISO(start, { zone: 'UTC', setZone: true }),
          );
  if (!at.isValid) return undefined;
  return { repeat: head === 'R' ? -1 : Number(head.slice(1)), start: at, period };
}

/**
 * Of the two hours that autumn has: the one with the offset that the zone has at the moment as it was written; else the
 * one that a guess from the wall clock taken for UTC leads to (Joda-Time, DateTimeZone.convertLocalToUTC).
 */
function inZone(at: DateTime, written: DateTime): DateTime {
  const both = at.getPossibleOffsets();
  if (both.length < 2) return at;
  const asWritten = written.setZone(at.zone).offset;
  const wall = at.setZone('UTC', { keepLocalTime: true });
  const guess = wall.minus({ minutes: wall.setZone(at.zone).offset }).setZone(at.zone).offset;
  return both.find(({ offset }) => offset === asWritten) ?? both.find(({ offset }) => offset === guess) ?? at;
}

/** The schedule after a launch: next tick after now, one repeat less, rewritten with milliseconds and offset. */
export function advanced(text: string, zone: string, now: number): string {
  const parsed = parse(text, zone, now);
  if (parsed === undefined) return text;
  const period = Duration.fromISO(parsed.period);
  let start = parsed.start;
  const step = period.isValid ? period.toMillis() : 0;
  // Hours and less are of one length: an old start with a short period is not walked through tick by tick.
  const isExact = !['years', 'months', 'weeks', 'days'].some((unit) => period.get(unit as 'days') !== 0);
  if (isExact && step > 0 && start.toMillis() <= now)
    start = start.plus(Math.floor((now - start.toMillis()) / step) * step);
  if (step > 0) while (start.toMillis() <= now) start = start.plus(period);
  // R0 - 1 prints as R: for ever.
  const repeat = parsed.repeat < 0 ? -1 : parsed.repeat - 1;
  return `R${repeat < 0 ? '' : repeat}/${printed(start)}/${parsed.period}`;
}

function printed(at: DateTime): string {
  return at.offset === 0
    ? at.toUTC().toFormat("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'")
    : at.toFormat("yyyy-MM-dd'T'HH:mm:ss.SSSZZ");
}
