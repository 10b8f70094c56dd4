import { InvalidArgumentError } from 'commander';
import { TowlineError } from '../runtime/errors.js';

const UNITS = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const;

/** A time of a command line in ms since the epoch: ISO 8601, a date (its beginning, UTC), or `3d`, `12h` ago. */
export function whenOf(text: string, now = Date.now()): number {
  const ago = /^(\d{1,6})([smhdw])(?: ago)?$/.exec(text);
  if (ago !== null) return now - Number(ago[1]) * UNITS[ago[2] as keyof typeof UNITS] * 1000;
  const time = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time))
    throw new InvalidArgumentError('a time is 2026-01-31, 2026-01-31T12:00:00Z, or 12h or 3d ago');
  return time;
}

/** Throws for a time that ends before it begins, in which nothing can have happened. In ms since the epoch. */
export function checkPeriod({
  since,
  until,
}: {
  since?: number | undefined;
  until?: number | undefined;
}): void {
  if (since === undefined || until === undefined || since <= until) return;
  const [from, to] = [since, until].map((time) => new Date(time).toISOString());
  throw new TowlineError('time-order', 'invalid', `--since ${from} is after --until ${to}`, {
    help: 'Turn them around.',
  });
}
