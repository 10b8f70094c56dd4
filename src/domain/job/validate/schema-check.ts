import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import type { Diagnostic, Place } from '../../source/diagnostic.js';
import { pointer, type Json, type Pointer } from '../../source/json.js';
import { didYouMean } from './did-you-mean.js';

type PlaceOf = (at: Pointer, part?: 'key' | 'value') => Place;

/**
 * A check of values against a JSON Schema (draft-07; compiled at the first use). It gives every error at its place, in
 * plain words. `explain` beside a keyword in the schema replaces the words for that keyword. An unknown field is an
 * error where it looks like a misspelt known one, and a warning else: schedulers drop unknown fields silently.
 */
export function schemaCheck(schema: object, prefix: string): (value: Json, placeOf: PlaceOf) => Diagnostic[] {
  let validate: ValidateFunction | undefined;
  return (value, placeOf) => {
    validate ??= compile(schema);
    if (validate(value)) return [];
    return reduceUnions(validate.errors ?? []).map((error) => toDiagnostic(error, prefix, placeOf));
  };
}

function compile(schema: object): ValidateFunction {
  const ajv = new Ajv({
    allErrors: true,
    verbose: true,
    strict: true,
    strictRequired: false,
    allowUnionTypes: true,
    strictTypes: false,
  });
  ajv.addKeyword({ keyword: 'explain', schemaType: 'string' });
  return ajv.compile(schema);
}

/**
 * A union that fits nowhere gives the errors of all its branches. What helps is the branch that was meant: the one that
 * got deepest into the value; where none did, one error that names the forms.
 */
function reduceUnions(errors: readonly ErrorObject[]): ErrorObject[] {
  const dropped = new Set<ErrorObject>();
  for (const union of errors.filter((e) => e.keyword === 'anyOf' || e.keyword === 'oneOf')) {
    const inner = errors.filter((e) => e !== union && !dropped.has(e) && belongsTo(e, union));
    const deeper = inner.filter((e) => e.instancePath.length > union.instancePath.length);
    const telling =
      deeper.length > 0 ? deeper : inner.filter((e) => e.keyword !== 'type' && e.keyword !== 'required');
    if (telling.length > 0 && explainOf(union) === undefined) dropped.add(union);
    for (const error of inner)
      if (!telling.includes(error) || explainOf(union) !== undefined) dropped.add(error);
  }
  return errors.filter((e) => !dropped.has(e) && e.keyword !== 'if');
}

function belongsTo(error: ErrorObject, union: ErrorObject): boolean {
  const below =
    error.instancePath === union.instancePath || error.instancePath.startsWith(`${union.instancePath}/`);
  if (!below) return false;
  if (error.schemaPath.startsWith(`${union.schemaPath}/`)) return true;
  const branches = Array.isArray(union.schema) ? (union.schema as { $ref?: string }[]) : [];
  return branches.some(({ $ref }) => $ref !== undefined && error.schemaPath.startsWith($ref));
}

function toDiagnostic(error: ErrorObject, prefix: string, placeOf: PlaceOf): Diagnostic {
  const { keyword, instancePath, params, data } = error;
  const explain = explainOf(error);
  const finding = (
    code: string,
    message: string,
    more: { fix?: string; at?: Pointer; part?: 'key' | 'value'; severity?: Diagnostic['severity'] } = {},
  ): Diagnostic => ({
    code: `${prefix}/${code}`,
    severity: more.severity ?? 'error',
    message,
    ...(more.fix === undefined ? {} : { fix: more.fix }),
    place: { ...placeOf(more.at ?? instancePath, more.part ?? 'value'), pointer: more.at ?? instancePath },
  });
  const named = (text: string): string =>
    instancePath === '' ? text : `"${instancePath.split('/').at(-1) ?? ''}" ${text}`;
  switch (keyword) {
    case 'additionalProperties': {
      const field = String(params['additionalProperty']);
      const known = Object.keys(
        (error.parentSchema as { properties?: object } | undefined)?.properties ?? {},
      );
      const present = typeof data === 'object' && data !== null ? Object.keys(data) : [];
      const meant = didYouMean(
        field,
        known.filter((k) => !present.includes(k)),
      );
      return finding('unknown-field', explain ?? `unknown field "${field}"`, {
        at: instancePath + pointer(field),
        part: 'key',
        severity: meant === undefined ? 'warning' : 'error',
        fix: meant === undefined ? 'It has no effect; remove it.' : `Did you mean "${meant}"?`,
      });
    }
    case 'required':
      return finding('required', explain ?? `"${String(params['missingProperty'])}" is missing`, {
        part: 'key',
      });
    case 'type':
      return finding('type', explain ?? named(`must be ${typeText(params['type'])}, not ${found(data)}`));
    case 'enum': {
      const allowed = params['allowedValues'] as unknown[];
      const meant =
        typeof data === 'string'
          ? didYouMean(
              data,
              allowed.filter((v): v is string => typeof v === 'string'),
            )
          : undefined;
      return finding(
        'enum',
        explain ??
          named(`must be one of ${allowed.map((v) => JSON.stringify(v)).join(', ')}, not ${found(data)}`),
        meant === undefined ? {} : { fix: `Did you mean "${meant}"?` },
      );
    }
    case 'minimum':
    case 'maximum':
    case 'exclusiveMinimum':
    case 'exclusiveMaximum':
      return finding(
        'range',
        explain ??
          named(`must be ${String(params['comparison'])} ${String(params['limit'])}, not ${found(data)}`),
      );
    case 'minLength':
    case 'maxLength':
      return finding(
        'length',
        explain ??
          named(
            `must have ${keyword === 'minLength' ? 'at least' : 'at most'} ${String(params['limit'])} characters`,
          ),
      );
    case 'minItems':
    case 'maxItems':
    case 'minProperties':
    case 'maxProperties':
      return finding(
        'count',
        explain ??
          named(
            `must have ${keyword.startsWith('min') ? 'at least' : 'at most'} ${String(params['limit'])} entries`,
          ),
      );
    case 'pattern':
      return finding(
        'pattern',
        explain ?? named(`has the wrong form: ${found(data)} does not match ${String(params['pattern'])}`),
      );
    case 'propertyNames':
      return finding('name', explain ?? `the name "${String(params['propertyName'])}" is not allowed`, {
        at: instancePath + pointer(String(params['propertyName'])),
        part: 'key',
      });
    case 'anyOf':
    case 'oneOf':
      return finding('form', explain ?? named(`fits none of the allowed forms: ${formsText(error)}`));
    default:
      return finding(
        keyword === 'false schema' ? 'not-allowed' : keyword,
        explain ?? named(error.message ?? 'is not valid'),
      );
  }
}

function explainOf(error: ErrorObject): string | undefined {
  const explain = (error.parentSchema as { explain?: unknown } | undefined)?.explain;
  return typeof explain === 'string' ? explain : undefined;
}

function typeText(type: unknown): string {
  const types = Array.isArray(type) ? type : [type];
  return types
    .map((t) => (t === 'null' ? 'null' : `${/^[aeio]/.test(String(t)) ? 'an' : 'a'} ${String(t)}`))
    .join(' or ');
}

function found(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

function formsText(error: ErrorObject): string {
  const branches = (Array.isArray(error.schema) ? error.schema : []) as {
    type?: unknown;
    required?: string[];
    title?: string;
  }[];
  const forms = branches.map(
    (b) =>
      b.title ??
      (b.required === undefined
        ? b.type === undefined
          ? undefined
          : typeText(b.type)
        : `one with "${b.required.join('", "')}"`),
  );
  return [...new Set(forms.filter((f) => f !== undefined))].join(', ');
}
