import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { renderedJob } from '../../src/cli/print/rendered.js';
import { parseManifest } from '../../src/domain/job/parse-manifest.js';
import type { JobRef } from '../../src/domain/job/job-ref.js';
import { canonicalJson, type Json, type JsonObject } from '../../src/domain/source/json.js';

/** What a manifest can say: no half characters, no member that JavaScript acts on, numbers that JSON has. */
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.constantFrom(
    '',
    ' ',
    '-',
    '? x',
    '# no',
    'a: b',
    'yes',
    'null',
    '1e3',
    '0x10',
    '~',
    '- x',
    '%TAG',
    '*a',
    '&a',
    '!x',
    '|',
    '>',
    "'",
    '"',
    'a\nb\n',
    ' x ',
    '\t',
    '<<',
    '{',
    '[',
    ',',
    '@',
    '`',
    'é',
    '𝄞',
    '2026-01-01',
    '\u2003\u2003',
    'x\u00a0',
  ),
);
const { value } = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    text,
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      text.filter((name) => name !== '__proto__' && name !== '<<'),
      tie('value'),
      { maxKeys: 4 },
    ),
  ),
}));
const job = fc.dictionary(
  text.filter((name) => name !== '__proto__' && name !== '<<'),
  value,
  { minKeys: 1, maxKeys: 5 },
);

const render = (spec: JsonObject): string =>
  renderedJob(
    {
      ref: 'x:a' as JobRef,
      scheduler: 'x',
      kind: 'app',
      id: 'a',
      spec,
      source: { file: 'f', files: ['f'], document: 0, pointer: '', placeOf: () => ({ file: 'f', line: 1 }) },
    },
    { stdout: process.stdout },
  );

function read(name: string, printed: string): Json | undefined {
  const { documents, diagnostics } = parseManifest(name, Buffer.from(printed));
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  return documents[0]?.value;
}

describe('what is printed', () => {
  it('reads as what it was printed from: JSON of the ledger', () => {
    fc.assert(
      fc.property(job, (spec) => {
        const once = read('a.json', JSON.stringify(spec, null, 2));
        expect(canonicalJson(once ?? null)).toBe(canonicalJson(normal(spec)));
        expect(canonicalJson(read('a.json', JSON.stringify(once)) ?? null)).toBe(canonicalJson(once ?? null));
      }),
      { numRuns: 1000 },
    );
  });

  it('reads as what it was printed from: YAML of render, with its comments', () => {
    fc.assert(
      fc.property(job, (spec) => {
        const printed = render(spec);
        const once = read('a.yaml', printed);
        expect(canonicalJson(once ?? null)).toBe(canonicalJson(normal(spec)));
        expect(render(once as JsonObject)).toBe(printed);
      }),
      { numRuns: 1000 },
    );
  });

  /** JSON has no -0. */
  function normal(spec: JsonObject): Json {
    return JSON.parse(JSON.stringify(spec)) as Json;
  }
});
