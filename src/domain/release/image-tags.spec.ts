import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseImageRef } from '../job/image-ref.js';
import { newestVersion, taggedNames, tagOf, type SourceState } from './image-tags.js';

const COMMIT = 'c0ffee'.repeat(6) + 'c0ff';
const source: SourceState = {
  commit: COMMIT,
  branch: 'feature/Größe #1',
  gitTags: ['v1.9.0', 'v1.10.0', 'nightly'],
  changed: false,
};

describe('tags of an image', () => {
  it.each<[rule: string, tag: string]>([
    ['commit', COMMIT],
    ['commit-short', COMMIT.slice(0, 12)],
    ['branch', 'feature-Gr-e-1'],
    ['semver', '1.10.0'],
    ['stable', 'stable'],
    ['literal:branch', 'branch'],
    ['2026/11', '2026-11'],
    ['..-hidden', 'hidden'],
    ['x'.repeat(200), 'x'.repeat(128)],
  ])('%s is %s', (rule, tag) => {
    expect(tagOf(rule, source)).toEqual({ tag });
  });

  it('say of a commit that files were changed since', () => {
    expect(tagOf('commit-short', { ...source, changed: true })).toEqual({
      tag: `${COMMIT.slice(0, 12)}-dirty`,
    });
    expect(tagOf('semver', { ...source, changed: true })).toHaveProperty('reason');
  });

  it.each<[rule: string, known: Partial<SourceState>]>([
    ['commit', { commit: undefined }],
    ['branch', { branch: undefined }],
    ['semver', { gitTags: ['nightly', '1.2', 'v01.2.3'] }],
    ['literal:', {}],
    ['äöü', {}],
  ])('%s makes none where nothing is known for it', (rule, known) => {
    expect(tagOf(rule, { ...source, ...known })).toHaveProperty('reason');
  });

  it('that are the same are one', () => {
    expect(taggedNames('shop/web', ['semver', '1.10.0', 'branch'], source)).toEqual({
      names: ['shop/web:1.10.0', 'shop/web:feature-Gr-e-1'],
    });
    expect(taggedNames('shop/web', ['stable', 'äöü'], source)).toMatchObject({ rule: 'äöü' });
  });

  it('are valid whatever a branch is called', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (branch) => {
        const made = tagOf('branch', { ...source, branch });
        if ('tag' in made) expect(parseImageRef(`shop/web:${made.tag}`)?.tag).toBe(made.tag);
      }),
    );
  });
});

it.each<[tags: string[], newest: string | undefined]>([
  [[], undefined],
  [['v1.0.0-rc.2', 'v1.0.0-rc.10'], '1.0.0-rc.10'],
  [['v1.0.0', 'v1.0.0-rc.1'], '1.0.0'],
  [['1.0.0-alpha', '1.0.0-alpha.1', '1.0.0-alpha.beta', '1.0.0-beta'], '1.0.0-beta'],
  [['v99999999999999999999.0.0', 'v100000000000000000000.0.0'], '100000000000000000000.0.0'],
])('the newest version of %j is %s', (tags, newest) => {
  expect(newestVersion(tags)).toBe(newest);
  expect(newestVersion([...tags].reverse())).toBe(newest);
});
