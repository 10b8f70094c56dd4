import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JobRef } from '../job/job-ref.js';
import { imageEdits, type ImageUse } from './image-edits.js';
import { whyOlder, type PastPromotion } from './position.js';
import { isAbout, proposalBranch, propose, type MergeRequest, type ProposalBranch } from './proposal.js';
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
const use = (image: string, path = 'web.yaml'): ImageUse => ({
  path,
  document: 0,
  pointer: '/image',
  image,
  jobRef: 'marathon:/web' as JobRef,
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

describe('the places of an image', () => {
  const rules = { pin: 'keep', history: [], allowDowngrade: false, again: false } as const;
  it.each<
    [what: string, image: string, Release, object, value: string | undefined, left: string | undefined]
  >([
    ['gets the tag', 'shop/web:1.0.0', release('1.1.0'), {}, 'shop/web:1.1.0', undefined],
    ['of another image stays', 'shop/web2:1.0.0', release('1.1.0'), {}, undefined, undefined],
    ['that has it stays', 'shop/web:1.1.0', release('1.1.0', { digest: D1 }), {}, undefined, undefined],
    [
      'that is pinned stays pinned',
      `shop/web:1.0.0@${D1}`,
      release('1.1.0', { digest: D2 }),
      {},
      `shop/web:1.1.0@${D2}`,
      undefined,
    ],
    [
      'that is pinned waits for a digest',
      `shop/web:1.0.0@${D1}`,
      release('1.1.0'),
      {},
      undefined,
      'no-digest',
    ],
    [
      'that is pinned to this tag is left in peace',
      `shop/web:1.1.0@${D1}`,
      release('1.1.0'),
      {},
      undefined,
      undefined,
    ],
    [
      'is pinned where that is asked',
      'shop/web:1.0.0',
      release('1.1.0', { digest: D1 }),
      { pin: 'digest' },
      `shop/web:1.1.0@${D1}`,
      undefined,
    ],
    [
      'is not pinned without a digest',
      'shop/web:1.0.0',
      release('1.1.0'),
      { pin: 'digest' },
      undefined,
      'no-digest',
    ],
    [
      'of this tag is pinned',
      'shop/web:1.1.0',
      release('1.1.0', { digest: D1 }),
      { pin: 'digest' },
      `shop/web:1.1.0@${D1}`,
      undefined,
    ],
    [
      'promoted before pins were asked for waits for the next',
      'shop/web:1.1.0',
      release('1.1.0', { digest: D1 }),
      { pin: 'digest', again: true },
      undefined,
      undefined,
    ],
    ['is no way back', 'shop/web:1.1.0', release('1.0.0'), {}, undefined, 'older'],
    [
      'is a way back where a person says so',
      'shop/web:1.1.0',
      release('1.0.0'),
      { allowDowngrade: true },
      'shop/web:1.0.0',
      undefined,
    ],
    ['without a tag gets one', 'shop/web', release('1.0.0'), {}, 'shop/web:1.0.0', undefined],
  ])('one %s', (_what, image, next, more, value, left) => {
    const found = imageEdits([use(image)], next, { ...rules, ...more });
    expect(found.edits.map((edit) => edit.value)).toEqual(value === undefined ? [] : [value]);
    expect(found.left.map(({ kind }) => kind)).toEqual(left === undefined ? [] : [left]);
  });

  it('of which one is ahead: the others go on', () => {
    const found = imageEdits(
      [use('shop/web:1.0.0'), use('shop/web:2.0.0', 'canary.yaml')],
      release('1.1.0'),
      rules,
    );
    expect(found).toMatchObject({ edits: [{ path: 'web.yaml' }], left: [{ use: { path: 'canary.yaml' } }] });
  });

  it('never lead back without a person, whatever the versions', () => {
    const version = fc.tuple(fc.nat(9), fc.nat(9), fc.nat(9)).map((numbers) => numbers.join('.'));
    const weight = (tag: string): number => tag.split('.').reduce((sum, part) => sum * 100 + Number(part), 0);
    fc.assert(
      fc.property(version, fc.array(version, { maxLength: 5 }), (tag, standing) => {
        const { edits } = imageEdits(
          standing.map((each) => use(`shop/web:${each}`)),
          release(tag),
          rules,
        );
        for (const { image } of edits)
          expect(weight(image.replace('shop/web:', ''))).toBeLessThan(weight(tag));
      }),
    );
  });
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

describe('a proposal', () => {
  const request = (state: MergeRequest['state'], about = 'shop/web:1.1.0', id = 7): MergeRequest => ({
    id,
    state,
    url: `https://forge/${id}`,
    title: 'Promote',
    body: `web.yaml: a -> b\r\n\r\nTowline-Release: ${about}\r\n`,
  });
  const message = 'Promote\n\nweb.yaml: a -> b\n\nTowline-Release: shop/web:1.1.0\nTowline-Pass: 1\n';
  const tip = (text = message, ours = true) => ({ revision: 'a'.repeat(40) as never, message: text, ours });
  const branch = 'towline/promote/production/shop-web-1';
  const older = message.replaceAll('1.1.0', '1.0.0');

  it.each<[what: string, Omit<ProposalBranch, 'branch'>, asked: boolean, object | string]>([
    ['is made', { requests: [] }, false, { push: true }],
    [
      'was pushed, and a crash kept the request from being made',
      { tip: tip(), requests: [] },
      false,
      { push: false },
    ],
    [
      'stands',
      { tip: tip(message.replace('Pass: 1', 'Pass: 2')), requests: [request('open')] },
      false,
      'waits to be merged',
    ],
    ['stands, where nobody can be asked', { tip: tip() }, false, 'waits to be merged'],
    [
      'takes the place of an older one',
      { tip: tip(older), requests: [request('open', 'shop/web:1.0.0')] },
      false,
      { push: true, request: { id: 7 }, expected: tip().revision },
    ],
    [
      'comes after a merged one',
      { tip: tip(older), requests: [request('merged', 'shop/web:1.0.0')] },
      false,
      { push: true },
    ],
    [
      'comes after a closed one of another release',
      { tip: tip(older), requests: [request('closed', 'shop/web:1.0.0')] },
      false,
      { push: true },
    ],
    ['was closed', { tip: tip(), requests: [request('closed')] }, false, 'a person said no'],
    [
      'was closed long ago',
      { tip: tip(older), requests: [request('merged', 'shop/web:1.0.0', 9), request('closed')] },
      false,
      'a person said no',
    ],
    [
      'was closed, and a person asks for it',
      { tip: tip(), requests: [request('closed')] },
      true,
      { push: false },
    ],
    ['was merged and taken back', { requests: [request('merged')] }, false, 'taken back since'],
    [
      'has a commit of somebody else on its branch',
      { tip: tip(message, false), requests: [request('open')] },
      false,
      'somebody else has committed',
    ],
  ])('%s', (_what, facts, asked, expected) => {
    const made = propose({ message, release: 'shop/web:1.1.0', asked }, { branch, ...facts });
    if (typeof expected === 'string') expect(made).toMatchObject({ why: expect.stringContaining(expected) });
    else expect(made).toMatchObject({ branch, ...expected });
  });

  it('is about a release that its text names on a line of its own', () => {
    expect(isAbout({ body: 'x\r\nTowline-Release: a:1\r\n' }, 'a:1')).toBe(true);
    expect(isAbout({ body: 'x Towline-Release: a:1 y' }, 'a:1')).toBe(false);
    expect(isAbout({ body: 'Towline-Release: a:10' }, 'a:1')).toBe(false);
  });

  it('has a branch that git takes, and one of its own for every image', () => {
    const part = fc.constantFrom(
      'a',
      'b.',
      '..',
      '/',
      '-',
      '_',
      ':5000',
      '.lock',
      '@{',
      '~',
      '^',
      ' ',
      'é',
      '\u0007',
      '[',
      '\\',
    );
    const images = fc.uniqueArray(
      fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('')),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(images, (names) => {
        const branches = names.map((name) => proposalBranch('production', name));
        expect(new Set(branches).size).toBe(names.length);
        for (const each of branches) expect(each).toMatch(/^towline\/promote\/production\/[a-z0-9_-]+$/);
        for (const each of branches) expect(each).not.toMatch(/\/-/);
      }),
    );
    expect(proposalBranch('production', 'x'.repeat(400)).length).toBeLessThan(200);
  });
});
