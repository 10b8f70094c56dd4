import { describe, expect, it } from '@jest/globals';
import type { PastPromotion } from './position.js';
import type { Release } from './release.js';
import { upstreamReleases, whyNotUpstream, type RunningImage } from './upstream.js';

const [D1, D2] = [`sha256:${'1'.repeat(64)}`, `sha256:${'2'.repeat(64)}`];
const release = (tag: string, more: Partial<Release> = {}): Release => ({
  image: 'shop/web',
  tag,
  by: 'ann',
  at: '2026-01-02T00:00:00Z',
  ...more,
});
describe('a release that has to run somewhere else before', () => {
  const MINUTE = 60_000;
  const SINCE = Date.UTC(2026, 0, 2, 3, 0, 0);
  const running = (tag: string, more: Partial<RunningImage> = {}): RunningImage => ({
    image: 'shop/web',
    tag,
    jobRef: 'marathon:/web',
    since: SINCE,
    ...more,
  });
  const why = (list: RunningImage[], next: Release, minutes: number): string | undefined =>
    whyNotUpstream(
      next,
      { environment: 'staging', running: list, history: [] },
      { healthyForMs: 30 * MINUTE },
      SINCE + minutes * MINUTE,
    );

  it.each<[what: string, RunningImage[], Release, minutes: number, reason: string | undefined]>([
    ['ran there long enough', [running('1.0')], release('1.0'), 30, undefined],
    [
      'ran there for a moment',
      [running('1.0')],
      release('1.0'),
      29,
      'since 2026-01-02T03:00:00Z only: it is promoted at 2026-01-02T03:30:00Z',
    ],
    ['does not run there', [], release('1.0'), 99, 'no job of staging runs its image'],
    ['is another one than runs there', [running('0.9')], release('1.0'), 99, 'staging runs 0.9 of it'],
    [
      'has another digest than runs there',
      [running('1.0', { digest: D2 })],
      release('1.0', { digest: D1 }),
      99,
      'staging runs 1.0 of it',
    ],
    [
      'has the digest that runs there',
      [running('1.0', { digest: D1 })],
      release('1.0', { digest: D1 }),
      99,
      undefined,
    ],
    [
      'is one of two that run there',
      [running('1.0'), running('0.9')],
      release('1.0'),
      99,
      'does not tell which one is meant',
    ],
    [
      'failed there',
      [running('1.0', { problem: 'failed to run it' })],
      release('1.0'),
      99,
      'marathon:/web in staging failed to run it',
    ],
    [
      'runs well in one job, and not in another',
      [running('1.0'), running('1.0', { jobRef: 'marathon:/api', problem: 'is held back' })],
      release('1.0'),
      99,
      'marathon:/api in staging is held back',
    ],
    [
      'counts from the last job that got it',
      [running('1.0'), running('1.0', { since: SINCE + 10 * MINUTE })],
      release('1.0'),
      35,
      'only',
    ],
    ['of which the time is not known', [running('1.0', { since: Number.NaN })], release('1.0'), 99, 'only'],
  ])('%s', (_what, list, next, minutes, reason) => {
    expect(why(list, next, minutes)).toEqual(
      reason === undefined ? undefined : expect.stringContaining(reason),
    );
  });

  it('is the one that runs, with the digest that was meant there', () => {
    const of = (list: RunningImage[], history: PastPromotion[], announced: Release[]) =>
      upstreamReleases({ environment: 'staging', running: list, history }, announced);
    const promoted = {
      release: `shop/web:1.0@${D1}`,
      digest: D1,
      sourceCommit: 'c0ffee',
      releasedAt: 'then',
    };
    expect(of([running('1.0')], [], [release('1.0', { digest: D1 })])).toMatchObject([
      { digest: D1, by: 'ann' },
    ]);
    expect(of([running('1.0')], [promoted], [release('1.1')])).toMatchObject([
      { tag: '1.0', digest: D1, sourceCommit: 'c0ffee' },
    ]);
    // The tag was built anew since: what was promoted there counts.
    expect(of([running('1.0')], [promoted], [release('1.0', { digest: D2 })])).toMatchObject([
      { digest: D1, sourceCommit: 'c0ffee' },
    ]);
    expect(of([running('1.0', { digest: D2 })], [promoted], [])).toMatchObject([{ digest: D2 }]);
    expect(of([running('1.0'), running('1.0', { jobRef: 'marathon:/api' })], [], [])).toHaveLength(1);
  });
});
