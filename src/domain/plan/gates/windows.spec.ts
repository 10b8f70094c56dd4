import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DateTime } from 'luxon';
import { localText, utcText } from './local-time.js';
import { closedUntil, closesNext, isProblem, opensAt, readWindow, type Window } from './windows.js';

const BERLIN = 'Europe/Berlin';
const NEW_YORK = 'America/New_York';
const LORD_HOWE = 'Australia/Lord_Howe';

function windowOf(text: string): Window {
  const [, from = '', to = '', zone = ''] = /^(.+) -> (.+) in (.+)$/.exec(text) ?? [];
  const read = readWindow({ from, to, zone });
  if (isProblem(read)) throw new Error(`${text}: ${read.message}`);
  return read;
}
const ms = (iso: string): number => DateTime.fromISO(iso, { zone: 'utc' }).toMillis();
const text = (at: number | undefined): string => (at === undefined ? 'never' : utcText(at));
const until = (window: string, now: string): string => {
  const end = closedUntil(windowOf(window), ms(now));
  return end === undefined ? 'open' : utcText(end);
};

describe('a freeze window', () => {
  it.each([
    // Every week, over the end of it.
    [`Fri 16:00 -> Mon 08:00 in UTC`, '2026-01-02T15:59:59Z', 'open'],
    [`Fri 16:00 -> Mon 08:00 in UTC`, '2026-01-02T16:00:00Z', '2026-01-05T08:00:00Z'],
    [`Fri 16:00 -> Mon 08:00 in UTC`, '2026-01-04T23:59:59Z', '2026-01-05T08:00:00Z'],
    [`Fri 16:00 -> Mon 08:00 in UTC`, '2026-01-05T07:59:59Z', '2026-01-05T08:00:00Z'],
    [`Fri 16:00 -> Mon 08:00 in UTC`, '2026-01-05T08:00:00Z', 'open'],
    [`fri 16:00 -> MON 8:00 in UTC`, '2026-01-03T00:00:00Z', '2026-01-05T08:00:00Z'],
    // On one day of the week, and all of the week but an hour.
    [`Wed 10:00 -> Wed 12:00 in UTC`, '2026-01-07T11:00:00Z', '2026-01-07T12:00:00Z'],
    [`Wed 10:00 -> Wed 12:00 in UTC`, '2026-01-08T11:00:00Z', 'open'],
    [`Wed 12:00 -> Wed 11:00 in UTC`, '2026-01-07T11:30:00Z', 'open'],
    [`Wed 12:00 -> Wed 11:00 in UTC`, '2026-01-07T12:00:00Z', '2026-01-14T11:00:00Z'],
    [`Wed 12:00 -> Wed 11:00 in UTC`, '2026-01-14T10:59:00Z', '2026-01-14T11:00:00Z'],
    // Every day, within it, over midnight, from midnight, to midnight.
    [`09:00 -> 17:00 in UTC`, '2026-01-07T12:00:00Z', '2026-01-07T17:00:00Z'],
    [`22:00 -> 06:00 in UTC`, '2026-01-07T23:30:00Z', '2026-01-08T06:00:00Z'],
    [`22:00 -> 06:00 in UTC`, '2026-01-08T00:00:00Z', '2026-01-08T06:00:00Z'],
    [`22:00 -> 06:00 in UTC`, '2026-01-08T12:00:00Z', 'open'],
    [`00:00 -> 06:00 in UTC`, '2026-01-08T00:00:00Z', '2026-01-08T06:00:00Z'],
    [`22:00 -> 00:00 in UTC`, '2026-01-08T00:00:00Z', 'open'],
    [`22:00 -> 00:00 in UTC`, '2026-01-07T23:59:59Z', '2026-01-08T00:00:00Z'],
    // Once, in the words of the zone.
    [`2026-12-23T00:00 -> 2027-01-02T00:00 in ${BERLIN}`, '2026-12-22T22:59:59Z', 'open'],
    [`2026-12-23T00:00 -> 2027-01-02T00:00 in ${BERLIN}`, '2026-12-22T23:00:00Z', '2027-01-01T23:00:00Z'],
    [`2026-12-23T00:00 -> 2027-01-02T00:00 in ${BERLIN}`, '2027-01-01T23:00:00Z', 'open'],
    // The same local time, an hour earlier in summer.
    [`22:00 -> 06:00 in ${BERLIN}`, '2026-01-07T22:00:00Z', '2026-01-08T05:00:00Z'],
    [`22:00 -> 06:00 in ${BERLIN}`, '2026-07-07T21:00:00Z', '2026-07-08T04:00:00Z'],
    // The night of the change is an hour shorter or longer.
    [`22:00 -> 06:00 in ${BERLIN}`, '2026-03-28T21:00:00Z', '2026-03-29T04:00:00Z'],
    [`22:00 -> 06:00 in ${BERLIN}`, '2026-10-24T20:00:00Z', '2026-10-25T05:00:00Z'],
    // A local time that is left out is the moment of the jump: 02:00 in Berlin is followed by 03:00.
    [`02:30 -> 06:00 in ${BERLIN}`, '2026-03-29T00:59:59Z', 'open'],
    [`02:30 -> 06:00 in ${BERLIN}`, '2026-03-29T01:00:00Z', '2026-03-29T04:00:00Z'],
    [`01:00 -> 02:30 in ${BERLIN}`, '2026-03-29T00:30:00Z', '2026-03-29T01:00:00Z'],
    [`02:10 -> 02:50 in ${BERLIN}`, '2026-03-29T01:00:00Z', 'open'],
    [`02:30 -> 06:00 in ${NEW_YORK}`, '2026-03-08T07:00:00Z', '2026-03-08T10:00:00Z'],
    [`02:10 -> 06:00 in ${LORD_HOWE}`, '2026-10-03T15:30:00Z', '2026-10-03T19:00:00Z'],
    [`02:10 -> 06:00 in ${LORD_HOWE}`, '2026-10-03T15:29:59Z', 'open'],
    // One that comes twice begins with the first and ends with the second.
    [`02:30 -> 06:00 in ${BERLIN}`, '2026-10-25T00:29:59Z', 'open'],
    [`02:30 -> 06:00 in ${BERLIN}`, '2026-10-25T00:30:00Z', '2026-10-25T05:00:00Z'],
    [`00:00 -> 02:30 in ${BERLIN}`, '2026-10-25T01:00:00Z', '2026-10-25T01:30:00Z'],
    [`02:20 -> 02:40 in ${BERLIN}`, '2026-10-25T00:50:00Z', '2026-10-25T01:40:00Z'],
    [`01:30 -> 06:00 in ${NEW_YORK}`, '2026-11-01T05:30:00Z', '2026-11-01T11:00:00Z'],
    [`01:40 -> 03:00 in ${LORD_HOWE}`, '2026-04-04T14:40:00Z', '2026-04-04T16:30:00Z'],
    [`00:00 -> 01:40 in ${LORD_HOWE}`, '2026-04-04T15:05:00Z', '2026-04-04T15:10:00Z'],
    // A weekend with a change of the clock in it.
    [`Fri 16:00 -> Mon 08:00 in ${BERLIN}`, '2026-03-27T15:00:00Z', '2026-03-30T06:00:00Z'],
    [`Fri 16:00 -> Mon 08:00 in ${BERLIN}`, '2026-10-23T14:00:00Z', '2026-10-26T07:00:00Z'],
  ])('%s is at %s: %s', (window, now, expected) => {
    expect(until(window, now)).toBe(expected);
  });

  it.each([
    [`Fri 16:00 -> Mon 08:00 in ${BERLIN}`, '2026-03-24T12:00:00Z', '2026-03-27T15:00:00Z'],
    [`Fri 16:00 -> Mon 08:00 in ${BERLIN}`, '2026-03-28T12:00:00Z', '2026-04-03T14:00:00Z'],
    [`22:00 -> 06:00 in UTC`, '2026-01-07T22:00:00Z', '2026-01-08T22:00:00Z'],
    [`02:10 -> 02:50 in ${BERLIN}`, '2026-03-28T12:00:00Z', '2026-03-30T00:10:00Z'],
    [`2026-12-23T00:00 -> 2027-01-02T00:00 in UTC`, '2026-01-07T00:00:00Z', '2026-12-23T00:00:00Z'],
    [`2026-12-23T00:00 -> 2027-01-02T00:00 in UTC`, '2026-12-24T00:00:00Z', 'never'],
  ])('%s, seen at %s, closes next at %s', (window, now, expected) => {
    expect(text(closesNext(windowOf(window), ms(now)))).toBe(expected);
  });

  it('is told in the words of its zone', () => {
    expect(localText(ms('2026-03-30T06:00:00Z'), BERLIN)).toBe('Mon 2026-03-30 08:00 Europe/Berlin');
  });
});

