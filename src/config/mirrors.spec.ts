import { describe, expect, it } from '@jest/globals';
import { placeText } from '../domain/source/diagnostic.js';
import { loadConfig } from './load.js';

async function load(text: string) {
  const result = await loadConfig({
    file: { path: 'towline.yaml', bytes: Buffer.from(`version: 1\n${text}`) },
    env: {},
    flags: {},
    readSecret: async () => '',
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
        deletes: { maxCount: 1000, maxShare: 0.5 },
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

  it.each([
    ['', 'towline.yaml:1:1 it names no environments and no mirrors'],
    ['mirrors:\n  a: {}\n', '"prefix" is missing'],
    ['mirrors:\n  a: { prefix: p/, branch: -x }\n', 'begins with "-"'],
    ['mirrors:\n  a: { prefix: p/, folder: ../x }\n', '".."'],
    ['mirrors:\n  a: { prefix: "a//b/" }\n', 'empty segment'],
    ['mirrors:\n  a: { prefix: p/, expand: { arrays: all } }\n', 'must be one of'],
    ['mirrors:\n  a: { prefix: p/, repository: "http://u:p@host/x" }\n', ''],
  ])('%j is refused with its place', async (text, words) => {
    const { found } = await load(text);
    expect(found).toEqual([expect.stringMatching(/^towline\.yaml:\d+:\d+ /)]);
    expect(found[0]).toContain(words);
  });
});
