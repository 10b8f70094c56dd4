import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { placeText } from '../source/diagnostic.js';
import { canonicalJson, type Json } from '../source/json.js';
import { isManifestPath, parseManifest } from './parse-manifest.js';

const parse = (path: string, text: string | Uint8Array) =>
  parseManifest(path, typeof text === 'string' ? Buffer.from(text) : text);
const values = (path: string, text: string) => parse(path, text).documents.map((d) => d.value);
const findings = (path: string, text: string | Uint8Array) =>
  parse(path, text).diagnostics.map((d) => `${placeText(d.place)} ${d.code}`);

describe('a manifest', () => {
  it('is told from other files by its extension', () => {
    expect(['a.json', 'b/c.yaml', 'd.YML'].every(isManifestPath)).toBe(true);
    expect(['a.txt', 'json', 'a.json.bak'].some(isManifestPath)).toBe(false);
  });

  it('may be JSON, YAML, several YAML documents, or an array', () => {
    expect(values('a.json', '{"id": "/a"}')).toEqual([{ id: '/a' }]);
    expect(values('a.yaml', 'id: /a\n---\n# nothing\n---\nid: /b\n')).toEqual([{ id: '/a' }, { id: '/b' }]);
    expect(values('a.yaml', '- id: /a\n- id: /b\n')).toEqual([[{ id: '/a' }, { id: '/b' }]]);
  });

  it('knows the place of every value and key, also behind anchors and in later documents', () => {
    const [first, second] = parse('a.yaml', 'x: &x\n  image: a:1\n---\nenv:\n  KEY: v\n').documents;
    expect(placeText(first!.placeOf('/x/image'))).toBe('a.yaml:2:10');
    expect(placeText(first!.placeOf('/x/image', 'key'))).toBe('a.yaml:2:3');
    expect(placeText(second!.placeOf('/env/KEY'))).toBe('a.yaml:5:8');
    expect(placeText(second!.placeOf('/env/MISSING/deep'))).toBe('a.yaml:5:3');
    const [json] = parse('a.json', '{\n  "a": [1,\n    {"b": 2}]\n}').documents;
    expect(placeText(json!.placeOf('/a/1/b'))).toBe('a.json:3:11');
    expect(placeText(json!.placeOf('/a/1/b', 'key'))).toBe('a.json:3:6');
  });

  it('understands merge keys, a byte order mark and CRLF', () => {
    expect(values('a.yaml', 'base: &b {cpus: 1}\nweb:\n  <<: *b\n  mem: 2\n')).toEqual([
      { base: { cpus: 1 }, web: { cpus: 1, mem: 2 } },
    ]);
    expect(values('a.json', '\uFEFF{"id":\r\n"/a"}')).toEqual([{ id: '/a' }]);
  });
});

describe('a manifest that is not good', () => {
  it.each([
    ['a comment in JSON', 'a.json', '{"a": 1} // x', 'a.json:1:10 manifest/syntax'],
    ['a trailing comma', 'a.json', '{"a": 1,}', 'a.json:1:9 manifest/syntax'],
    ['a missing brace', 'a.json', '{"a": {"b": 1}', 'a.json:1:15 manifest/syntax'],
    ['nothing at all', 'a.json', '', 'a.json:1:1 manifest/syntax'],
    ['a key twice in JSON', 'a.json', '{"a": 1,\n "a": 2}', 'a.json:2:2 manifest/duplicate-key'],
    ['a key twice in YAML', 'a.yaml', 'a: 1\na: 2\n', 'a.yaml:2:1 manifest/duplicate-key'],
    ['a number that loses digits', 'a.json', '{"a": 12345678901234567890}', 'a.json:1:7 manifest/number'],
    ['an infinite number', 'a.yaml', 'a: .inf\n', 'a.yaml:1:4 manifest/number'],
    ['a key that attacks', 'a.json', '{"__proto__": {"x": 1}}', 'a.json:1:2 manifest/key'],
    ['the same in YAML', 'a.yaml', '__proto__: {x: 1}\n', 'a.yaml:1:1 manifest/key'],
    ['an unknown tag', 'a.yaml', 'a: !secret x\n', 'a.yaml:1:4 manifest/tag'],
    ['a key that is a list', 'a.yaml', '? [a]\n: 1\n', 'a.yaml:1:3 manifest/key'],
    ['broken indentation', 'a.yaml', 'a: 1\n  b: 2\n', 'a.yaml:1:4 manifest/syntax'],
  ])('says where: %s', (_name, path, text, expected) => {
    expect(findings(path, text)).toContain(expected);
    expect(parse(path, text).documents).toEqual([]);
  });

  it('may be larger, deeper, wider or stranger than anything sensible: a finding, never a crash', () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghi'
      .split('')
      .map((c, n) => `${c}: &${c} [${Array(9).fill(`*${'abcdefgh'[n]}`).join(',')}]`)
      .join('\n')}\n`;
    expect(findings('a.yaml', bomb)).toHaveLength(1);
    expect(findings('a.json', '['.repeat(20_000) + ']'.repeat(20_000))[0]).toContain('manifest/too-deep');
    expect(findings('a.yaml', '['.repeat(20_000) + ']'.repeat(20_000))[0]).toMatch(/manifest\/(too-deep|syntax)$/);
    expect(findings('a.json', Buffer.alloc(5 * 1024 * 1024, ' '))[0]).toContain('manifest/too-large');
    expect(findings('a.json', Uint8Array.from([0x7b, 0xff, 0x7d]))[0]).toContain('manifest/encoding');
  });

  it('warns of what other YAML readers understand differently', () => {
    expect(findings('a.yaml', 'a: yes\nb: 0755\nc: "no"\n')).toEqual([
      'a.yaml:1:4 manifest/yaml-1.1',
      'a.yaml:2:4 manifest/yaml-1.1',
    ]);
  });
});

describe('over all inputs', () => {
  it('JSON reads as JSON.parse does, and every place lies on its value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const text = JSON.stringify(value, null, 2);
        fc.pre(!text.includes('__proto__') && !/(?<![.\d])\d{16,}/.test(text));
        const { documents, diagnostics } = parse('a.json', text);
        expect(diagnostics).toEqual([]);
        expect(canonicalJson(documents[0]?.value ?? null)).toBe(canonicalJson(JSON.parse(text) as Json));
      }),
    );
  });

  it('no bytes make it throw', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('a.json', 'a.yaml'),
        fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.string({ maxLength: 200 })),
        (path, text) => {
          expect(() => parse(path, text)).not.toThrow();
        },
      ),
      { numRuns: 500 },
    );
  });
});
