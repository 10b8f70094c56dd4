import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JobRef } from '../job/job-ref.js';
import { imageEdits, type ImageUse } from './image-edits.js';
import type { Release } from './release.js';

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
