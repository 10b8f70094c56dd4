import { DateTime } from 'luxon';

const TIME = /^(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?(?:Z|UTC)?$/i;

/**
 * A time of `valid-after` and `valid-before` in ms since the epoch: YYYYMMDD, YYYYMMDDHHMM or YYYYMMDDHHMMSS. It is always
 * UTC, with a Z at its end or not: OpenSSH takes one without for the time of the machine that asks, and then two machines
 * would judge one signature differently. Undefined where there is no such time.
 */
export function signerTime(text: string): number | undefined {
  const match = TIME.exec(text);
  if (match === null) return undefined;
  const [year = 0, month, day, hour, minute, second] = match.slice(1).map((digits) => Number(digits ?? 0));
  const at = DateTime.fromObject({ year, month, day, hour, minute, second }, { zone: 'utc' });
  return at.isValid && at.toMillis() > 0 ? at.toMillis() : undefined;
}

/** For people: `2026-01-02T03:04:05Z`. */
export function signerTimeText(at: number): string {
  return DateTime.fromMillis(at, { zone: 'utc' }).toISO({ suppressMilliseconds: true }) ?? String(at);
}
