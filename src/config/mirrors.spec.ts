import { describe, expect, it } from '@jest/globals';
import { placeText } from '../domain/source/diagnostic.js';
import { loadConfig } from './load.js';
import { UNREAD } from './settings.js';

async function load(text: string, files: Record<string, string> = {}, env: Record<string, string> = {}) {
  const result = await loadConfig({
    file: { path: 'towline.yaml', bytes: Buffer.from(`version: 1\n${text}`) },
    env,
    flags: {},
    readSecret: async (name) => files[name] ?? '',
    readFile: async () => undefined,
  });
  return 'config' in result
    ? { mirrors: result.config.mirrors, found: [] }
    : { mirrors: [], found: result.diagnostics.map((d) => `${placeText(d.place)} ${d.message}`) };
}

describe('mirrors of plain configuration', () => {
  it('need no environments, and have defaults for all but the prefix', async () => {
    expect((await load('mirrors:\n  a: { prefix: config/a/ }\n')).mirrors).toEqual([
      {
        name: 'a',
        branch: 'main',
        folder: '',
        prefix: 'config/a/',
        include: [],
        exclude: [],
        trim: false,
        links: 'skip',
        gone: 'keep',
        deletes: { maxCount: 1000, maxShare: 0.5 },
        foreign: 'keep',
        drift: 'repair',
        rewritten: 'follow',
      },
    ]);
  });

  it('can expand files in their own way', async () => {
    const text = (expand: string): string => `mirrors:\n  a: { prefix: p/, expand: ${expand} }\n`;
    const expandOf = async (expand: string) => (await load(text(expand))).mirrors[0]?.expand;
    expect(await expandOf('false')).toBeUndefined();
    expect(await expandOf('true')).toEqual({ arrays: 'index', ignoreExtension: false });
    expect(await expandOf('{ arrays: json, ignoreExtension: true, commonProperties: c.properties }')).toEqual(
      {
        arrays: 'json',
        ignoreExtension: true,
        commonProperties: 'c.properties',
      },
    );
  });

  it('can be of all branches and tags that fit, of some files, and with values of this machine', async () => {
    const { mirrors, found } = await load(
      'mirrors:\n  a: { prefix: p/, tags: ["v*"], branches: [main], revisionKey: "p/{ref}.ref", include: ["*.json"], exclude: [".git*"], secretsFile: s.json, gone: delete }\n',
      { 's.json': '{"A": "1"}' },
    );
    expect(found).toEqual([]);
    expect(mirrors[0]).toMatchObject({
      many: { branches: ['main'], tags: ['v*'], annotatedOnly: false },
      include: ['*.json'],
      exclude: ['.git*'],
      secrets: { A: '1' },
      gone: 'delete',
    });
  });

  it('are whole also where secrets are not read', async () => {
    const { mirrors, found } = await load('mirrors:\n  a: { prefix: p/, secretsFile: s.json }\n', {
      's.json': UNREAD,
    });
    expect([mirrors.length, mirrors[0]?.secrets, found]).toEqual([1, undefined, []]);
  });

  it('reach their repository by the name of a remote, with what that says', async () => {
    const { mirrors, found } = await load(
      'remotes:\n  conf: { url: "https://git.example/c.git", user: ann, tokenFile: t, timeoutSeconds: 5 }\nmirrors:\n  a: { prefix: p/, repository: conf }\n',
      { t: 'from-file' },
    );
    expect(found).toEqual([]);
    expect(mirrors[0]).toMatchObject({
      url: 'https://git.example/c.git',
      remote: { user: 'ann', token: 'from-file', timeoutSeconds: 5 },
    });
    const text =
      'remotes:\n  conf: { url: "https://git.example/c.git" }\nmirrors:\n  a: { prefix: p/, repository: conf }\n';
    const { mirrors: others } = await load(text, {}, { TOWLINE_REMOTE_CONF_TOKEN: 'from-env' });
    expect(others[0]?.remote?.token).toBe('from-env');
  });

  it.each([
    ['', 'towline.yaml:1:1 it names no environments, no mirrors and no hooks'],
    ['mirrors:\n  a: {}\n', '"prefix" is missing'],
    ['mirrors:\n  a: { prefix: p/, branch: -x }\n', 'begins with "-"'],
    ['mirrors:\n  a: { prefix: p/, folder: ../x }\n', '".."'],
    ['mirrors:\n  a: { prefix: "a//b/" }\n', 'empty segment'],
    ['mirrors:\n  a: { prefix: p/, expand: { arrays: all } }\n', 'must be one of'],
    ['mirrors:\n  a: { prefix: p/, repository: "http://u:p@host/x" }\n', ''],
    ['mirrors:\n  a: { prefix: p/ }\n  b: { prefix: p }\n', 'those of the mirror a'],
    ['mirrors:\n  a: { prefix: towline/x/ }\n', 'among those of Towline'],
    [
      'environments:\n  e: { prefix: shop, schedulers: { marathon: { url: "http://m" } } }\nmirrors:\n  a: { prefix: shop/config/ }\n',
      '("shop/")',
    ],
    ['mirrors:\n  a: { prefix: p/, tags: ["*"], branch: main }\n', 'one branch'],
    ['mirrors:\n  a: { prefix: p/, tags: ["*"], revisionKey: p.ref }\n', 'would share it'],
    ['mirrors:\n  a: { prefix: p/, secretsFile: bad.json }\n', 'no JSON object of texts'],
    ['mirrors:\n  a: { prefix: p/, gone: maybe }\n', 'must be one of'],
    [
      'mirrors:\n  a: { prefix: p/ }\nremotes:\n  r: { url: "http://git.example/x", tokenFile: t }\n',
      'readable for everybody',
    ],
    [
      'mirrors:\n  a: { prefix: p/ }\nremotes:\n  r: { url: "ssh://git.example/x", sshKeyFile: "50%" }\n',
      'its path holds',
    ],
    ['mirrors:\n  a: { prefix: p/ }\nremotes:\n  r: { url: "https://g/x", token: abcdef }\n', 'tokenFile'],
    [
      'mirrors:\n  a: { prefix: p/ }\nremotes:\n  r: { url: "https://g/x", history: tip }\nrepository: { url: r }\n',
      'with its history',
    ],
  ])('%j is refused with its place', async (text, words) => {
    const { found } = await load(text, { 'bad.json': '[1]', t: 'secret' });
    expect(found).toEqual([expect.stringMatching(/^towline\.yaml:\d+:\d+ /)]);
    expect(found[0]).toContain(words);
  });
});
