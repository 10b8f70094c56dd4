import { describe, expect, it } from '@jest/globals';
import { parse } from 'jsonc-parser';
import { editorSettings } from './editor-settings.js';
import { environmentsOf } from './found.js';

const file = (path: string, ...kinds: string[]) => {
  const folders = path.split('/');
  return { folders: folders.slice(0, -1), name: folders.at(-1) ?? '', kinds: new Set(kinds) };
};

describe('the environments of a repository', () => {
  it('are its folders that are named like some', () => {
    expect(
      environmentsOf([
        file('jobs/prod/a.yaml', 'marathon'),
        file('jobs/qa/b.json', 'chronos'),
        file('x.json'),
      ]),
    ).toEqual([
      { name: 'prod', layers: ['jobs/prod'], schedulers: ['marathon'], files: 1 },
      { name: 'qa', layers: ['jobs/qa'], schedulers: ['chronos'], files: 1 },
    ]);
  });

  it('share a folder that has files of the same paths', () => {
    expect(
      environmentsOf([
        file('base/shop/web.yaml', 'marathon'),
        file('base/jobs/a.yaml', 'chronos'),
        file('production/shop/web.yaml'),
        file('staging/other.yaml', 'marathon'),
        file('test/nothing.yaml'),
      ]),
    ).toEqual([
      { name: 'production', layers: ['base', 'production'], schedulers: ['chronos', 'marathon'], files: 3 },
      { name: 'staging', layers: ['staging'], schedulers: ['marathon'], files: 1 },
    ]);
  });

  it('are the folder that holds all manifests, where no folder is named like one', () => {
    expect(environmentsOf([file('a/b/x.json', 'marathon'), file('a/b/c/y.json', 'marathon')])).toEqual([
      { name: 'production', layers: ['a/b'], schedulers: ['marathon'], files: 2 },
    ]);
    expect(environmentsOf([])).toEqual([
      { name: 'production', layers: [''], schedulers: ['marathon'], files: 0 },
    ]);
  });
});

describe('the settings of an editor', () => {
  const folders = { manifests: ['base'], patches: ['production', 'staging'] };

  it('say which files are checked with which schema', () => {
    expect(parse(editorSettings('', folders) ?? '')).toEqual({
      'yaml.schemas': {
        './.vscode/towline/towline.json': ['towline.yaml'],
        './.vscode/towline/manifest.json': ['base/**/*.{yaml,yml}'],
        './.vscode/towline/manifest-patch.json': ['production/**/*.{yaml,yml}', 'staging/**/*.{yaml,yml}'],
      },
      'json.schemas': [
        { url: './.vscode/towline/manifest.json', fileMatch: ['base/**/*.json'] },
        {
          url: './.vscode/towline/manifest-patch.json',
          fileMatch: ['production/**/*.json', 'staging/**/*.json'],
        },
      ],
    });
  });

  it('keep what is there, comments included, and are the same a second time', () => {
    const before = `{
  // ours
  "editor.tabSize": 4,
  "json.schemas": [{ "url": "x.json", "fileMatch": ["x"] }],
  "yaml.schemas": { "y.json": "y" }, // theirs
}
`;
    const after = editorSettings(before, folders) ?? '';
    expect(after).toContain('// ours');
    expect(after).toContain('// theirs');
    const value = parse(after) as { 'json.schemas': unknown[]; 'yaml.schemas': object };
    expect(value['json.schemas']).toHaveLength(3);
    expect(Object.keys(value['yaml.schemas'])).toContain('y.json');
    expect(editorSettings(after, folders)).toBe(after);
  });

  it.each(['[]', '{', '"x"', '{"a": }'])('are left alone where they are %s', (before) => {
    expect(editorSettings(before, folders)).toBeUndefined();
  });
});
