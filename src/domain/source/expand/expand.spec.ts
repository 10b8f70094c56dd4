import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Json } from '../json.js';
import type { ObjectId } from '../revision.js';
import { blobId, treeId } from '../tree-id.js';
import { expandTree, type ExpandOptions } from './index.js';
import { leavesOf } from './leaves.js';
import { parseProperties } from './properties.js';

/** Keys and values of a tree with these files. */
function expand(files: Record<string, string>, more: Partial<ExpandOptions> = {}) {
  const contents = new Map<ObjectId, Uint8Array>();
  const entries = Object.entries(files).map(([path, text]) => {
    const bytes = Buffer.from(text);
    const id = blobId(bytes, 'sha1');
    contents.set(id, bytes);
    return { path, mode: '100644' as const, id };
  });
  const tree = { id: treeId(entries, 'sha1'), format: 'sha1' as const, entries };
  const result = expandTree(tree, contents, { arrays: 'index', ignoreExtension: false, ...more });
  const all = new Map([...contents, ...result.contents]);
  return {
    ...result,
    keys: Object.fromEntries(
      result.tree.entries.map(({ path, id }) => [path, Buffer.from(all.get(id) ?? []).toString()]),
    ),
  };
}

describe('a file that holds a document', () => {
  it('becomes a key for each leaf, typed as JSON writes it', () => {
    const { keys } = expand({
      'app.json':
        '{"name": "web", "port": 8080, "ratio": 1.50, "on": true, "none": null, "deep": {"a b": {"x/y": "z"}}}',
      'logo.png': 'as it is',
    });
    expect(keys).toEqual({
      'app.json/name': 'web',
      'app.json/port': '8080',
      'app.json/ratio': '1.5',
      'app.json/on': 'true',
      'app.json/none': '',
      'app.json/deep/a%20b/x%2Fy': 'z',
      'logo.png': 'as it is',
    });
  });

  it('may be YAML or properties', () => {
    expect(
      expand({
        'a.yml': 'x: &x {k: v}\ny:\n  <<: *x\n  n: 0x10\n',
        'b.properties': '# c\nserver.port=80\nname : a\\\n   b\nkey\\ x=\\u00e9\\n\n! d\nempty\n',
      }).keys,
    ).toEqual({
      'a.yml/x/k': 'v',
      'a.yml/y/k': 'v',
      'a.yml/y/n': '16',
      'b.properties/server.port': '80',
      'b.properties/name': 'ab',
      'b.properties/key%20x': 'é\n',
      'b.properties/empty': '',
    });
  });

  it('has its lists as keys by number, as JSON, or not at all', () => {
    const files = { 'a.json': '{"l": [1, {"k": [2]}], "e": [], "o": {}}', 't.json': '["x", ["y"]]' };
    expect(expand(files, { arrays: 'index' }).keys).toEqual({
      'a.json/l/0': '1',
      'a.json/l/1/k/0': '2',
      't.json/0': 'x',
      't.json/1/0': 'y',
    });
    expect(expand(files, { arrays: 'json' }).keys).toEqual({
      'a.json/l': '[1,{"k":[2]}]',
      'a.json/e': '[]',
    });
    expect(expand(files, { arrays: 'drop' }).keys).toEqual({ 't.json/0': 'x' });
  });

  it('stands there as it is where it can not be understood', () => {
    const files = {
      'a.json': '{"a": 1,}',
      'b.yaml': 'a: [\n',
      'c.yaml': 'a: 1\n---\nb: 2\n',
      'd.properties': 'a=\\u00zz\n',
      'bytes.json': '\ufffd',
    };
    const { keys, flat } = expand(files);
    expect(keys).toEqual(files);
    expect(flat).toEqual(Object.keys(files));
  });

  it('fills in common properties, and stands there as it is where one is not known', () => {
    const files = {
      'common.properties': 'host=db\n',
      'a.properties': 'url=http://${host}/\n',
      'b.properties': 'url=${none}\n',
    };
    expect(expand(files, { commonProperties: 'common.properties' }).keys).toEqual({
      'common.properties/host': 'db',
      'a.properties/url': 'http://db/',
      'b.properties': 'url=${none}\n',
    });
    expect(expand(files, { commonProperties: 'gone.properties' }).keys['a.properties']).toBe(
      'url=http://${host}/\n',
    );
    expect(expand(files).keys['a.properties/url']).toBe('http://${host}/');
  });

  it('can be named without its extension; who comes second to a key is told', () => {
    const { keys, collisions } = expand(
      { 'a.json': '{"x": 1, "y": 2}', 'a.yml': 'x: 3\nz: 4\n', 'a/y/deep.txt': 'own' },
      { ignoreExtension: true },
    );
    expect(keys).toEqual({ 'a/x': '1', 'a/z': '4', 'a/y/deep.txt': 'own' });
    expect(collisions).toEqual([
      { path: 'a.yml', key: 'a/x', with: 'a.json' },
      { path: 'a.json', key: 'a/y', with: 'a/y/deep.txt' },
    ]);
  });

  it('makes no keys that nothing can address', () => {
    expect(expand({ 'a.json': '{"": 1, "..": 2, ".": 3, "ok": 4, "b": {"": 5}}' }).keys).toEqual({
      'a.json/ok': '4',
    });
  });

  it('does not grow without bounds: aliases, depth', () => {
    const bomb = `a0: &a0 [x, x]\n${Array.from({ length: 30 }, (_, n) => `a${n + 1}: &a${n + 1} [*a${n}, *a${n}]\n`).join('')}`;
    expect(expand({ 'bomb.yaml': bomb }).flat).toEqual(['bomb.yaml']);
    let deep: Json = 1;
    for (let at = 0; at < 50_000; at++) deep = { a: deep };
    expect(leavesOf(deep, 'index')).toHaveLength(1);
  });
});

describe('over all documents', () => {
  it('the expanded tree has the id that Git would give it, and every leaf once', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom('a.json', 'b.json', 'c/d.json', 'a'), fc.json()), (files) => {
        const { tree } = expand(files, { ignoreExtension: true });
        const paths = tree.entries.map(({ path }) => path);
        expect(new Set(paths).size).toBe(paths.length);
        for (const path of paths) expect(paths.filter((other) => other.startsWith(`${path}/`))).toEqual([]);
        expect(tree.id).toBe(treeId(tree.entries, 'sha1'));
      }),
    );
  });

  it('no text makes the reader of properties throw', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => void parseProperties(text)));
    fc.assert(
      fc.property(
        fc.dictionary(fc.stringMatching(/^[a-z.]{1,8}$/), fc.stringMatching(/^[a-z0-9 ]{0,8}$/)),
        (entries) => {
          const text = Object.entries(entries)
            .map(([name, value]) => `${name}=${value.trim()}\n`)
            .join('');
          expect(Object.fromEntries(parseProperties(text) ?? [])).toEqual(
            Object.fromEntries(Object.entries(entries).map(([name, value]) => [name, value.trim()])),
          );
        },
      ),
    );
  });
});
