import { describe, expect, it } from '@jest/globals';
import { Temporal } from '@js-temporal/polyfill';
import fc from 'fast-check';
import type { JsonObject } from '../../../domain/source/json.js';
import { runs } from './runs.js';

const at = (text: string): number => Date.parse(text);
const first = (spec: JsonObject, from: number, live: boolean, count: number): string[] | undefined => {
  const all = runs({ kind: 'scheduled', spec }, { from, live });
  if (all === undefined) return undefined;
  const result: string[] = [];
  for (const run of all) if (result.push(run) === count) break;
  return result;
};

describe('the coming runs of a job', () => {
  it('keep the clock of the zone across summer time, where the period is made of days', () => {
    const spec = { schedule: 'R/2026-10-01T03:00:00Z/P1D', scheduleTimeZone: 'Europe/Berlin' };
    expect(first(spec, at('2026-10-24T00:00:00Z'), false, 3)).toEqual([
      '2026-10-24T03:00:00+02:00',
      '2026-10-25T03:00:00+01:00',
      '2026-10-26T03:00:00+01:00',
    ]);
    expect(
      first({ ...spec, schedule: 'R/2026-10-01T03:00:00Z/PT24H' }, at('2026-10-24T00:00:00Z'), false, 3),
    ).toEqual(['2026-10-24T03:00:00+02:00', '2026-10-25T02:00:00+01:00', '2026-10-26T02:00:00+01:00']);
  });

  it('mean the first of the two hours that autumn has, from wherever they come', () => {
    const spec = { schedule: 'R/2026-04-25T02:30:00Z/P6M', scheduleTimeZone: 'Europe/Berlin' };
    const winter = { schedule: 'R/2026-01-25T02:30:00Z/P9M', scheduleTimeZone: 'Europe/Berlin' };
    for (const each of [spec, winter])
      expect(first(each, at('2026-01-01T00:00:00Z'), true, 2)?.[1]).toBe('2026-10-25T02:30:00+02:00');
  });

  it('start in the one of the two hours of autumn that the zone has at the moment as written', () => {
    const firstOf = (start: string, scheduleTimeZone = 'Europe/Berlin'): string | undefined =>
      first({ schedule: `R/${start}/P1D`, scheduleTimeZone }, at('2026-10-01T00:00:00Z'), true, 1)?.[0];
    expect(firstOf('2026-10-25T02:30:00+02:00')).toBe('2026-10-25T02:30:00+02:00');
    expect(firstOf('2026-10-25T02:30:00+01:00')).toBe('2026-10-25T02:30:00+01:00');
    expect(firstOf('2026-10-25T02:30:00Z')).toBe('2026-10-25T02:30:00+01:00');
    expect(firstOf('2026-11-01T01:30:00Z', 'America/New_York')).toBe('2026-11-01T01:30:00-04:00');
    expect(firstOf('2026-11-01T01:30:00-05:00', 'America/New_York')).toBe('2026-11-01T01:30:00-05:00');
    // Chronos's own form, from which it reads the start again after each launch.
    for (const text of ['2026-10-25T02:30:00.000+02:00', '2026-10-25T02:30:00.000+01:00'])
      expect(Date.parse(firstOf(text) ?? '')).toBe(Date.parse(text));
  });

  it('end with the repeats, go on at the pattern where Git has a start in the past, and at once where a single run has', () => {
    const from = at('2026-01-10T12:00:00Z');
    expect(first({ schedule: 'R2/2026-01-01T03:00:00Z/P1D' }, from, false, 9)).toEqual([
      '2026-01-11T03:00:00Z',
      '2026-01-12T03:00:00Z',
    ]);
    expect(first({ schedule: 'R1/2026-01-01T03:00:00Z/P1D' }, from, false, 9)).toEqual([
      '2026-01-10T12:00:00Z',
    ]);
    expect(first({ schedule: 'R//PT1H' }, from, false, 2)).toEqual([
      '2026-01-10T12:00:00Z',
      '2026-01-10T13:00:00Z',
    ]);
  });

  it('begin at once where a live job is late, and then at its next moment', () => {
    const from = at('2026-01-10T12:00:00Z');
    expect(first({ schedule: 'R3/2026-01-10T03:00:00Z/P1D' }, from, true, 9)).toEqual([
      '2026-01-10T12:00:00Z',
      '2026-01-11T03:00:00Z',
      '2026-01-12T03:00:00Z',
    ]);
    // A minute's schedule of years ago is not walked through.
    expect(first({ schedule: 'R/1999-01-01T00:00:30Z/PT1M' }, from, true, 2)).toEqual([
      '2026-01-10T12:00:00Z',
      '2026-01-10T12:00:30Z',
    ]);
  });

  it('are none of a job that is disabled or has parents, and no more of one that has run out', () => {
    const schedule = 'R/2026-01-01T03:00:00Z/P1D';
    expect(first({ schedule, disabled: true }, 0, true, 1)).toBeUndefined();
    expect(first({ parents: ['a'] }, 0, true, 1)).toBeUndefined();
    expect(first({ schedule: 'R0/2026-01-01T03:00:00Z/P1D' }, 0, true, 1)).toEqual([]);
  });

  it('agree with another library on random schedules, zones and moments', () => {
    const zones = [
      'Europe/Berlin',
      'America/New_York',
      'Australia/Lord_Howe',
      'Asia/Kolkata',
      'UTC',
      'America/St_Johns',
    ];
    const two = (n: number): string => String(n).padStart(2, '0');
    const unit = fc.constantFrom('D', 'W', 'M', 'Y', 'TH', 'TM');
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.record({
          year: fc.integer({ min: 1995, max: 2035 }),
          month: fc.integer({ min: 1, max: 12 }),
          day: fc.integer({ min: 1, max: 28 }),
          hour: fc.nat(23),
          minute: fc.nat(59),
        }),
        unit,
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 12 }),
        (zone, { year, month, day, hour, minute }, of, n, count) => {
          const wall = `${year}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}:00`;
          const period = of.startsWith('T') ? `PT${n}${of.slice(1)}` : `P${n}${of}`;
          const plain = Temporal.PlainDateTime.from(wall);
          // Of the two hours of autumn: the one of the moment as written, by the offset that the zone has then.
          const offsetAsWritten = plain.toZonedDateTime('UTC').withTimeZone(zone).offset;
          const [earlier, later] = (['earlier', 'later'] as const).map((disambiguation) =>
            plain.toZonedDateTime(zone, { disambiguation }),
          );
          const isTwice = earlier?.toPlainDateTime().equals(later?.toPlainDateTime() ?? '') === true;
          const begin = isTwice && later?.offset === offsetAsWritten ? later : plain.toZonedDateTime(zone);
          const spec = { schedule: `R${count}/${wall}Z/${period}`, scheduleTimeZone: zone };
          const from = begin.epochMilliseconds - 1000;
          const expected: number[] = [];
          let moment = begin;
          for (let k = 0; k < count; k++) {
            expected.push(moment.epochMilliseconds);
            moment = moment.add(Temporal.Duration.from(period));
          }
          for (const live of [true, false])
            expect(first(spec, from, live, 99)?.map((text) => Date.parse(text))).toEqual(expected);
        },
      ),
      { numRuns: 10_000 },
    );
  }, 400_000);
});