describe('several windows', () => {
  const opens = (now: string, ...windows: string[]): string => text(opensAt(windows.map(windowOf), ms(now)));

  it.each<[string, string, string[], string]>([
    ['none is closed', '2026-01-07T12:00:00Z', ['22:00 -> 06:00 in UTC'], '2026-01-07T12:00:00Z'],
    ['there is none', '2026-01-07T12:00:00Z', [], '2026-01-07T12:00:00Z'],
    [
      'they are adjacent',
      '2026-01-07T09:00:00Z',
      ['08:00 -> 12:00 in UTC', '12:00 -> 14:00 in UTC'],
      '2026-01-07T14:00:00Z',
    ],
    [
      'they overlap',
      '2026-01-02T17:00:00Z',
      ['Fri 16:00 -> Mon 08:00 in UTC', 'Sun 12:00 -> Tue 09:00 in UTC'],
      '2026-01-06T09:00:00Z',
    ],
    [
      'one lies within another',
      '2026-12-24T17:00:00Z',
      ['2026-12-23T00:00 -> 2027-01-02T00:00 in UTC', 'Fri 16:00 -> Mon 08:00 in UTC'],
      '2027-01-04T08:00:00Z',
    ],
    [
      'of two zones',
      '2026-07-01T12:00:00Z',
      [`08:00 -> 20:00 in ${BERLIN}`, `09:00 -> 17:00 in ${NEW_YORK}`],
      '2026-07-01T21:00:00Z',
    ],
  ])('open when none of them is closed any more: %s', (_, now, windows, expected) => {
    expect(opens(now, ...windows)).toBe(expected);
  });

  it('never open where they cover the whole week, over changes of the clock too', () => {
    expect(opens('2026-01-07T09:00:00Z', `20:00 -> 08:00 in ${BERLIN}`, `08:00 -> 20:00 in ${BERLIN}`)).toBe(
      'never',
    );
    expect(
      opens(
        '2026-01-07T09:00:00Z',
        `Mon 00:00 -> Thu 02:30 in ${BERLIN}`,
        `Thu 02:30 -> Mon 00:00 in ${BERLIN}`,
      ),
    ).toBe('never');
  });

  it('open in the weeks in which the clocks of their zones are further apart than else', () => {
    // New York is on summer time three weeks before Berlin: 02:00 there is then 07:00 in Berlin, not 08:00. The first 02:00
    // of it is left out.
    expect(
      opens('2026-01-07T09:00:00Z', `08:00 -> 20:00 in ${BERLIN}`, `14:00 -> 02:00 in ${NEW_YORK}`),
    ).toBe('2026-03-09T06:00:00Z');
  });

  it('open after one that lasts for years', () => {
    expect(opens('2026-01-07T09:00:00Z', '2026-01-01T00:00 -> 2029-01-01T00:00 in UTC')).toBe(
      '2029-01-01T00:00:00Z',
    );
  });
});

