import { describe, expect, it } from '@jest/globals';
import { DateTime } from 'luxon';
import fc from 'fast-check';
import { isCron, isoOfCron } from './cron.js';
import { runs } from './runs.js';
import { parseSchedule } from './schedule.js';

const BERLIN = 'Europe/Berlin';

describe('a cron expression', () => {
  it.each([
    ['0 3 * * *', 'R/2024-01-01T03:00:00+01:00/P1D'],
    ['30 4 * * 1', 'R/2024-01-01T04:30:00+01:00/P7D'],
    ['30 4 * * Sun', 'R/2024-01-07T04:30:00+01:00/P7D'],
    ['30 4 * * 7', 'R/2024-01-07T04:30:00+01:00/P7D'],
    ['0 0 15 * *', 'R/2024-01-15T00:00:00+01:00/P1M'],
    ['0 0 1 */3 *', 'R/2024-01-01T00:00:00+01:00/P3M'],
    ['0 0 1 jul *', 'R/2024-07-01T00:00:00+02:00/P12M'],
    ['5 * * * *', 'R/2024-01-01T00:05:00+01:00/PT1H'],
    ['*/15 * * * *', 'R/2024-01-01T00:00:00+01:00/PT15M'],
    ['7-59/20 * * * *', 'R/2024-01-01T00:07:00+01:00/PT20M'],
    ['@daily', 'R/2024-01-01T00:00:00+01:00/P1D'],
    ['@weekly', 'R/2024-01-07T00:00:00+01:00/P7D'],
  ])('%s is the interval %s', (text, schedule) => {
    expect(isCron(text)).toBe(true);
    expect(isoOfCron(text, BERLIN)).toEqual({ schedule });
    expect(parseSchedule(schedule, BERLIN)).toHaveProperty('schedule');
  });

  it('of some hours is one only where the clock is never changed', () => {
    expect(isoOfCron('0 */6 * * *', 'UTC')).toEqual({ schedule: 'R/2024-01-01T00:00:00+00:00/PT6H' });
    expect(isoOfCron('0 */6 * * *', BERLIN)).toMatchObject({
      problem: expect.stringContaining('elapsed time'),
    });
    expect(isoOfCron('0 * * * *', 'Australia/Lord_Howe')).toHaveProperty('problem');
  });

  it.each([
    ['0 3 * * *', '', /no known scheduleTimeZone/],
    ['0 3 * * 1-5', BERLIN, /days of the week/],
    ['0 3 31 * *', BERLIN, /slip to day 28/],
    ['0 3 1,15 * *', BERLIN, /days of the month/],
    ['0 3 1 1,2 *', BERLIN, /months/],
    ['0 3 * 6 *', BERLIN, /days of some months/],
    ['0 3 1 * 1', BERLIN, /whichever comes/],
    ['0 9,17 * * 1', BERLIN, /several times on some days/],
    ['0 9,10 * * *', 'UTC', /same step/],
    ['*/7 * * * *', 'UTC', /same step/],
    ['30 2 * * *', BERLIN, /does not exist/],
    ['0 0 3 * * *', BERLIN, /six fields/],
    ['@reboot', BERLIN, /no repeating interval/],
    ['61 3 * * *', BERLIN, /minutes/],
    ['0 5-3 * * *', BERLIN, /hours/],
    ['0 3 * * fry', BERLIN, /weekdays/],
  ])('%s (%s) is refused, with the reason', (text, zone, reason) => {
    expect(isoOfCron(text, zone)).toMatchObject({ problem: expect.stringMatching(reason) });
    expect(parseSchedule(text, zone)).toMatchObject({ problem: expect.stringMatching(reason) });
  });

  it('is nothing else', () => {
    for (const text of ['R/2026-01-01T03:00:00Z/P1D', 'every day', '0 3 * *', ''])
      expect(isCron(text)).toBe(false);
  });

  // What is accepted runs at exactly the minutes that the fields name, found by looking at every minute of the clock.
  const range = (min: number, max: number) => Array.from({ length: max - min + 1 }, (_, n) => min + n);
  const field = (min: number, max: number, ofAll = 3): fc.Arbitrary<{ text: string; values: Set<number> }> =>
    fc.oneof(
      { weight: ofAll, arbitrary: fc.constant({ text: '*', values: new Set(range(min, max)) }) },
      {
        weight: 4,
        arbitrary: fc.integer({ min, max }).map((n) => ({ text: String(n), values: new Set([n]) })),
      },
      {
        weight: 2,
        arbitrary: fc.constantFrom(2, 3, 5, 6, 15, 20).map((by) => ({
          text: `*/${by}`,
          values: new Set(range(min, max).filter((n) => (n - min) % by === 0)),
        })),
      },
      {
        weight: 1,
        arbitrary: fc
          .uniqueArray(fc.integer({ min, max }), { minLength: 2, maxLength: 4 })
          .map((all) => ({ text: all.join(','), values: new Set(all) })),
      },
    );
  interface Wall {
    at: number;
    fields: readonly number[];
    text: string;
  }
  const FORMAT = 'yyyy-MM-dd HH:mm';
  const walls = new Map<string, readonly Wall[]>();
  const minutesOf = (zone: string, from: string): readonly Wall[] => {
    const key = `${zone} ${from}`;
    const begin = Date.parse(from);
    const all =
      walls.get(key) ??
      Array.from({ length: 4 * 1440 }, (_, n): Wall => {
        const wall = DateTime.fromMillis(begin + n * 60_000, { zone });
        const { minute, hour, day, month, weekday } = wall;
        return {
          at: wall.toMillis(),
          fields: [minute, hour, day, month, weekday % 7],
          text: wall.toFormat(FORMAT),
        };
      });
    walls.set(key, all);
    return all;
  };

  it('that is accepted runs at exactly the minutes that it names', () => {
    let accepted = 0;
    fc.assert(
      fc.property(
        fc.tuple(field(0, 59), field(0, 23), field(1, 31, 15), field(1, 12, 15), field(0, 6, 15)),
        fc.constantFrom('UTC', BERLIN, 'America/New_York', 'Australia/Lord_Howe', 'Asia/Kolkata'),
        fc.constantFrom('2026-03-28', '2026-10-24', '2026-04-04', '2027-02-26'),
        (fields, zone, from) => {
          const text = fields.map((each) => each.text).join(' ');
          const converted = isoOfCron(text, zone);
          if ('problem' in converted) return;
          accepted += 1;
          const all = minutesOf(zone, from);
          const expected = all
            .filter((wall) => fields.every(({ values }, n) => values.has(wall.fields[n] ?? -1)))
            .map((wall) => wall.text);
          const [begin, end] = [all[0]?.at ?? 0, all.at(-1)?.at ?? 0];
          const found: string[] = [];
          const spec = { schedule: converted.schedule, scheduleTimeZone: zone };
          for (const run of runs({ kind: 'scheduled', spec }, { from: begin, live: false }) ?? []) {
            if (Date.parse(run) > end) break;
            found.push(DateTime.fromISO(run, { zone }).toFormat(FORMAT));
          }
          // In the hour that autumn has twice, a time of day is meant once.
          expect(new Set(found)).toEqual(new Set(expected));
        },
      ),
      { numRuns: 1000 },
    );
    expect(accepted).toBeGreaterThan(100);
  }, 60_000);
});
