import { describe, expect, it } from '@jest/globals';
import { readRule, whyNotByRules, type PromoteRule, type ReadRule } from './policy.js';

const read = (rule: PromoteRule): ReadRule => {
  const rule_ = readRule(rule);
  if ('message' in rule_) throw new Error(rule_.message);
  return rule_;
};
const FROM = { environment: 'staging', healthyForMs: 0 };

describe('rules for promotions', () => {
  it.each<[what: string, rules: PromoteRule[], comeIn: string, stayOut: string]>([
    ['patterns of tags', [{ tag: '1.*' }, { tag: '2.0' }], '1.0 1.x.y 2.0', '2.1 11.0 v1.0'],
    ['a range of versions', [{ semver: '>=1.2 <2 || ^3' }], '1.2.0 3.4.5', '1.1.9 2.0.0 1.3.0-rc.1 latest'],
    [
      'an expression for the whole tag',
      [{ match: 'main-[0-9a-f]{7}' }],
      'main-0123abc',
      'main-0123abcd xmain-0123abc',
    ],
    ['alternatives of an expression', [{ match: 'a|b' }], 'a b', 'ab xa bx'],
    ['all that a rule names', [{ semver: '^1', match: '.*[02468]' }], '1.0.2', '1.0.3 2.0.2'],
    ['whatever is newest', [{ newest: true }], 'anything 0.0.1', ''],
    ['an image of this name', [{ images: 'shop/*', tag: '*' }], 'x', ''],
    ['another image', [{ images: 'other/*', tag: '*' }], '', 'x'],
    ['no rules', [], '', 'x 1.0.0'],
    ['people only, whatever else is said', [{ tag: '*' }, { images: 'shop/web', manual: true }], '', 'x'],
    ['people only for other images', [{ tag: '*' }, { images: 'shop/pay', manual: true }], 'x', ''],
    ['signs of expressions in a pattern', [{ tag: '1.0+(a)*' }], '1.0+(a)b', '1x0+(a)b'],
  ])('with %s', (_what, rules, comeIn, stayOut) => {
    const why = (tag: string) => whyNotByRules({ image: 'shop/web', tag }, rules.map(read), undefined);
    const tags = (text: string): string[] => text.split(' ').filter((tag) => tag !== '');
    for (const tag of tags(comeIn)) expect([tag, why(tag)]).toEqual([tag, undefined]);
    for (const tag of tags(stayOut)) expect([tag, why(tag)]).toEqual([tag, expect.any(String)]);
  });

  it.each<[branch: string | undefined, rule: string, reason: string | undefined]>([
    ['main', 'main', undefined],
    ['release/1.x', 'release/*', undefined],
    ['feature/x', 'main', 'fits none of branch main'],
    [undefined, 'main', 'does not say which branch it was built from'],
  ])('a release of branch %s by a rule for %s', (sourceBranch, branch, reason) => {
    const release = { image: 'shop/web', tag: '1', ...(sourceBranch === undefined ? {} : { sourceBranch }) };
    const why = whyNotByRules(release, [read({ branch })], undefined);
    expect(why).toEqual(reason === undefined ? undefined : expect.stringContaining(reason));
  });

  it('says what would have come in', () => {
    const rules = [{ tag: '1.*' }, { semver: '^2', branch: 'main' }].map(read);
    expect(whyNotByRules({ image: 'shop/web', tag: 'x' }, rules, undefined)).toBe(
      'its tag is not promoted automatically here: it fits none of tag 1.*, or semver ^2 and branch main',
    );
    expect(whyNotByRules({ image: 'shop/web', tag: 'x' }, [], undefined)).toBe(
      'nothing is promoted automatically here',
    );
  });

  it('let everything in that runs in the environment before, where they say nothing else', () => {
    const release = { image: 'shop/web', tag: 'x' };
    expect(whyNotByRules(release, [], FROM)).toBeUndefined();
    expect(whyNotByRules(release, [read({ manual: true, images: 'shop/pay' })], FROM)).toBeUndefined();
    expect(whyNotByRules(release, [read({ manual: true })], FROM)).toContain('only people');
    expect(whyNotByRules(release, [read({ tag: '1.*' })], FROM)).toContain('fits none');
  });

  it.each<[PromoteRule, 'semver' | 'match', string]>([
    [{ semver: 'newest' }, 'semver', 'is no range'],
    [{ match: '(' }, 'match', 'is no regular expression'],
    [{ match: '(a+)+' }, 'match', 'repeats a repetition'],
    [{ match: '((a|b)*)*c' }, 'match', 'repeats a repetition'],
    [{ match: '([0-9]{1,9})+x' }, 'match', 'repeats a repetition'],
    [{ match: '(a|aa)+' }, 'match', 'or a choice'],
    [{ match: 'a'.repeat(300) }, 'match', 'longer than'],
  ])('refuse %j', (rule, at, message) => {
    expect(readRule(rule)).toEqual({ at, message: expect.stringContaining(message) });
  });

  it('take an expression that repeats a group once', () => {
    for (const match of ['(\\d+\\.){2}\\d+(-rc\\.\\d+)?', '(main|release)-[(|)*+]+', 'v\\d+(-(rc|beta))?'])
      expect(readRule({ match })).toHaveProperty('match');
  });
});
