import { describe, expect, it } from '@jest/globals';
import { loadConfig } from './load.js';

const MINIMAL = 'version: 1\nenvironments: { a: { schedulers: { marathon: { url: "http://m:8080" } } } }\n';

async function load(text: string, env: Record<string, string> = {}) {
  const result = await loadConfig({
    file: { path: 'towline.yaml', bytes: Buffer.from(MINIMAL + text) },
    env,
    flags: {},
    jobKinds: ['app'],
    ruleCodes: [],
    readFile: async () => undefined,
    readSecret: async () => 'from-file',
  });
  return 'config' in result
    ? { statuses: result.config.statuses, notes: result.config.notes, said: [] }
    : { said: result.diagnostics.map(({ message }) => message) };
}

describe('forges in the configuration', () => {
  it('have their tokens from files, or from variables, which come first', async () => {
    const text = `statuses:
  - { kind: github, url: api.github.com, project: shop/jobs, tokenFile: t }
  - { kind: gitlab, url: "https://git.example.org/", project: /ops/sub/jobs/, tokenFile: t, targetUrl: "https://x" }
notes: true
`;
    expect(await load(text, { TOWLINE_STATUS_GITLAB_TOKEN: 'from-variable' })).toEqual({
      notes: true,
      said: [],
      statuses: [
        { kind: 'github', url: 'https://api.github.com', project: 'shop/jobs', token: 'from-file' },
        {
          kind: 'gitlab',
          url: 'https://git.example.org',
          project: 'ops/sub/jobs',
          token: 'from-variable',
          targetUrl: 'https://x',
        },
      ],
    });
  });

  it('need no token where nothing is deployed from', async () => {
    const { statuses } = await load('statuses: [{ kind: gitea, url: "https://g", project: a/b }]\n');
    expect(statuses).toEqual([{ kind: 'gitea', url: 'https://g', project: 'a/b' }]);
  });

  it.each([
    ['no encryption', '{ kind: gitea, url: "http://g.example.org", project: a/b }', /readable for everybody/],
    [
      'a name that only begins like this machine',
      '{ kind: gitea, url: "http://127.evil.example", project: a/b }',
      /readable for everybody/,
    ],
    ['a password in the address', '{ kind: gitea, url: "https://u:p@g", project: a/b }', /user or password/],
    ['an unknown kind', '{ kind: bitbucket, url: "https://g", project: a/b }', /github/],
    [
      'a token in the file',
      '{ kind: gitea, url: "https://g", project: a/b, token: abc }',
      /secrets never stand/,
    ],
    ['no project', '{ kind: gitea, url: "https://g" }', /project/],
  ])('are refused with %s', async (_what, entry, message) => {
    const { said } = await load(`statuses: [${entry}]\n`);
    expect(said.join('\n')).toMatch(message);
    expect(said.join('\n')).not.toContain('abc');
  });

  it('on this machine may do without encryption', async () => {
    expect(
      await load('statuses: [{ kind: gitea, url: "http://127.0.0.1:3000", project: a/b }]\n'),
    ).toMatchObject({
      said: [],
    });
  });
});
