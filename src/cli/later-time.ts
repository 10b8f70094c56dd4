import { TowlineError } from '../runtime/errors.js';

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/;

/** A time to come, as a person writes it: with its zone, or from now on (`90m`, `2h`, `3d`). ISO 8601, UTC. */
export function laterTime(text: string, now: number): string {
  const [, count, unit = ''] = /^(\d{1,4})([mhd])$/.exec(text) ?? [];
  const at =
    count === undefined
      ? TIME.test(text)
        ? Date.parse(text)
        : Number.NaN
      : now + Number(count) * (UNITS[unit] ?? Number.NaN);
  if (at > now) return new Date(at).toISOString();
  throw new TowlineError('time-invalid', 'invalid', `"${text}" is no time to come`, {
    help: 'Write it with its zone, as 2026-12-24T08:00Z or 2026-12-24T08:00+01:00, or from now on: 90m, 2h, 3d.',
  });
}
