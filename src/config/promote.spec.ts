import { describe, expect, it } from '@jest/globals';
import { placeText } from '../domain/source/diagnostic.js';
import type { PromoteConfig } from './config.js';
import { loadConfig } from './load.js';

async function load(promote: string, env: Record<string, string> = {}): Promise<PromoteConfig | string[]> {
  const text = `version: 1
environments:
  staging: { schedulers: { marathon: { url: "http://m:8080" } } }
  production:
    schedulers: { marathon: { url: "http://m:8080" } }
    promote: ${promote}
`;
  const result = await loadConfig({
    file: { path: 'towline.yaml', bytes: Buffer.from(text) },
    env,
    flags: {},
    jobKinds: ['app'],
    ruleCodes: [],
    readFile: async () => undefined,
    readSecret: async () => 'from-file',
  });
  if ('diagnostics' in result)
    return result.diagnostics.map(({ place, message }) => `${placeText(place)}: ${message}`);
  const found = result.config.environments.find(({ name }) => name === 'production');
  if (found === undefined) throw new Error('there is no production');
  return found.promote;
}

describe('promotions in the configuration', () => {
  it('are by hand where nothing is said', async () => {
    expect(await load('{}')).toEqual({ automatic: [], pin: 'keep', via: 'push' });
  });

  it('take patterns of tags as ever, and rules beside them', async () => {
    const promote = await load(
      `{ automatic: ['1.*', { images: 'shop/*', semver: '^1.2', branch: main }, { match: 'v\\d+' }, { newest: true }] }`,
    );
    expect(promote).toMatchObject({
      automatic: [
        { tag: '1.*' },
        { images: 'shop/*', semver: { text: '^1.2' }, branch: 'main' },
        { match: { text: 'v\\d+', expression: /^(?:v\d+)$/ } },
        { newest: true },
      ],
    });
  });

  it.each([
    ['30m', 1_800_000],
    ['90s', 90_000],
    ['2h', 7_200_000],
    ['1d', 86_400_000],
    ['0s', 0],
  ])('come from another environment after %s', async (healthyFor, healthyForMs) => {
    expect(await load(`{ from: staging, healthyFor: ${healthyFor}, pin: digest }`)).toMatchObject({
      from: { environment: 'staging', healthyForMs },
      pin: 'digest',
    });
  });

  it('have the token of a forge from a file, or from a variable, which comes first', async () => {
    const forge = '{ kind: gitlab, url: "https://git.example.org/", project: /ops/jobs/, tokenFile: t }';
    const config = `{ via: merge-request, forge: ${forge} }`;
    expect(await load(config)).toMatchObject({
      via: 'merge-request',
      forge: { kind: 'gitlab', url: 'https://git.example.org', project: 'ops/jobs', token: 'from-file' },
    });
    expect(await load(config, { TOWLINE_PROMOTE_GITLAB_TOKEN: 'from-variable' })).toMatchObject({
      forge: { token: 'from-variable' },
    });
  });

  it.each<[what: string, promote: string, said: string]>([
    [
      'a range that is none',
      "{ automatic: [{ semver: 'newest' }] }",
      'towline.yaml:6:38: "newest" is no range of versions',
    ],
    [
      'an expression that is none',
      "{ automatic: [{ match: '(' }] }",
      'towline.yaml:6:37: "(" is no regular expression',
    ],
    ['an expression that may take for ever', "{ automatic: [{ match: '(a+)+' }] }", 'repeats a repetition'],
    ['a rule without anything', '{ automatic: [{}] }', 'towline.yaml:6:28'],
    ['a rule with what there is not', '{ automatic: [{ semverr: x }] }', 'semverr'],
    [
      'another environment that is not there',
      '{ from: stagin }',
      'towline.yaml:6:22: there is no other environment "stagin"',
    ],
    ['itself', '{ from: production }', 'there is no other environment'],
    ['a time without a place', '{ healthyFor: 30m }', 'it says how long, and not where'],
    ['a time that is none', '{ from: staging, healthyFor: soon }', 'a time is written as'],
    ['merge requests without a forge', '{ via: merge-request }', 'no forge is named'],
    [
      'a token in the file',
      '{ forge: { kind: github, url: "https://a", project: a/b, token: x } }',
      'secrets never stand in this file',
    ],
    [
      'no encryption',
      '{ forge: { kind: gitea, url: "http://g.example.org", project: a/b } }',
      'readable for everybody',
    ],
    [
      'a login in the address',
      '{ forge: { kind: gitea, url: "https://u:p@g.example.org", project: a/b } }',
      'towline.yaml:6',
    ],
  ])('refuse %s, with its place', async (_what, promote, said) => {
    expect(await load(promote)).toEqual(expect.arrayContaining([expect.stringContaining(said)]));
  });
});
