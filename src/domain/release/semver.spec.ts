import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { compareVersions, parseVersion } from './semver.js';
import { parseRange, tagInRange } from './semver-range.js';

const within = (tag: string, text: string): boolean => {
  const range = parseRange(text);
  if (range === undefined) throw new Error(`${text} is no range`);
  return tagInRange(tag, range);
};

describe('a version', () => {
  it('comes before the next in the order of semver.org', () => {
    const order =
      '0.0.1 0.9.9 1.0.0-0 1.0.0-1 1.0.0-10 1.0.0-alpha 1.0.0-alpha.1 1.0.0-alpha.beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rc.1 1.0.0 v1.0.1 1.2.0 1.10.0 10.0.0';
    const versions = order.split(' ').map((text) => parseVersion(text));
    for (const [at, version] of versions.entries())
      for (const [other, than] of versions.entries()) {
        if (version === undefined || than === undefined) throw new Error('no version');
        expect(Math.sign(compareVersions(version, than))).toBe(Math.sign(at - other));
      }
  });

  it.each([
    '1',
    '1.2',
    'latest',
    '',
    '01.2.3',
    '1.2.3-',
    '1.2.3-01',
    '1.2.3.4',
    'v',
    ' 1.2.3',
    '1.2.3-a..b',
    `1.2.${'9'.repeat(40)}`,
  ])('is not %j', (text) => {
    expect(parseVersion(text)).toBeUndefined();
  });

  it('has no build: that does not count', () => {
    expect(parseVersion('1.2.3+build.7')).toEqual(parseVersion('v1.2.3'));
  });
});

describe('a range of versions', () => {
  it.each<[range: string, inside: string, outside: string]>([
    ['1.2.3', '1.2.3 v1.2.3', '1.2.4 1.2.3-rc.1'],
    ['=1.2', '1.2.0 1.2.9', '1.3.0 1.1.9'],
    ['*', '0.0.0 1.2.3 99.0.0', '1.0.0-rc.1 latest 1.2'],
    ['1.x', '1.0.0 1.99.0', '2.0.0 0.9.0 2.0.0-0'],
    ['1.2.*', '1.2.0 1.2.7', '1.3.0'],
    ['^1.2.3', '1.2.3 1.9.0', '1.2.2 2.0.0 2.0.0-rc.1'],
    ['^0.2.3', '0.2.3 0.2.9', '0.3.0 0.2.2'],
    ['^0.0.3', '0.0.3', '0.0.4 0.0.2'],
    ['^0.x', '0.0.0 0.9.9', '1.0.0'],
    ['^0.0', '0.0.0 0.0.9', '0.1.0'],
    ['^1.2.3-beta.2', '1.2.3-beta.2 1.2.3-beta.11 1.2.3 1.5.0', '1.2.3-beta.1 1.3.0-beta.3'],
    ['~1.2.3', '1.2.3 1.2.9', '1.3.0 1.2.2'],
    ['~1.2', '1.2.0 1.2.9', '1.3.0'],
    ['~1', '1.0.0 1.9.0', '2.0.0'],
    ['~>1.2.3', '1.2.4', '1.3.0'],
    ['>=1.2 <2 || ^3', '1.2.0 1.9.9 3.1.0', '2.0.0 1.1.0 4.0.0'],
    ['>1.2', '1.3.0', '1.2.9 1.2.0'],
    ['<1.2', '1.1.9', '1.2.0 1.2.0-rc.1'],
    ['<=1.2', '1.2.9', '1.3.0'],
    ['> 1.2.3', '1.2.4', '1.2.3'],
    ['>=1.2.3-rc.1', '1.2.3-rc.2 1.2.3 2.0.0', '1.2.4-rc.1'],
    ['1.2 - 2.3', '1.2.0 2.3.9', '2.4.0 1.1.0'],
    ['1.2.3 - 2.3.4', '1.2.3 2.3.4', '2.3.5'],
    ['>*', '', '1.0.0 0.0.0'],
    ['1.2.3 || 1.2.5', '1.2.3 1.2.5', '1.2.4'],
  ])('%s', (range, inside, outside) => {
    const tags = (text: string): string[] => text.split(' ').filter((tag) => tag !== '');
    for (const tag of tags(inside)) expect([tag, within(tag, range)]).toEqual([tag, true]);
    for (const tag of tags(outside)) expect([tag, within(tag, range)]).toEqual([tag, false]);
  });

  it.each([
    'main',
    '1.2.3.4',
    '>>1',
    '^',
    '1 -2',
    '1.2.3 -',
    '^1 && 2',
    '>=',
    '01.2',
    '1.2.3-',
    'x'.repeat(300),
  ])('is not %j', (text) => {
    expect(parseRange(text)).toBeUndefined();
  });

  it('holds what a version is and what it leads to, whatever the numbers', () => {
    const number = fc.nat(30);
    fc.assert(
      fc.property(number, number, number, (major, minor, patch) => {
        const tag = `${major}.${minor}.${patch}`;
        for (const range of [
          tag,
          `^${tag}`,
          `~${tag}`,
          `>=${tag}`,
          `<=${tag}`,
          `${major}.x`,
          `${major}.${minor}`,
        ])
          expect(within(tag, range)).toBe(true);
        for (const range of [`>${tag}`, `<${tag}`, `^${major + 1}`, `~${major}.${minor + 1}`])
          expect(within(tag, range)).toBe(false);
        expect(within(`${major}.${minor}.${patch + 1}`, `~${tag}`)).toBe(true);
        expect(within(`${major + 1}.0.0`, `^${tag}`)).toBe(false);
        expect(within(`${tag}-rc.1`, `^${tag}`)).toBe(false);
      }),
    );
  });
});
