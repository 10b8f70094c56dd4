import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { compileFunction } from 'node:vm';
import { OWN_SCHEMAS, quickChecks } from '../../scripts/quick-checks.js';
import { parseManifest } from '../../src/domain/job/parse-manifest.js';
import type { QuickCheck } from '../../src/domain/job/validate/quick-checks.js';
import { schemaCheck } from '../../src/domain/job/validate/schema-check.js';
import { isObject, type Json } from '../../src/domain/source/json.js';
import { SINGLE } from '../rules/all-cases.js';
import { changed, valuesOf } from './values-of.js';

const project = path.resolve(import.meta.dirname, '../..');
const compiled = new Map([...quickChecks()].map(([id, text]) => [id, loaded(text)]));

/** Loads a CommonJS module from its text, as the build's bundle does. */
function loaded(text: string): QuickCheck {
  const module = { exports: {} as QuickCheck };
  const require = createRequire(path.join(project, 'package.json'));
  const run = compileFunction(text, ['module', 'require']) as (...given: unknown[]) => void;
  run(module, require);
  return module.exports;
}

const subjects = OWN_SCHEMAS.map((schema) => {
  const quick = compiled.get(schema.$id)!;
  const slow = schemaCheck(schema, 'x');
  return {
    name: path.basename(schema.$id),
    schema,
    /** What both say of a value; they must never differ. */
    fits(value: Json): boolean {
      const found = slow(value, (pointer) => ({ file: 'f', pointer }));
      const fits = quick(value);
      if (fits !== (found.length === 0))
        throw new Error(`${fits ? 'fits, but' : 'does not fit, without'} ${JSON.stringify({ found, value })}`);
      return fits;
    },
  };
});

describe('the compiled checks of our own schemas', () => {
  it('are there for every schema that Towline checks values against', () => {
    const calls = readdirSync(path.join(project, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))
      .flatMap((file) => [
        ...readFileSync(path.join(project, 'src', file), 'utf8').matchAll(/\bschemaCheck\((\w+), '[^']+'\)/g),
      ]);
    const listed = readFileSync(path.join(project, 'scripts/quick-checks.ts'), 'utf8');
    const names = [...new Set(calls.map(([, name = '']) => name))];
    expect(names).toHaveLength(OWN_SCHEMAS.length);
    for (const name of names) expect(listed).toMatch(new RegExp(`^  ${name},$`, 'm'));
  });

  it('are told apart by the $id, so two schemas with the same one are refused', () => {
    const [schema] = OWN_SCHEMAS;
    expect(() => quickChecks([schema!, { ...schema! }])).toThrow(`two schemas have the $id ${schema!.$id}`);
  });

  it.each(subjects)('$name: say the same as ajv of every fixture', ({ fits }) => {
    const folder = path.join(project, 'fixtures');
    const values = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(ya?ml|json)$/.test(file))
      .flatMap((file) => parseManifest(file, readFileSync(path.join(folder, file))).documents)
      .flatMap(({ value }) => (Array.isArray(value) ? value : [value]));
    expect(values.length).toBeGreaterThan(30);
    for (const value of values) fits(value);
  });

  it.each(subjects)('$name: say the same as ajv of every case of a rule, good and bad', ({ fits }) => {
    for (const [, base, cases] of SINGLE)
      for (const { good, bad } of cases) for (const each of [good, bad]) fits({ ...base, ...each });
  });

  it.each(subjects)('$name: say the same as ajv of made values, and of what is changed in them', ({ schema, fits }) => {
    const said = { yes: 0, no: 0 };
    const count = (value: Json): void => void (said[fits(value) ? 'yes' : 'no'] += 1);
    const pairs = valuesOf(schema).chain((value) => fc.tuple(fc.constant(value), changed(value)));
    fc.assert(
      fc.property(pairs, ([value, other]) => {
        count(value);
        count(other);
      }),
      { numRuns: 500 },
    );
    // Both answers must have been asked for, or nothing is proved.
    expect(Math.min(said.yes, said.no)).toBeGreaterThan(100);
  });
});

describe('a value that has its own members hidden', () => {
  it.each(subjects)('$name: fields of a prototype count for neither', ({ schema, fits }) => {
    fc.assert(
      fc.property(valuesOf(schema), (value) => {
        if (isObject(value)) expect(fits(Object.create(value) as Json)).toBe(fits({}));
      }),
      { numRuns: 50 },
    );
  });
});
