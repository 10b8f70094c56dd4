import { describe, expect, it } from '@jest/globals';
import { whyOlder, type PastPromotion } from './position.js';
import type { Release } from './release.js';

const release = (tag: string, more: Partial<Release> = {}): Release => ({
  image: 'shop/web',
  tag,
  by: 'ann',
  at: '2026-01-02T00:00:00Z',
  ...more,
});
describe('the order of releases', () => {
  const past = (tag: string, releasedAt?: string): PastPromotion => ({
    release: `shop/web:${tag}`,
    ...(releasedAt === undefined ? {} : { releasedAt }),
  });
  it.each<
    [what: string, next: Release, standing: string | undefined, history: PastPromotion[], older: boolean]
  >([
    ['versions: newer', release('1.10.0'), '1.9.0', [], false],
    ['versions: older', release('1.9.0'), '1.10.0', [], true],
    ['versions: a prerelease of what stands', release('1.0.0-rc.1'), '1.0.0', [], true],
    [
      'versions count more than times',
      release('1.0.1', { at: '2020-01-01T00:00:00Z' }),
      '1.0.0',
      [past('1.0.0', '2026-01-01T00:00:00Z')],
      false,
    ],
    ['versions count more than history', release('2.0.0'), '1.0.0', [past('2.0.0'), past('1.0.0')], false],
    ['history: promoted before what stands', release('blue'), 'green', [past('blue'), past('green')], true],
    [
      'history: promoted after it',
      release('green'),
      'blue',
      [past('blue'), past('green'), past('blue')],
      false,
    ],
    [
      'times: announced before',
      release('blue', { at: '2026-01-01T00:00:00Z' }),
      'green',
      [past('green', '2026-01-01T00:00:01Z')],
      true,
    ],
    [
      'times: with another zone',
      release('blue', { at: '2026-01-01T01:30:00+01:00' }),
      'green',
      [past('green', '2026-01-01T00:00:00Z')],
      false,
    ],
    ['times: announced after', release('blue'), 'green', [past('green', '2026-01-01T00:00:00Z')], false],
    [
      'no time of a bare tag: nobody can tell',
      release('blue', { at: '' }),
      'green',
      [past('green', '2026-01-01T00:00:00Z')],
      false,
    ],
    ['what stands was written by hand: nobody can tell', release('blue'), 'green', [], false],
    ['nothing stands there', release('blue'), undefined, [], false],
    ['the same', release('1.0.0'), '1.0.0', [], false],
  ])('%s', (_what, next, standing, history, older) => {
    expect(whyOlder(next, standing, history) !== undefined).toBe(older);
  });
});
