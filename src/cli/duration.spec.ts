import { describe, expect, it } from '@jest/globals';
import { duration } from './duration.js';

describe('a length of time on a command line', () => {
  it.each([
    ['90', 90_000],
    ['90s', 90_000],
    ['15m', 900_000],
    ['2h', 7_200_000],
  ])('%s is understood', (text, ms) => {
    expect(duration(text)).toBe(ms);
  });

  it.each(['', '0', '0m', '-1s', '1.5h', '15 m', '1d', '25h', '9999999', 'm', '1e3'])(
    '%s is refused',
    (text) => {
      expect(() => duration(text)).toThrow(/90s, 15m or 2h/);
    },
  );
});
