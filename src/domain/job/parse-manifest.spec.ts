import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { stringify } from 'yaml';
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

  it('takes every number that is written as a computer would write it', () => {
    const text = '[0.1, 170058044247394.12, 9007199254740992, 1e21, 1.10, -0.0, 5e-324, 0.30000000000000004]';
    expect(findings('a.json', text)).toEqual([]);
    expect(findings('a.yaml', text)).toEqual([]);
    expect(findings('a.json', '[9007199254740993]')).toEqual(['a.json:1:2 manifest/number']);
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

  it('merges as teams expect: own keys win, then the first of several, and the place is where it is written', () => {
    const text = 'b: &b {x: 1, z: 1}\nc: &c {x: 2, v: 2}\na: {<<: [*b, *c], z: 3}\n';
    const [document] = parse('a.yaml', text).documents;
    expect(document!.value).toMatchObject({ a: { x: 1, v: 2, z: 3 } });
    expect(placeText(document!.placeOf('/a/v'))).toBe('a.yaml:2:17');
    expect(placeText(document!.placeOf('/a/z'))).toBe('a.yaml:3:22');
    expect(values('a.yaml', 'b: &b {x: 1}\na: {"<<": *b}\n')).toEqual([
      { b: { x: 1 }, a: { '<<': { x: 1 } } },
    ]);
  });

  it('gives every alias a value of its own', () => {
    const [value] = values('a.yaml', 'a: &a {x: [1]}\nb: *a\nc: *a\n') as { b: { x: number[] }; c: object }[];
    value!.b.x.push(2);
    expect(value!.c).toEqual({ x: [1] });
    expect(
      values('a.yaml', `a: &a 1\n${Array.from({ length: 500 }, (_, n) => `k${n}: *a\n`).join('')}`),
    ).toHaveLength(1);
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
    ['a trailing comma', 'a.json', '{"a": 1,}', 'a.json:1:8 manifest/syntax'],
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
    [
      'a number with too many digits',
      'a.json',
      '{"a": 0.12345678901234567890}',
      'a.json:1:7 manifest/number',
    ],
    ['a number that falls to nothing', 'a.yaml', 'a: 1e-400\n', 'a.yaml:1:4 manifest/number'],
    ['half a character', 'a.json', '{"a": "\\ud800"}', 'a.json:1:7 manifest/encoding'],
    ['white space that JSON has not', 'a.json', '{\u00a0"a": 1}', 'a.json:1:2 manifest/syntax'],
    ['a control character', 'a.yaml', 'a: "\u0001"\n', 'a.yaml:1:5 manifest/character'],
    ['binary content', 'a.yaml', 'a: !!binary aGk=\n', 'a.yaml:1:4 manifest/tag'],
    ['a set', 'a.yaml', 'a: !!set {x, z}\n', 'a.yaml:1:4 manifest/tag'],
    ['a date by tag', 'a.yaml', 'a: !!timestamp 2026-01-01\n', 'a.yaml:1:4 manifest/tag'],
    ['an alias of nothing', 'a.yaml', 'a: *nope\n', 'a.yaml:1:4 manifest/alias'],
    ['an alias of itself', 'a.yaml', 'a: &a [*a]\n', 'a.yaml:1:8 manifest/alias'],
    ['a merge of a number', 'a.yaml', 'a: {<<: 3}\n', 'a.yaml:1:9 manifest/merge'],
    ['two merges', 'a.yaml', 'b: &b {x: 1}\na: {<<: *b, <<: *b}\n', 'a.yaml:2:13 manifest/duplicate-key'],
    ['an attack by merge', 'a.yaml', 'a: {<<: {__proto__: 1}}\n', 'a.yaml:1:10 manifest/key'],
    ['no key', 'a.yaml', '~: x\n', 'a.yaml:1:1 manifest/key'],
    ['a key that would change', 'a.yaml', '0x10: x\n', 'a.yaml:1:1 manifest/key'],
    ['bytes that are no text', 'a.yaml', 'a: 1\nb: \u00e9', 'a.yaml:2:4 manifest/encoding'],
    ['broken indentation', 'a.yaml', 'a: 1\n  b: 2\n', 'a.yaml:1:4 manifest/syntax'],
  ])('says where: %s', (name, path, text, expected) => {
    const bytes = Buffer.from(text, name === 'bytes that are no text' ? 'latin1' : 'utf8');
    expect(findings(path, bytes)).toContain(expected);
    expect(parse(path, bytes).documents).toEqual([]);
  });

  it('may be larger, deeper, wider or stranger than anything sensible: a finding, never a crash', () => {
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghi'
      .split('')
      .map((c, n) => `${c}: &${c} [${Array(9).fill(`*${'abcdefgh'[n]}`).join(',')}]`)
      .join('\n')}\n`;
    expect(findings('a.yaml', bomb)).toEqual(['a.yaml:7:8 manifest/aliases']);
    const merges = Array.from(
      { length: 90 },
      (_, at) => `a${at + 1}: &a${at + 1} {<<: [*a${at}, *a${at}]}\n`,
    );
    expect(findings('a.yaml', `a0: &a0 {x: 1}\n${merges.join('')}`)).toEqual([
      'a.yaml:18:17 manifest/aliases',
    ]);
    const tower = Array.from({ length: 120 }, (_, at) => `a${at + 1}: &a${at + 1} [*a${at}]\n`).join('');
    expect(findings('a.yaml', `a0: &a0 [1]\n${tower}`)).toEqual(['a.yaml:101:13 manifest/too-deep']);
    const many = 'x'.repeat(100).split('').join('\n---\n');
    expect(findings('a.yaml', '---\n'.repeat(10_002))).toEqual(['a.yaml:10001:1 manifest/too-many']);
    expect(parse('a.yaml', many).documents).toHaveLength(100);
    for (const path of ['a.json', 'a.yaml'])
      expect(findings(path, '\n' + '['.repeat(20_000))).toEqual([`${path}:2:101 manifest/too-deep`]);
    expect(findings('a.yaml', '- '.repeat(20_000))).toEqual(['a.yaml:1:201 manifest/too-deep']);
    expect(findings('a.yaml', '? '.repeat(20_000))).toEqual(['a.yaml:1:201 manifest/too-deep']);
    expect(findings('a.json', Buffer.alloc(5 * 1024 * 1024, ' '))[0]).toContain('manifest/too-large');
    expect(findings('a.json', Uint8Array.from([0x7b, 0xff, 0x7d]))[0]).toContain('manifest/encoding');
  });

  it('keeps the good documents of a stream', () => {
    const { documents, diagnostics } = parse('a.yaml', 'id: /a\n---\nid: *x\n---\nid: /c\n');
    expect(documents.map((d) => [d.index, d.value])).toEqual([
      [0, { id: '/a' }],
      [2, { id: '/c' }],
    ]);
    expect(diagnostics).toHaveLength(1);
  });

  it('reads as many keys as there are, in time that grows with their number only', () => {
    const keys = Array.from({ length: 100_000 }, (_, at) => `k${at}: 1`);
    expect(findings('a.yaml', [...keys, 'k5: 2'].join('\n'))).toEqual([
      'a.yaml:100001:1 manifest/duplicate-key',
    ]);
  });

  it('says each thing once, and not for ever', () => {
    expect(findings('a.yaml', 'a: &a {k: yes}\nb: *a\nc: *a\n')).toEqual(['a.yaml:1:11 manifest/yaml-1.1']);
    expect(findings('a.json', `[${'1e400,'.repeat(5000)}1]`)).toHaveLength(50);
    expect(findings('a.json', "{a: 1, 'b': 2,, c}")).toEqual(['a.json:1:2 manifest/syntax']);
    expect(findings('a.json', '{"a": "x\n')[0]).toBe('a.json:1:7 manifest/syntax');
  });

  it('warns of what other YAML readers understand differently', () => {
    expect(
      findings('a.yaml', 'a: yes\nb: 0755\nc: "no"\nd: 2026-11-20\ne: 1_000\nf: 1:30\non: 1\n8080: 1\n'),
    ).toEqual([
      'a.yaml:1:4 manifest/yaml-1.1',
      'a.yaml:2:4 manifest/yaml-1.1',
      'a.yaml:4:4 manifest/yaml-1.1',
      'a.yaml:5:4 manifest/yaml-1.1',
      'a.yaml:6:4 manifest/yaml-1.1',
      'a.yaml:7:1 manifest/yaml-1.1',
      'a.yaml:8:1 manifest/key',
    ]);
    expect(values('a.yaml', 'a: yes\nb: 0755\n8080: 1\n')).toEqual([{ a: 'yes', b: 755, '8080': 1 }]);
  });
});

describe('over all inputs', () => {
  it('JSON reads as JSON.parse does, and every place lies on its value', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const text = JSON.stringify(value, null, 2);
        fc.pre(!text.includes('__proto__'));
        const { documents, diagnostics } = parse('a.json', text);
        expect(diagnostics).toEqual([]);
        expect(canonicalJson(documents[0]?.value ?? null)).toBe(canonicalJson(JSON.parse(text) as Json));
      }),
    );
  });

  it('YAML reads as it was written, and so does every part at its place', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' }), (value) => {
        const text = stringify(value);
        fc.pre(
          value !== null &&
            !text.includes('__proto__') &&
            !/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/.test(text),
        );
        const { documents, diagnostics } = parse('a.yaml', text);
        expect(diagnostics.filter((d) => d.severity === 'error')).toEqual([]);
        expect(canonicalJson(documents[0]?.value ?? null)).toBe(canonicalJson(value as Json));
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
