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

  it('are all found, also those that are reached from one and the same node', () => {
    const graph = { a: ['b', 'c'], b: ['d'], d: ['b'], c: ['e'], e: ['c'] };
    expect(findCycles([...'abcde'], of(graph))).toEqual([
      ['b', 'd', 'b'],
      ['c', 'e', 'c'],
    ]);
  });

  it('are shown by their shortest path, from the first node by name', () => {
    expect(findCycles([...'dcba'], of({ a: ['b', 'd'], b: ['c'], c: ['d'], d: ['a'] }))).toEqual([
      ['a', 'd', 'a'],
    ]);
  });

  it('may be as long as the list of jobs', () => {
    const nodes = Array.from({ length: 50_000 }, (_, at) => `n${at}`);
    const [cycle] = findCycles(nodes, (node) => [`n${(Number(node.slice(1)) + 1) % 50_000}`]);
    expect(cycle).toHaveLength(50_001);
    const hub = Array.from({ length: 50_000 }, (_, at) => `n${at}`);
    expect(sortByDependencies(hub, (node) => (node === 'n0' ? [] : ['n0']))[0]).toBe('n0');
  });

  it('are paths of the graph, and every node that can reach itself lies in the knot of one', () => {
    const letters = [...'abcdefg'];
    const edges = fc.dictionary(
      fc.constantFrom(...letters),
      fc.array(fc.constantFrom(...letters), { maxLength: 3 }),
    );
    fc.assert(
      fc.property(edges, (graph) => {
        const cycles = findCycles(letters, of(graph));
        for (const cycle of cycles) {
          expect(cycle[0]).toBe(cycle.at(-1));
          for (const [at, node] of cycle.slice(0, -1).entries()) expect(graph[node]).toContain(cycle[at + 1]);
        }
        const reach = (from: string): Set<string> => {
          const seen = new Set<string>();
          const waiting = [...(graph[from] ?? [])];
          for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
            if (!seen.has(node)) waiting.push(...(graph[node] ?? []));
            seen.add(node);
          }
          return seen;
        };
        for (const node of letters) {
          const knotted = cycles.some(([first]) => reach(node).has(first!) && reach(first!).has(node));
          expect(knotted).toBe(reach(node).has(node));
        }
      }),
    );
  });

  it('are not found where there are none', () => {
    expect(findCycles(['a', 'b', 'c'], of({ a: ['b', 'c'], b: ['c'] }))).toEqual([]);
  });
});
