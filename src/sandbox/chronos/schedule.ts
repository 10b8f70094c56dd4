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
export function parse(text: string, zone: string): Parsed | undefined {
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
      ? DateTime.now().minus({ seconds: 1 })
      : zone === ''
        ? DateTime.fromISO(wall, { setZone: true })
        : DateTime.fromISO(wall, { zone: known });
  if (!at.isValid) return undefined;
  return { repeat: head === 'R' ? -1 : Number(head.slice(1)), start: at, period };
}

/** The schedule after a launch: next tick after now, one repeat less, rewritten with milliseconds and offset. */
export function advanced(text: string, zone: string, now: number): { text: string; exhausted: boolean } {
  const parsed = parse(text, zone);
  if (parsed === undefined) return { text, exhausted: false };
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
  return { text: `R${repeat < 0 ? '' : repeat}/${printed(start)}/${parsed.period}`, exhausted: repeat === 0 };
}

function printed(at: DateTime): string {
  return at.offset === 0
    ? at.toUTC().toFormat("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'")
    : at.toFormat("yyyy-MM-dd'T'HH:mm:ss.SSSZZ");
}
