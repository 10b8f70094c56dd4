import type { ErrorObject } from 'ajv';
import { didYouMean } from './did-you-mean.js';
import { pointer, type Pointer } from '../../source/json.js';

/** What a broken keyword means, without the place: `at` is relative to the checked value. */
export interface Explained {
  code: string;
  message: string;
  fix?: string;
  at: Pointer;
  part: 'key' | 'value';
  severity: 'error' | 'warning';
}

type Part = Partial<Explained> & Pick<Explained, 'code' | 'message'>;

/** One ajv error in plain words: what was found, what is expected, what to write instead. */
export function explain(error: ErrorObject): Explained {
  const part = (BY_KEYWORD[error.keyword] ?? other)(error);
  const message = ownWords(error) ?? part.message;
  return { at: error.instancePath, part: 'value', severity: 'error', ...part, message };
}

const BY_KEYWORD: Record<string, (error: ErrorObject) => Part> = {
  additionalProperties: unknownField,
  unevaluatedProperties: unknownField,
  required: ({ params }) => ({
    code: 'required',
    message: `${quoted(params['missingProperty'])} is missing`,
    fix: `Add ${quoted(params['missingProperty'])}.`,
    part: 'key',
  }),
  dependencies: dependent,
  dependentRequired: dependent,
  type: (error) => ({
    code: 'type',
    message: `${subject(error)} must be ${typeText(error.params['type'])}, not ${found(error.data)}`,
    ...fixForType(error),
  }),
  enum: (error) => oneOfValues(error, listOf(error.params['allowedValues'])),
  const: (error) => oneOfValues(error, [error.params['allowedValue']]),
  minimum: range,
  maximum: range,
  exclusiveMinimum: range,
  exclusiveMaximum: range,
  multipleOf: (error) => ({
    code: 'range',
    message: `${subject(error)} must be a multiple of ${text(error.params['multipleOf'])}, not ${found(error.data)}`,
  }),
  minLength: (error) => size(error, 'length', 'at least', 'character'),
  maxLength: (error) => size(error, 'length', 'at most', 'character'),
  minItems: (error) => size(error, 'count', 'at least', 'entry'),
  maxItems: (error) => size(error, 'count', 'at most', 'entry'),
  minProperties: (error) => size(error, 'count', 'at least', 'entry'),
  maxProperties: (error) => size(error, 'count', 'at most', 'entry'),
  uniqueItems: (error) => ({
    code: 'unique',
    message: `${subject(error)} holds the same entry twice`,
    fix: 'Keep one of them.',
    at: `${error.instancePath}/${text(error.params['i'])}`,
  }),
  pattern: (error) => ({
    code: 'pattern',
    message: `${subject(error)} has the wrong form: ${found(error.data)} does not match ${text(error.params['pattern'])}`,
  }),
  propertyNames: ({ params, instancePath, schema }) => {
    const rule = wordsOf(schema);
    return {
      code: 'name',
      message: `the name ${quoted(params['propertyName'])} is not allowed${rule === undefined ? '' : `: ${rule}`}`,
      at: instancePath + pointer(text(params['propertyName'])),
      part: 'key',
    };
  },
  anyOf: form,
  oneOf: form,
  not: (error) => ({ code: 'not-allowed', message: `${subject(error)} is not allowed here`, part: 'key' }),
  'false schema': (error) => ({
    code: 'not-allowed',
    message: `${subject(error)} is not allowed here`,
    part: 'key',
  }),
};

function other(error: ErrorObject): Part {
  return { code: error.keyword, message: `${subject(error)} ${error.message ?? 'is not valid'}` };
}

/** An error where the field looks like a misspelt one that is not there yet; a warning else: servers drop it silently. */
function unknownField({ params, instancePath, parentSchema, data }: ErrorObject): Part {
  const field = text(params['additionalProperty'] ?? params['unevaluatedProperty']);
  const known = Object.keys((parentSchema as { properties?: object } | undefined)?.properties ?? {});
  const present = new Set(typeof data === 'object' && data !== null ? Object.keys(data) : []);
  const meant = didYouMean(
    field,
    known.filter((each) => !present.has(each)),
  );
  return {
    code: 'unknown-field',
    message: `unknown field ${quoted(field)}`,
    fix: meant === undefined ? 'It has no effect; remove it.' : `Did you mean "${meant}"?`,
    severity: meant === undefined ? 'warning' : 'error',
    at: instancePath + pointer(field),
    part: 'key',
  };
}

function dependent({ params }: ErrorObject): Part {
  const missing = quoted(params['missingProperty']);
  return {
    code: 'required',
    message: `${missing} is missing: ${quoted(params['property'])} needs it`,
    fix: `Add ${missing}.`,
    part: 'key',
  };
}

