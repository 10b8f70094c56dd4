import type { Ajv, ErrorObject } from 'ajv';
import { pointer } from '../../source/json.js';

/** The errors of the value of a failed union against one of its branches alone. */
type CheckBranch = (union: ErrorObject, index: number) => ErrorObject[];

/**
 * A union (`anyOf`, `oneOf`) that fits nowhere gives the errors of all its branches, most of which are about forms that
 * nobody meant. Here each such wall is replaced by the errors of the branch that fits best, or, where none is nearer than
 * the others, by the union's own error.
 *
 * ajv reports all inner errors of a union just before the union itself, so they are found by count: every branch is
 * checked again on its own. That holds for references and for unions inside unions, where comparing paths does not.
 */
export function reduceUnions(errors: readonly ErrorObject[], check: CheckBranch): ErrorObject[] {
  const kept: ErrorObject[] = [];
  for (let at = errors.length - 1; at >= 0; at--) {
    const error = errors[at];
    if (error === undefined || error.keyword === 'if') continue;
    if (error.keyword !== 'anyOf' && error.keyword !== 'oneOf') {
      kept.push(error);
      continue;
    }
    const branches = branchErrors(error, check);
    at -= branches.reduce((sum, branch) => sum + branch.length, 0);
    const best = explained(error) ? undefined : bestBranch(branches);
    if (best === undefined) kept.push(error);
    else
      kept.push(
        ...reduceUnions(best, check)
          .map((e) => below(e, error))
          .reverse(),
      );
  }
  return kept.reverse();
}

/**
 * For the check of branches on their own. A union is found in the schema by identity: the paths that ajv reports are
 * relative to whatever was referred to last.
 */
export function branchCheck(ajv: Ajv, schema: object, id: string): CheckBranch {
  const pointers = unionPointers(schema);
  return ({ schema: union, data }, index) => {
    const at = pointers.get(union as object);
    if (at === undefined) return [];
    const ref = `${id}#${at}/${index}`;
    const validate = ajv.getSchema(ref) ?? ajv.compile({ $ref: ref });
    return validate(data) ? [] : [...(validate.errors ?? [])];
  };
}

function unionPointers(schema: object): Map<object, string> {
  const pointers = new Map<object, string>();
  const waiting: { value: object; at: string }[] = [{ value: schema, at: '' }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    for (const [key, value] of Object.entries(next.value) as [string, unknown][]) {
      if (typeof value !== 'object' || value === null) continue;
      const at = next.at + encodeURI(pointer(key));
      if (key === 'anyOf' || key === 'oneOf') pointers.set(value, at);
      waiting.push({ value, at });
    }
  }
  return pointers;
}

function branchErrors(union: ErrorObject, check: CheckBranch): ErrorObject[][] {
  const branches = Array.isArray(union.schema) ? union.schema : [];
  // Where two forms fit, ajv does not look at the ones after them.
  const fitting: unknown = union.params['passingSchemas'];
  const last = Array.isArray(fitting) ? Number(fitting[1]) : branches.length - 1;
  return branches.slice(0, last + 1).map((_, index) => check(union, index));
}

/** The branch that was most likely meant; undefined where several are equally far, or none was. */
function bestBranch(branches: readonly ErrorObject[][]): ErrorObject[] | undefined {
  if (branches.some((errors) => errors.length === 0)) return undefined;
  const scored = branches.map((errors) => ({ errors, score: distance(errors) }));
  scored.sort((a, b) => compare(a.score, b.score));
  const [first, second] = scored;
  if (first === undefined || (first.score[0] ?? 0) > 0) return undefined;
  if (second !== undefined && compare(first.score, second.score) === 0) return undefined;
  return first.errors;
}

/** How far a value is from a form: another type, then another constant, then missing fields, then everything else. */
function distance(errors: readonly ErrorObject[]): number[] {
  const count = (is: (error: ErrorObject) => boolean): number => errors.filter(is).length;
  return [
    count((e) => e.instancePath === '' && e.keyword === 'type'),
    count((e) => e.keyword === 'const' || e.keyword === 'enum'),
    count((e) => e.instancePath === '' && e.keyword === 'required'),
    errors.length,
  ];
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (const [index, value] of a.entries()) {
    const difference = value - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function below(error: ErrorObject, union: ErrorObject): ErrorObject {
  return { ...error, instancePath: union.instancePath + error.instancePath };
}

function explained(error: ErrorObject): boolean {
  return typeof (error.parentSchema as { explain?: unknown } | undefined)?.explain === 'string';
}
