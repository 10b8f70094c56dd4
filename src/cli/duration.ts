import { InvalidArgumentError } from 'commander';

const UNITS: Readonly<Record<string, number>> = { '': 1000, s: 1000, m: 60_000, h: 3_600_000 };

/** A length of time on a command line, in ms: `90` or `90s`, `15m`, `2h`. Throws commander's own error for anything else. */
export function duration(text: string): number {
  const [, count, unit = ''] = /^(\d{1,6})([smh]?)$/.exec(text) ?? [];
  const ms = Number(count) * (UNITS[unit] ?? Number.NaN);
  if (ms > 0 && ms <= MOST_MS) return ms;
  throw new InvalidArgumentError('a time as 90s, 15m or 2h is needed, a day at most');
}

/** Longer than a timer of Node can be would be no wait at all; a CI job ends long before. */
const MOST_MS = 86_400_000;
