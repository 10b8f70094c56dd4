import { Ajv, type ErrorObject } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import ajvFormats from 'ajv-formats';
import { byPlace, type Diagnostic, type Place } from '../../source/diagnostic.js';
import type { Json, Pointer } from '../../source/json.js';
import { explain } from './explain.js';
import { branchCheck, reduceUnions } from './unions.js';

type PlaceOf = (at: Pointer, part?: 'key' | 'value') => Place;

/** Findings of one value; a file with thousands of the same mistake would only hide the others. */
const MOST_FINDINGS = 100;

/**
 * A check of values against a JSON Schema (draft-07 or 2020-12; compiled at the first use, which throws where the schema
 * itself is wrong). It gives every error at its place, in plain words: the key of an unknown field, the parent of a
 * missing one, the value otherwise. Codes: `PREFIX/type`, `required`, `enum`, `range`, `length`, `count`, `pattern`,
 * `unknown-field`, `form`, `name`, `unique`, `not-allowed`, `more`. `explain` beside a keyword in the schema replaces the
 * words for that keyword. An unknown field is an error where it looks like a misspelt known one, and a warning else.
 */
export function schemaCheck(
  schema: object,
  prefix: string,
  { foreign = false }: { foreign?: boolean } = {},
): (value: Json, placeOf: PlaceOf) => Diagnostic[] {
  let errorsOf: ((value: Json) => ErrorObject[]) | undefined;
  return (value, placeOf) => {
    errorsOf ??= compile(schema, foreign);
    const found = errorsOf(value).map((error): Diagnostic => {
      const { code, message, fix, severity, at, part } = explain(error);
      const place = placeOf(at, part);
      return {
        code: `${prefix}/${code}`,
        severity,
        message,
        ...(fix === undefined ? {} : { fix }),
        place: place.pointer === undefined ? { ...place, pointer: at } : place,
      };
    });
    return limited(unique(found), prefix);
  };
}

/** A schema of somebody else may use formats, and words that are only for people or other tools. */
function compile(schema: object, foreign: boolean): (value: Json) => ErrorObject[] {
  const { $schema, $id = 'schema' } = schema as { $schema?: string; $id?: string };
  const options = {
    allErrors: true,
    verbose: true,
    ownProperties: true,
    strict: !foreign,
    ...(foreign ? { logger: false as const } : {}),
    strictRequired: false,
    strictTypes: false,
    strictTuples: false,
    allowUnionTypes: true,
    // Our own schemas are checked against their meta schema by a test; at the start of every command it costs 120 ms, and
    // a smaller generated function, which is called a few times, twice that.
    validateSchema: foreign,
    code: { optimize: false },
  } as const;
  const ajv = $schema?.includes('2020-12') === true ? new Ajv2020(options) : new Ajv(options);
  if (foreign) ajvFormats.default(ajv);
  ajv.addKeyword({ keyword: 'explain', schemaType: 'string' });
  const validate = ajv.addSchema(schema, $id).getSchema($id);
  if (validate === undefined) throw new Error(`the schema ${$id} can't be compiled`);
  const check = branchCheck(ajv, schema, $id);
  return (value) => {
    if (validate(value)) return [];
    // What is wrong with a name is part of the error `propertyNames`, which has its place.
    return reduceUnions([...(validate.errors ?? [])], check).filter((e) => e.propertyName === undefined);
  };
}

/** Two branches of an `allOf` may say the same. */
function unique(found: readonly Diagnostic[]): Diagnostic[] {
  const seen = new Map<string, Diagnostic>();
  for (const each of found) {
    const name = `${each.code} ${each.place.pointer ?? ''} ${each.message}`;
    if (!seen.has(name)) seen.set(name, each);
  }
  return [...seen.values()].sort(byPlace);
}

function limited(found: readonly Diagnostic[], prefix: string): Diagnostic[] {
  if (found.length <= MOST_FINDINGS) return [...found];
  const errors = found.filter((d) => d.severity === 'error');
  const shown = [...errors, ...found.filter((d) => d.severity !== 'error')].slice(0, MOST_FINDINGS);
  const last = shown.at(-1);
  if (last === undefined) return [];
  return [
    ...shown,
    {
      code: `${prefix}/more`,
      severity: errors.length > 0 ? 'error' : 'warning',
      message: `${found.length - shown.length} more findings are not shown`,
      fix: 'Mend these first.',
      place: last.place,
    },
  ];
}