describe('what is no window', () => {
  it.each([
    ['16:00', 'Mon 08:00', 'UTC', 'to', 'not of the same form'],
    ['Fri 16:00', '08:00', 'UTC', 'to', 'not of the same form'],
    ['Fri 24:00', 'Mon 08:00', 'UTC', 'from', 'is no time of a window'],
    ['Fri 16:00', 'Mon 08:60', 'UTC', 'to', 'is no time of a window'],
    ['Fre 16:00', 'Mon 08:00', 'UTC', 'from', 'is no time of a window'],
    ['2026-02-30T00:00', '2026-03-02T00:00', 'UTC', 'from', 'is no time of a window'],
    ['2026-03-02T00:00', '2026-03-01T00:00', 'UTC', 'to', 'ends before it begins'],
    ['08:00', '08:00', 'UTC', 'to', 'ends when it begins'],
    ['Mon 08:00', 'Mon 08:00', 'UTC', 'to', 'ends when it begins'],
    ['08:00', '09:00', 'Europe/Bern', 'zone', 'no time zone'],
    ['08:00', '09:00', '+02:00', 'zone', 'no time zone'],
    ['08:00', '09:00', '', 'zone', 'no time zone'],
  ])('%s to %s in %s', (from, to, zone, at, message) => {
    expect(readWindow({ from, to, zone })).toMatchObject({ at, message: expect.stringContaining(message) });
  });
});

