import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { findCycles, sortByDependencies } from './graph.js';

const of = (edges: Record<string, string[]>) => (node: string) => edges[node] ?? [];

describe('an order by dependencies', () => {
  it('puts dependencies first, ties by name, and ignores what is not there', () => {
    expect(
      sortByDependencies(['web', 'api', 'db', 'alone'], of({ web: ['api'], api: ['db', 'elsewhere'] })),
    ).toEqual(['alone', 'db', 'api', 'web']);
  });

  it('keeps every node, on cycles too', () => {
    expect(sortByDependencies(['a', 'b', 'c'], of({ a: ['b'], b: ['a'] }))).toEqual(['c', 'a', 'b']);
  });

  it('does not overflow on a long chain', () => {
    const nodes = Array.from({ length: 50_000 }, (_, at) => `n${at}`);
    const order = sortByDependencies(nodes, (node) => [`n${Number(node.slice(1)) + 1}`]);
    expect(order[0]).toBe('n49999');
    expect(findCycles(nodes, (node) => [`n${Number(node.slice(1)) + 1}`])).toEqual([]);
  });

  it('holds for random graphs: no node comes before what it needs, and none is lost', () => {
    const edges = fc.dictionary(
      fc.constantFrom(...'abcdefgh'),
      fc.array(fc.constantFrom(...'abcdefgh'), { maxLength: 3 }),
    );
    fc.assert(
      fc.property(edges, (graph) => {
        const nodes = [...'abcdefgh'];
        const order = sortByDependencies(nodes, of(graph));
        expect([...order].sort()).toEqual(nodes);
        if (findCycles(nodes, of(graph)).length > 0) return;
        for (const node of nodes)
          for (const need of graph[node] ?? []) expect(order.indexOf(need)).toBeLessThan(order.indexOf(node));
      }),
    );
  });
});

describe('cycles', () => {
  it('are paths that end where they begin', () => {
    expect(findCycles(['a', 'b', 'c', 'd'], of({ a: ['b'], b: ['c'], c: ['a'], d: ['d'] }))).toEqual([
      ['a', 'b', 'c', 'a'],
      ['d', 'd'],
    ]);
  });

  it('are not found where there are none', () => {
    expect(findCycles(['a', 'b', 'c'], of({ a: ['b', 'c'], b: ['c'] }))).toEqual([]);
  });
});
