import { describe, expect, it } from '@jest/globals';
import type { HooksConfig } from './config.js';
import { loadConfig } from './load.js';

const BASE = 'version: 1\nenvironments: { a: { schedulers: { marathon: { url: "http://m" } } } }\n';

async function load(
  text: string,
  env: Record<string, string> = {},
): Promise<{ hooks?: HooksConfig; said: string[] }> {
  const result = await loadConfig({
    file: { path: 'towline.yaml', bytes: Buffer.from(BASE + text) },
    env,
    flags: {},
    jobKinds: [],
    ruleCodes: [],
    readSecret: async (name) => `content of ${name}`,
    readFile: async () => undefined,
  });
  return 'config' in result
    ? { hooks: result.config.hooks, said: [] }
    : { said: result.diagnostics.map(({ message, fix }) => `${message} (${fix ?? ''})`) };
}

describe('hooks in towline.yaml', () => {
  it('name triggers, with their tokens from files or variables', async () => {
    const text = `hooks:
  requireSigned: [main]
  triggers:
    - { kind: jenkins, url: https://j/, job: a/b, user: ann, tokenFile: t }
    - { kind: gitlab, name: other-lab, url: https://g, project: a/b, branches: [main] }
    - { kind: mirror }
`;
    const { hooks, said } = await load(text, { TOWLINE_TRIGGER_OTHER_LAB_TOKEN: 'from a variable' });
    expect(said).toEqual([]);
    expect(hooks).toMatchObject({
      requireSigned: ['main'],
      onTimeout: 'refuse',
      triggers: [
        { kind: 'jenkins', name: 'jenkins', url: 'https://j', token: 'content of t', timeoutMs: 10_000 },
        {
          kind: 'gitlab',
          name: 'other-lab',
          token: 'from a variable',
          filter: { branches: ['main'], tags: [] },
        },
        { kind: 'mirror', filter: { branches: ['**'], deletes: false } },
      ],
    });
  });

  it.each<[string, string, RegExp]>([
    [
      'a token in the file',
      'triggers: [{ kind: webhook, url: "https://h", token: x }]',
      /secrets never stand in this file/,
    ],
    ['a missing job', 'triggers: [{ kind: jenkins, url: "https://j", user: u }]', /jenkins needs job/],
    [
      'an address that is open',
      'triggers: [{ kind: webhook, url: "http://h.example.org" }]',
      /readable for everybody/,
    ],
    [
      'a login in an address',
      'triggers: [{ kind: webhook, url: "https://u:p@h" }]',
      /holds a user or password/,
    ],
    [
      'two of one name',
      'triggers: [{ kind: mirror }, { kind: mirror }]',
      /two triggers with the name mirror/,
    ],
    ['a protection of nothing', 'protect: [{ paths: [], allow: [] }]', /./],
    ['a name that is a path', 'triggers: [{ kind: mirror, name: "../x" }]', /small letters/],
    ['an unknown word', 'onTimeout: maybe', /./],
  ])('do not take %s', async (_what, text, said) => {
    const found = await load(`hooks: { ${text} }\n`);
    expect(found.hooks).toBeUndefined();
    expect(found.said.join('\n')).toMatch(said);
  });
});
