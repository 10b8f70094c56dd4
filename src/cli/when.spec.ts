import { describe, expect, it } from '@jest/globals';
import { checkPeriod, whenOf } from './when.js';

const now = Date.parse('2026-02-01T12:00:00Z');

describe('a time of a command line', () => {
  it.each([
    ['2026-01-31', '2026-01-31T00:00:00.000Z'],
    ['2026-01-31T10:30:00Z', '2026-01-31T10:30:00.000Z'],
    ['2026-01-31T10:30:00+02:00', '2026-01-31T08:30:00.000Z'],
    ['90s', '2026-02-01T11:58:30.000Z'],
    ['12h', '2026-02-01T00:00:00.000Z'],
    ['3d', '2026-01-29T12:00:00.000Z'],
    ['1w ago', '2026-01-25T12:00:00.000Z'],
  ])('%s is %s', (text, time) => expect(new Date(whenOf(text, now)).toISOString()).toBe(time));

  it.each(['yesterday', '3', 'd', '2026', '2026-13-01', '-3d', ''])('"%s" is none', (text) =>
    expect(() => whenOf(text, now)).toThrow('a time is'),
  );
});

it('does not take a time that ends before it begins', () => {
  expect(() => checkPeriod({ since: 2, until: 1 })).toThrow(expect.objectContaining({ code: 'time-order' }));
  for (const fine of [{}, { since: 2 }, { until: 1 }, { since: 1, until: 1 }]) checkPeriod(fine);
});
