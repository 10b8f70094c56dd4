import type { ErrorObject } from 'ajv';
import { byPlace, type Diagnostic, type Place } from '../../source/diagnostic.js';
import type { Json, Pointer } from '../../source/json.js';
import { ajvFor } from './ajv-for.js';
import { explain } from './explain.js';
import { QUICK_CHECKS } from './quick-checks.js';
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
 *
 * A quick check, where there is one, only says that there is nothing to find: whatever is found comes from ajv.
 */
export function schemaCheck(
  schema: object,
  prefix: string,
  { foreign = false }: { foreign?: boolean } = {},
): (value: Json, placeOf: PlaceOf) => Diagnostic[] {
  const fits = foreign ? undefined : QUICK_CHECKS.get((schema as { $id?: string }).$id ?? '');
  let errorsOf: ((value: Json) => ErrorObject[]) | undefined;
  return (value, placeOf) => {
    if (fits?.(value) === true) return [];
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

function compile(schema: object, foreign: boolean): (value: Json) => ErrorObject[] {
  const { $id = 'schema' } = schema as { $id?: string };
  const ajv = ajvFor(schema, { foreign });
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
