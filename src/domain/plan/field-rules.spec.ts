import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { job } from '../../../test/builders/plan-input.js';
import type { JsonObject } from '../source/json.js';
import { ownedElsewhere, withFieldsOf } from './field-rules.js';

const rule = (more: object) => ({ fields: ['/instances'], jobs: [], files: [], ...more });

describe('fields that somebody else owns', () => {
  it('are those of the rules that name the job, by its id, its reference or its file', () => {
    const web = {
      ...job('/shop/web'),
      source: { ...job('/shop/web').source, files: ['production/shop/web.yaml'] },
    };
    expect(ownedElsewhere(web, [rule({})])).toEqual(['/instances']);
    expect(
      ownedElsewhere(web, [rule({ jobs: ['/shop/*'] }), rule({ jobs: ['/db/*'], fields: ['/cpus'] })]),
    ).toEqual(['/instances']);
    expect(ownedElsewhere(web, [rule({ jobs: [web.ref] })])).toEqual(['/instances']);
    expect(ownedElsewhere(web, [rule({ files: ['production/**'] })])).toEqual(['/instances']);
    expect(ownedElsewhere(web, [rule({ jobs: ['/shop/*'], files: ['staging/**'] })])).toEqual([]);
  });

  it.each<[string, JsonObject, JsonObject, string[], JsonObject]>([
    ['takes the live value', { instances: 2 }, { instances: 7 }, ['/instances'], { instances: 7 }],
    ['adds what only live has', { a: 1 }, { a: 1, instances: 7 }, ['/instances'], { a: 1, instances: 7 }],
    ['drops what live has not', { a: 1, instances: 2 }, { a: 1 }, ['/instances'], { a: 1 }],
    [
      'goes down, and makes what is missing on the way',
      {},
      { env: { A: 'x' } },
      ['/env/A'],
      { env: { A: 'x' } },
    ],
    ['makes nothing for nothing', { a: 1 }, { a: 1 }, ['/env/A'], { a: 1 }],
    [
      'takes any name for a star',
      { env: { A: '1', B: '2' } },
      { env: { B: '3', C: '4' } },
      ['/env/*'],
      { env: { B: '3', C: '4' } },
    ],
    [
      'takes any position for one',
      { list: [{ n: 1, m: 1 }, { n: 2 }] },
      { list: [{ n: 5 }, { n: 6 }] },
      ['/list/*/n'],
      { list: [{ n: 5, m: 1 }, { n: 6 }] },
    ],
  ])('%s', (_name, spec, live, fields, expected) => {
    const before = JSON.stringify(spec);
    expect(withFieldsOf(spec, live, fields)).toEqual(expected);
    expect(JSON.stringify(spec)).toBe(before);
  });

  it('are as they are live afterwards, and everything else as in Git', () => {
    const value = fc.dictionary(
      fc.constantFrom('a', 'b', 'c'),
      fc.oneof(fc.integer(), fc.dictionary(fc.constantFrom('x', 'y'), fc.integer())),
    );
    fc.assert(
      fc.property(value, value, (spec, live) => {
        const merged = withFieldsOf(spec, live, ['/a']);
        expect(merged['a']).toEqual(live['a']);
        expect({ ...merged, a: undefined }).toEqual({ ...spec, a: undefined });
        expect(withFieldsOf(merged, live as JsonObject, ['/a'])).toEqual(merged);
      }),
    );
  });
});
