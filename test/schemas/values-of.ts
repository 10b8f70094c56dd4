import fc from 'fast-check';
import { isSchema, type Schema } from '../../src/cli/schemas/forms.js';
import { isObject, type Json, type JsonObject } from '../../src/domain/source/json.js';

/** Values that mostly fit a schema: what it says of types, forms, names, sizes and patterns is kept to. */
export function valuesOf(schema: unknown): fc.Arbitrary<Json> {
  if (!isSchema(schema)) return anything;
  if ('const' in schema) return fc.constant(schema['const'] as Json);
  if (Array.isArray(schema['enum'])) return fc.constantFrom(...(schema['enum'] as Json[]));
  const forms = schema['anyOf'] ?? schema['oneOf'];
  // A form may be all there is of a value, or only say more of one that the schema beside it describes.
  if (Array.isArray(forms))
    return fc.oneof(...forms.map((form) => valuesOf({ ...without(schema, 'anyOf', 'oneOf'), ...(form as Schema) })));
  const types = [schema['type'] ?? guessedType(schema)].flat();
  return fc.oneof(...types.map((type) => valuesOfType(type, schema)));
}

/** The same with one thing changed, somewhere inside. */
export function changed(value: Json): fc.Arbitrary<Json> {
  const here = fc.oneof(anything, fc.constant<Json>([value]), fc.constant<Json>({ name: value }));
  if (Array.isArray(value))
    return fc.oneof(
      here,
      fc.constant<Json>([...value, ...value]),
      fc.constant<Json>([]),
      ...value.map((each, at) => changed(each).map((other): Json => value.with(at, other))),
    );
  if (!isObject(value)) return here;
  const fields = Object.entries(value);
  return fc.oneof(
    here,
    fc.constant<Json>({ ...value, unknownField: 1 }),
    ...fields.flatMap(([name, each]) => [
      fc.constant<Json>(without(value, name) as JsonObject),
      fc.constant<Json>({ ...without(value, name), [name.toUpperCase()]: each } as JsonObject),
      changed(each).map((other): Json => ({ ...value, [name]: other })),
    ]),
  );
}

/** One value of each type, and those that are at an edge of what is often allowed. */
const anything: fc.Arbitrary<Json> = fc.constantFrom<Json>(
  null,
  true,
  false,
  ...[0, 1, -1, 0.5, 65_536, 1e12, NaN, Infinity],
  ...['', 'a', 'A b', '/a/b', '1', '90s', '*', 'x'.repeat(300), '\u{1f6a2}'],
  ...[[], [null], ['a'], [['a', 'UNIQUE']], [{}]],
  ...[{}, { name: 'a' }, { secret: 'a' }, { '': 1 }, JSON.parse('{"__proto__": 1}') as Json, { constructor: 'a' }],
);

function guessedType(schema: Schema): string[] {
  if ('properties' in schema || 'required' in schema) return ['object'];
  if ('items' in schema) return ['array'];
  if ('pattern' in schema) return ['string'];
  return ['string', 'number', 'object', 'array', 'boolean', 'null'];
}

function valuesOfType(type: unknown, schema: Schema): fc.Arbitrary<Json> {
  const size = (name: string, otherwise: number): number => Number(schema[name] ?? otherwise);
  switch (type) {
    case 'object':
      return objectsOf(schema);
    case 'array':
      return arraysOf(schema);
    case 'string':
      return textsOf(schema);
    case 'boolean':
      return fc.boolean();
    case 'integer':
    case 'number': {
      const above = size('exclusiveMinimum', 0);
      const low = size('minimum', 'exclusiveMinimum' in schema ? above + 1 : 0);
      const high = Math.max(low, size('maximum', low + 100));
      if (type === 'number') return fc.constantFrom(low, (low + high) / 2, high);
      return fc.integer({ min: Math.ceil(low), max: Math.floor(high) });
    }
    default:
      return fc.constant(null);
  }
}

function objectsOf(schema: Schema): fc.Arbitrary<Json> {
  const { properties = {}, required = [], additionalProperties: rest, propertyNames } = schema;
  const fields = Object.fromEntries(Object.entries(properties as Schema).map(([name, each]) => [name, valuesOf(each)]));
  for (const name of required as string[]) fields[name] ??= anything;
  const known = fc.record(fields, { requiredKeys: required as string[] });
  // Of very many optional fields a few: where they contradict each other nothing would ever fit.
  const few = fc
    .tuple(known, fc.shuffledSubarray(Object.keys(fields)))
    .map(([all, names]) =>
      Object.fromEntries(
        Object.entries(all).filter(([name]) => (required as string[]).includes(name) || names.slice(0, 6).includes(name)),
      ),
    );
  if (rest === false) return few;
  const names = propertyNames === undefined ? fc.constantFrom('a', 'B_1', '/web') : textsOf(propertyNames as Schema);
  const more = fc.dictionary(names, valuesOf(rest), { minKeys: Number(schema['minProperties'] ?? 0), maxKeys: 2 });
  return fc.tuple(few, more).map(([a, b]) => ({ ...b, ...a }));
}

function arraysOf({ items, minItems = 0, maxItems = 3 }: Schema): fc.Arbitrary<Json> {
  if (Array.isArray(items)) return fc.tuple(...items.map(valuesOf));
  const [minLength, most] = [Number(minItems), Number(maxItems)];
  return fc.array(valuesOf(items), { minLength, maxLength: Math.max(minLength, Math.min(most, 3)) });
}

function textsOf({ pattern, minLength = 0, maxLength = 12 }: Schema): fc.Arbitrary<string> {
  if (typeof pattern === 'string')
    return fc.stringMatching(new RegExp(pattern, 'u'), { size: 'small' });
  return fc.oneof(
    fc.constantFrom('a', '/a/b', 'http://a:1', 'x1').filter((text) => text.length >= Number(minLength)),
    fc.string({ minLength: Number(minLength), maxLength: Math.min(Number(maxLength), Number(minLength) + 12), unit: 'binary' }),
  );
}

function without(value: Readonly<Record<string, unknown>>, ...names: string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([name]) => !names.slice(0, 6).includes(name)));
}
