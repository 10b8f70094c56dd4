import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { placeText } from '../../source/diagnostic.js';
import { parseManifest } from '../parse-manifest.js';
import { schemaCheck } from './schema-check.js';

const check = (schema: object, yaml: string) => {
  const [document] = parseManifest('a.yaml', Buffer.from(yaml)).documents;
  return schemaCheck(schema, 'x')(document!.value, (at, part) => document!.placeOf(at, part)).map(
    (d) =>
      `${placeText(d.place)} ${d.severity} ${d.code}: ${d.message}${d.fix === undefined ? '' : ` | ${d.fix}`}`,
  );
};
const object = (properties: object, more: object = {}) => ({
  type: 'object',
  properties,
  additionalProperties: false,
  ...more,
});

describe('a check against a schema', () => {
  it('gives all errors, each at its place: the value, the key of an unknown field, the parent of a missing one', () => {
    const schema = object({
      cpus: { type: 'number', minimum: 0 },
      docker: object(
        { image: { type: 'string' }, network: { enum: ['BRIDGE', 'HOST'] } },
        { required: ['image'] },
      ),
    });
    expect(check(schema, 'cpus: -1\ndocker:\n  network: BRIDG\n  xyzzy: 1\n')).toEqual([
      'a.yaml:1:7 error x/range: "cpus" must be at least 0, not -1',
      'a.yaml:2:1 error x/required: "image" is missing | Add "image".',
      'a.yaml:3:12 error x/enum: "network" must be one of "BRIDGE", "HOST", not "BRIDG" | Did you mean "BRIDGE"?',
      'a.yaml:4:3 warning x/unknown-field: unknown field "xyzzy" | It has no effect; remove it.',
    ]);
  });

  it('takes an unknown field for a typo only where the known one is not there', () => {
    const schema = object({ instances: { type: 'integer' }, cmd: { type: 'string' } });
    expect(check(schema, 'Instances: 1\ninstnces: 1\n')).toEqual([
      'a.yaml:1:1 error x/unknown-field: unknown field "Instances" | Did you mean "instances"?',
      'a.yaml:2:1 error x/unknown-field: unknown field "instnces" | Did you mean "instances"?',
    ]);
    expect(check(schema, 'instances: 1\ninstance: 1\n')).toEqual([
      'a.yaml:2:1 warning x/unknown-field: unknown field "instance" | It has no effect; remove it.',
    ]);
  });

  it('says how to mend a wrong type', () => {
    const schema = object({
      a: { type: 'integer' },
      b: { type: 'string' },
      c: { type: 'array' },
      d: { type: 'boolean' },
    });
    expect(check(schema, 'a: "1"\nb: 1.5\nc: x\nd: "True"\n')).toEqual([
      'a.yaml:1:4 error x/type: "a" must be an integer, not "1" | Remove the quotes: 1',
      'a.yaml:2:4 error x/type: "b" must be a string, not 1.5 | Put it in quotes: "1.5"',
      'a.yaml:3:4 error x/type: "c" must be an array, not "x" | Write a list: ["x"]',
      'a.yaml:4:4 error x/type: "d" must be a boolean, not "True" | Remove the quotes: true',
    ]);
  });

  it('lets the schema choose the words', () => {
    const schema = object({ id: { type: 'string', pattern: '^/', explain: 'an id begins with "/"' } });
    expect(check(schema, 'id: web\n')).toEqual(['a.yaml:1:5 error x/pattern: an id begins with "/"']);
  });

  it('says what is wrong with a name, at the name', () => {
    const names = { type: 'object', propertyNames: { pattern: '^[a-z]+$', explain: 'small letters only' } };
    expect(check(names, 'ok: 1\nNot: 2\n')).toEqual([
      'a.yaml:2:1 error x/name: the name "Not" is not allowed: small letters only',
    ]);
  });

  it('understands 2020-12 and references', () => {
    const schema = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      $id: 'https://example.test/a.json',
      $defs: { port: { type: 'integer', maximum: 65535 } },
      type: 'object',
      properties: { port: { $ref: '#/$defs/port' } },
    };
    expect(check(schema, 'port: 70000\n')).toEqual([
      'a.yaml:1:7 error x/range: "port" must be at most 65535, not 70000',
    ]);
  });

  it('is not fooled by names that every object inherits', () => {
    const schema = object({ constructor: { type: 'string' } }, { required: ['toString'] });
    expect(check(schema, 'a: {}\n')).toContain(
      'a.yaml:1:1 error x/required: "toString" is missing | Add "toString".',
    );
  });

  it('stays readable when everything is wrong', () => {
    const found = check({ type: 'array', items: { type: 'string' } }, '- 1\n'.repeat(500));
    expect(found).toHaveLength(101);
    expect(found.at(-1)).toContain('x/more: 400 more findings are not shown');
  });
});

