import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseManifest } from '../../src/domain/job/parse-manifest.js';
import { validateManifests } from '../../src/domain/job/validate/index.js';
import { SCHEDULER_KINDS } from '../../src/schedulers/registry.js';
import { jobSchema } from '../../src/schedulers/chronos/model/schema.js';
import { appSchema } from '../../src/schedulers/marathon/model/schema/app.js';
import { podSchema } from '../../src/schedulers/marathon/model/schema/pod.js';

const schedulers = new Map(
  [...SCHEDULER_KINDS].map(([name, { model }]) => [
    name,
    { model, context: { settings: { mesosRole: '*', features: '' }, version: '1.8.0' } },
  ]),
);
const judge = (...texts: (string | Uint8Array)[]) =>
  validateManifests(
    texts.map((text, at) => parseManifest(`${at}.json`, typeof text === 'string' ? Buffer.from(text) : text)),
    schedulers,
  );

/** Every word that a schema knows, at any depth. */
function wordsOf(schema: unknown, words = new Set<string>()): Set<string> {
  if (Array.isArray(schema)) for (const each of schema) wordsOf(each, words);
  else if (typeof schema === 'object' && schema !== null) {
    const { properties } = schema as { properties?: object };
    for (const name of Object.keys(properties ?? {})) words.add(name);
    for (const each of Object.values(schema)) wordsOf(each, words);
  }
  return words;
}

const words = [...wordsOf(appSchema), ...wordsOf(podSchema), ...wordsOf(jobSchema)];
const odd = fc.constantFrom<unknown>(
  null,
  true,
  false,
  0,
  -1,
  1e308,
  '',
  '/',
  '..',
  '/a/../..',
  '__proto__',
  'constructor',
  '\u0000',
  'é',
  '𝄞',
  [],
  {},
  [null],
  [[[]]],
  { __proto__: null },
);
/** JSON that uses the schedulers' own words in all the wrong places. */
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    odd,
    fc.string({ maxLength: 8 }),
    fc.integer({ min: -2, max: 70_000 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.constantFrom(...words), tie('value'), { maxKeys: 6 }),
  ),
}));
const shaped = fc
  .tuple(
    fc.constantFrom(
      { id: '/a', cmd: 'sleep 1' },
      { id: '/p', containers: [] },
      { id: '/g', apps: [], groups: [] },
      { name: 'a', schedule: 'R/2026-01-01T00:00:00Z/P1D' },
      { name: 'b', parents: ['a'] },
    ),
    fc.dictionary(fc.constantFrom(...words), value, { maxKeys: 8 }),
  )
  .map(([base, more]) => ({ ...base, ...more }));

describe('whatever a manifest holds', () => {
  it('the rules find something or nothing, and none of them trips', () => {
    fc.assert(
      fc.property(fc.array(shaped, { minLength: 1, maxLength: 4 }), (jobs) => {
        const { diagnostics } = judge(...jobs.map((job) => JSON.stringify(job)));
        expect(diagnostics.filter(({ code }) => code === 'manifest/rule-failed')).toEqual([]);
        for (const { place, message } of diagnostics) {
          expect(place.line).toBeGreaterThan(0);
          expect(message).not.toContain('undefined');
        }
      }),
      { numRuns: 1500 },
    );
  });

  it('any JSON and any bytes are judged without a crash', () => {
    fc.assert(
      fc.property(fc.json(), (text) => void judge(text)),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => void judge(bytes)),
      { numRuns: 300 },
    );
  });

  it('names of the language itself are names like others, but the one that JavaScript acts on', () => {
    const job = (name: string): string =>
      JSON.stringify({ id: '/a', cmd: 'sleep 1', env: { A: '1' } }).replace('"A"', `"${name}"`);
    for (const name of ['constructor', 'toString', 'hasOwnProperty', 'valueOf'])
      expect(judge(job(name))).toMatchObject({ diagnostics: [], jobs: [{ spec: { env: { [name]: '1' } } }] });
    expect(judge(job('__proto__')).diagnostics.map(({ code }) => code)).toEqual(['manifest/key']);
    expect(({} as { A?: unknown }).A).toBeUndefined();
  });
});