/** The two slips that YAML and JSON make easy: a number in quotes, and text without them. */
function fixForType({ params, data }: ErrorObject): { fix?: string } {
  const types = listOf(params['type']);
  const wants = (...names: string[]): boolean => names.some((name) => types.includes(name));
  if (typeof data === 'string' && wants('number', 'integer') && /^-?[0-9]+(\.[0-9]+)?$/.test(data))
    return { fix: `Remove the quotes: ${data}` };
  if (typeof data === 'string' && wants('boolean') && /^(true|false)$/i.test(data))
    return { fix: `Remove the quotes: ${data.toLowerCase()}` };
  if ((typeof data === 'number' || typeof data === 'boolean') && wants('string'))
    return { fix: `Put it in quotes: "${data}"` };
  if (data !== null && typeof data !== 'object' && wants('array'))
    return { fix: `Write a list: [${found(data)}]` };
  return {};
}

function oneOfValues(error: ErrorObject, allowed: readonly unknown[]): Part {
  const words = allowed.filter((value): value is string => typeof value === 'string');
  const meant = typeof error.data === 'string' ? didYouMean(error.data, words) : undefined;
  const list = allowed.map((value) => JSON.stringify(value)).join(', ');
  return {
    code: 'enum',
    message: `${subject(error)} must be ${allowed.length > 1 ? 'one of ' : ''}${list}, not ${found(error.data)}`,
    ...(meant === undefined ? {} : { fix: `Did you mean "${meant}"?` }),
  };
}

const COMPARISON: Record<string, string> = { '>=': 'at least', '<=': 'at most', '>': 'above', '<': 'below' };

function range(error: ErrorObject): Part {
  const how = COMPARISON[text(error.params['comparison'])] ?? text(error.params['comparison']);
  return {
    code: 'range',
    message: `${subject(error)} must be ${how} ${text(error.params['limit'])}, not ${found(error.data)}`,
  };
}

function size(error: ErrorObject, code: string, how: string, what: 'character' | 'entry'): Part {
  const limit = Number(error.params['limit']);
  if (how === 'at least' && limit === 1) return { code, message: `${subject(error)} must not be empty` };
  const plural = what === 'entry' ? 'entries' : 'characters';
  return { code, message: `${subject(error)} must have ${how} ${limit} ${limit === 1 ? what : plural}` };
}

function form(error: ErrorObject): Part {
  const branches = listOf(error.schema);
  const fitting: unknown = error.params['passingSchemas'];
  if (Array.isArray(fitting)) {
    const forms = fitting.map((index) => formText(branches[Number(index)])).join(' and ');
    return { code: 'form', message: `${subject(error)} mixes forms that exclude each other: ${forms}` };
  }
  const forms = [...new Set(branches.map(formText))];
  return {
    code: 'form',
    message: `${subject(error)} must be ${forms.join(' or ')}, not ${found(error.data)}`,
    // A branch that takes text tells what a bare number or boolean was meant to be.
    ...fixForType({
      ...error,
      params: { type: branches.map((b) => (b as { type?: unknown } | null)?.type) },
    }),
  };
}

function formText(branch: unknown): string {
  const { title, required, type } = (branch ?? {}) as { title?: string; required?: string[]; type?: unknown };
  if (title !== undefined) return title;
  if (required !== undefined) return `one with ${required.map(quoted).join(' and ')}`;
  return type === undefined ? 'another form' : typeText(type);
}

/** `explain` beside the keyword in the schema says it better than any general text. */
function ownWords({ parentSchema }: ErrorObject): string | undefined {
  return wordsOf(parentSchema);
}

function wordsOf(schema: unknown): string | undefined {
  const words = (schema as { explain?: unknown } | undefined)?.explain;
  return typeof words === 'string' ? words : undefined;
}

function subject({ instancePath }: ErrorObject): string {
  const name = instancePath.split('/').at(-1)?.replaceAll('~1', '/').replaceAll('~0', '~');
  if (name === undefined || name === '') return 'this';
  return /^[0-9]+$/.test(name) ? `entry ${Number(name) + 1}` : quoted(name);
}

function typeText(type: unknown): string {
  return listOf(type)
    .map((each) => (each === 'null' ? 'null' : `${/^[aeio]/.test(text(each)) ? 'an' : 'a'} ${text(each)}`))
    .join(' or ');
}

function found(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'nothing';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  return shortened(JSON.stringify(value));
}

/** Names come from outside and may be of any length. */
function quoted(name: unknown): string {
  return shortened(JSON.stringify(text(name)));
}

function shortened(value: string): string {
  return value.length > 80 ? `${value.slice(0, 76)}..."` : value;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? (value as unknown[]) : [value];
}
