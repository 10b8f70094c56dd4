import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import independent from 'json-merge-patch';
import { canonicalJson, pointer, valueAt, type Json, type Pointer } from './json.js';
import { isPatched, mergePatch } from './merge-patch.js';

const json = fc.jsonValue({ maxDepth: 4 }).map((value) => value as Json);
/** Few names, so that both sides often have the same ones. */
const { document } = fc.letrec<{ document: Json }>((tie) => ({
  document: fc.oneof(
    { depthSize: 'small' },
    fc.constantFrom<Json>(null, true, 0, 'x', []),
    fc.array(tie('document'), { maxLength: 2 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('document'), { maxKeys: 3 }),
  ),
}));

describe('a JSON merge patch', () => {
  it.each<[target: Json, patch: Json, result: Json]>([
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [
      ['a', 'b'],
      ['c', 'd'],
      ['c', 'd'],
    ],
    [{ a: 'b' }, ['c'], ['c']],
    [{ a: 'foo' }, null, null],
    [{ a: 'foo' }, 'bar', 'bar'],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [[1, 2], { a: 'b', c: null }, { a: 'b' }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ])('of %j with %j is %j (RFC 7386, appendix A)', (target, patch, result) => {
    expect(mergePatch(target, patch)).toEqual(result);
  });

  it('is what an independent library makes of it', () => {
    const same = (target: Json, patch: Json): void => {
      // The library leaves these names out; RFC 7386 does not.
      fc.pre(!/"(__proto__|prototype|constructor)":/.test(JSON.stringify([target, patch])));
      const ours = mergePatch(target, patch);
      const theirs = independent.apply(structuredClone(target), structuredClone(patch)) as Json;
      expect(canonicalJson(ours)).toBe(canonicalJson(theirs));
    };
    fc.assert(fc.property(document, document, same), { numRuns: 2000 });
    fc.assert(fc.property(json, json, same), { numRuns: 500 });
  });

  it('changes neither side, and does nothing a second time', () => {
    fc.assert(
      fc.property(document, document, (target, patch) => {
        const before = canonicalJson([target, patch]);
        const once = mergePatch(target, patch);
        expect(canonicalJson([target, patch])).toBe(before);
        expect(canonicalJson(mergePatch(once, patch))).toBe(canonicalJson(once));
      }),
    );
  });

  it('takes the names of the language for names', () => {
    const patch = JSON.parse('{"__proto__": {"a": 1}, "constructor": null, "toString": 2}') as Json;
    const merged = mergePatch({ constructor: 1 }, patch) as Record<string, Json>;
    expect(Object.keys(merged)).toEqual(['__proto__', 'toString']);
    expect(({} as { a?: unknown }).a).toBeUndefined();
  });
});

describe('which side says a value', () => {
  it('is the patch where the value would be another one without it, and holds the value', () => {
    fc.assert(
      fc.property(document, document, (target, patch) => {
        const merged = mergePatch(target, patch);
        for (const at of leaves(merged, '')) {
          const path = at === '' ? [] : at.slice(1).split('/');
          const side = isPatched(target, patch, path) ? patch : target;
          expect(canonicalJson(valueAt(side, at) ?? null)).toBe(canonicalJson(valueAt(merged, at) ?? null));
        }
      }),
      { numRuns: 1000 },
    );
  });

  function leaves(value: Json, at: Pointer): Pointer[] {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return [at];
    return Object.entries(value).flatMap(([name, inner]) => leaves(inner, at + pointer(name)));
  }
});