describe('a union that fits nowhere', () => {
  const health = {
    definitions: {
      port: { type: 'integer' },
      http: object(
        { protocol: { const: 'HTTP' }, path: { type: 'string' }, port: { $ref: '#/definitions/port' } },
        { required: ['protocol'] },
      ),
      command: object(
        { protocol: { const: 'COMMAND' }, value: { type: 'string' } },
        { required: ['protocol', 'value'] },
      ),
    },
    ...object({
      check: { anyOf: [{ $ref: '#/definitions/http' }, { $ref: '#/definitions/command' }] },
      name: { type: 'integer' },
    }),
  };

  it('is told by the branch that was meant, by its constant', () => {
    expect(check(health, 'name: x\ncheck: {protocol: COMMAND, valu: x}\n')).toEqual([
      'a.yaml:1:7 error x/type: "name" must be an integer, not "x"',
      'a.yaml:2:1 error x/required: "value" is missing | Add "value".',
      'a.yaml:2:28 error x/unknown-field: unknown field "valu" | Did you mean "value"?',
    ]);
    expect(check(health, 'check: {protocol: HTTP, port: x}\n')).toEqual([
      'a.yaml:1:31 error x/type: "port" must be an integer, not "x"',
    ]);
  });

  it('is one error where no branch is nearer', () => {
    const either = object({ v: { anyOf: [{ type: 'string' }, { type: 'integer' }] } });
    expect(check(either, 'v: [1]\n')).toEqual([
      'a.yaml:1:4 error x/form: "v" must be a string or an integer, not an array',
    ]);
    const one = object({ url: {}, urls: {} }, { oneOf: [{ required: ['url'] }, { required: ['urls'] }] });
    expect(check(one, '{}\n')).toEqual([
      'a.yaml:1:1 error x/form: this must be one with "url" or one with "urls", not an object',
    ]);
    expect(check(one, 'url: 1\nurls: 1\n')).toEqual([
      'a.yaml:1:1 error x/form: this mixes forms that exclude each other: one with "url" and one with "urls"',
    ]);
  });

  it('takes nothing else with it, wherever it fails', () => {
    const three = object(
      { n: { type: 'integer' }, url: {}, urls: {} },
      { oneOf: [{ required: ['url'] }, { required: ['urls'] }, { type: 'array', title: 'a list' }] },
    );
    expect(check(three, 'n: x\nurl: 1\nurls: 1\n')).toEqual([
      'a.yaml:1:1 error x/form: this mixes forms that exclude each other: one with "url" and one with "urls"',
      'a.yaml:1:4 error x/type: "n" must be an integer, not "x"',
    ]);
    expect(check(three, 'n: x\nother: 1\n')).toEqual([
      'a.yaml:1:1 error x/form: this must be one with "url" or one with "urls" or a list, not an object',
      'a.yaml:1:4 error x/type: "n" must be an integer, not "x"',
      'a.yaml:2:1 warning x/unknown-field: unknown field "other" | It has no effect; remove it.',
    ]);
  });

  it('is told apart from a condition, whose consequence alone is reported', () => {
    const when = {
      type: 'object',
      if: { properties: { kind: { const: 'b' } }, required: ['kind'] },
      then: { required: ['size'] },
    };
    expect(check(when, 'kind: b\n')).toEqual([
      'a.yaml:1:1 error x/required: "size" is missing | Add "size".',
    ]);
    expect(check(when, 'kind: a\n')).toEqual([]);
  });

  it('is reduced inside another union too, with the right place', () => {
    const inner = object({
      kind: { const: 'b' },
      n: { oneOf: [{ type: 'integer' }, object({ m: { type: 'integer' } })] },
    });
    const schema = object({
      list: { type: 'array', items: { oneOf: [object({ kind: { const: 'a' } }), inner] } },
    });
    expect(check(schema, 'list:\n  - {kind: b, n: {m: x}}\n  - {kind: b, n: x}\n')).toEqual([
      'a.yaml:2:22 error x/type: "m" must be an integer, not "x"',
      'a.yaml:3:18 error x/form: "n" must be an integer or an object, not "x"',
    ]);
  });
});

describe('over all values', () => {
  it('agrees with the schema: findings where and only where the value does not fit', () => {
    const schema = {
      type: 'object',
      properties: {
        a: {
          anyOf: [
            { type: 'string' },
            { type: 'array', items: { oneOf: [{ type: 'integer' }, { const: 'x' }] } },
          ],
        },
        b: { type: 'object', minProperties: 1 },
      },
    };
    const checked = schemaCheck(schema, 'x');
    const leaf = fc.constantFrom('x', 'y', 1, 2.5, null, true);
    const fits = (v: Record<string, unknown>): boolean =>
      (!('a' in v) ||
        typeof v['a'] === 'string' ||
        (Array.isArray(v['a']) && v['a'].every((i) => Number.isInteger(i) || i === 'x'))) &&
      (!('b' in v) ||
        (typeof v['b'] === 'object' &&
          v['b'] !== null &&
          !Array.isArray(v['b']) &&
          Object.keys(v['b']).length > 0));
    fc.assert(
      fc.property(
        fc.record(
          {
            a: fc.oneof(leaf, fc.array(leaf, { maxLength: 4 })),
            b: fc.oneof(leaf, fc.dictionary(fc.constantFrom('k', 'l'), leaf)),
          },
          { requiredKeys: [] },
        ),
        (value) => {
          const found = checked(value, (pointer) => ({ file: 'f', pointer }));
          expect(found.length === 0).toBe(fits(value));
        },
      ),
    );
  });
});