describe('windows, minute by minute', () => {
  const MINUTE = 60_000;
  /** Each minute of two weeks and a day, as the wall clock of the zone shows it, in minutes since the first midnight. */
  const walls = (zone: string, from: string): { start: number; wall: number[] } => {
    const start = ms(from);
    const wall: number[] = [];
    for (let at = start; at < start + 15 * 24 * 60 * MINUTE; at += MINUTE) {
      const local = DateTime.fromMillis(at, { zone });
      wall.push((at + local.offset * MINUTE) / MINUTE);
    }
    return { start, wall };
  };
  const periods = [
    [BERLIN, '2026-03-22T00:00:00Z'],
    [BERLIN, '2026-10-18T00:00:00Z'],
    [NEW_YORK, '2026-03-01T00:00:00Z'],
    [NEW_YORK, '2026-10-25T00:00:00Z'],
    [LORD_HOWE, '2026-03-28T00:00:00Z'],
    [LORD_HOWE, '2026-09-26T00:00:00Z'],
    ['UTC', '2026-01-01T00:00:00Z'],
  ].map(([zone = '', from = '']) => ({ zone, ...walls(zone, from) }));

  /** The moments that are closed, found by walking: from the first minute that shows `from` to the last that shows `to`. */
  const brute = ({ wall }: { wall: number[] }, from: number, to: number, step: number): boolean[] => {
    const closed = wall.map(() => false);
    const firstDay = Math.floor((wall[0] ?? 0) / 1440) - 8;
    for (let day = firstDay; day < firstDay + 24; day += 1) {
      if (step === 7 && (((day + 3) % 7) + 7) % 7 !== Math.floor(from / 1440)) continue;
      const base = step === 7 ? (day - Math.floor(from / 1440)) * 1440 : day * 1440;
      const length = step * 1440;
      const [begin, end] = [base + from, base + to + (to <= from ? length : 0)];
      const first = wall.indexOf(begin) >= 0 ? wall.indexOf(begin) : wall.findIndex((at) => at > begin);
      const last = wall.lastIndexOf(end) >= 0 ? wall.lastIndexOf(end) : wall.findIndex((at) => at > end);
      // Beyond what was walked over: it began before, or ends after.
      const [a, b] = [begin < (wall[0] ?? 0) ? 0 : first, last < 0 ? wall.length : last];
      if (a >= 0 && end >= (wall[0] ?? 0)) closed.fill(true, a, Math.max(a, b));
    }
    return closed;
  };
  const clock = (minute: number): string =>
    `${String(Math.floor((minute % 1440) / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
  const named = (minute: number): string =>
    `${['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'][Math.floor(minute / 1440)] ?? ''} ${clock(minute)}`;

  // Times around those at which clocks are changed are the ones that matter.
  const minuteOfDay = fc.oneof(
    fc.integer({ min: 0, max: 1439 }),
    fc.constantFrom(0, 60, 90, 100, 119, 120, 130, 150, 179, 180, 240),
  );

  it.each(['day', 'week'])('are closed and open as the wall clock shows it, every %s', (every) => {
    const time =
      every === 'day'
        ? minuteOfDay
        : fc.tuple(fc.integer({ min: 0, max: 6 }), minuteOfDay).map(([d, m]) => d * 1440 + m);
    fc.assert(
      fc.property(
        fc.constantFrom(...periods),
        time,
        time,
        fc.array(fc.integer({ min: 1440, max: 14 * 1440 }), { minLength: 20, maxLength: 20 }),
        (period, from, to, probes) => {
          fc.pre(from !== to);
          const show = every === 'day' ? clock : named;
          const window = windowOf(`${show(from)} -> ${show(to)} in ${period.zone}`);
          const closed = brute(period, from, to, every === 'day' ? 1 : 7);
          const edges = closed.flatMap((is, at) => (is !== closed[at + 1] ? [at, at + 1] : []));
          for (const at of [...probes, ...edges.filter((edge) => edge >= 1440 && edge < 14 * 1440)]) {
            const now = period.start + at * MINUTE;
            expect([utcText(now), closedUntil(window, now) !== undefined]).toEqual([
              utcText(now),
              closed[at],
            ]);
            const open = closed.indexOf(false, at);
            if (open >= 0) expect(text(opensAt([window], now))).toBe(utcText(period.start + open * MINUTE));
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});
