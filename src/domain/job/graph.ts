/**
 * An order in which every node comes after its dependencies; ties by name, so that the same input always gives the same
 * order. Dependencies that are not among the nodes are ignored. Nodes on a cycle come last, by name. Not recursive.
 */
export function sortByDependencies<T extends string>(
  nodes: readonly T[],
  dependenciesOf: (node: T) => readonly T[],
): T[] {
  const known = new Set(nodes);
  const waiting = new Map<T, Set<T>>();
  const dependents = new Map<T, T[]>();
  for (const node of known) {
    const needs = new Set(
      dependenciesOf(node).filter((dependency) => known.has(dependency) && dependency !== node),
    );
    waiting.set(node, needs);
    for (const need of needs) dependents.set(need, [...(dependents.get(need) ?? []), node]);
  }
  const order: T[] = [];
  let ready = [...known].filter((node) => waiting.get(node)?.size === 0).sort();
  while (ready.length > 0) {
    const next: T[] = [];
    for (const node of ready) {
      order.push(node);
      waiting.delete(node);
      for (const dependent of dependents.get(node) ?? []) {
        const needs = waiting.get(dependent);
        needs?.delete(node);
        if (needs?.size === 0) next.push(dependent);
      }
    }
    ready = next.sort();
  }
  return [...order, ...[...waiting.keys()].sort()];
}

/**
 * The cycles of a graph, each as a path that begins and ends with the same node (`a, b, a`; `a, a` for a node that needs
 * itself). One cycle for each knot of nodes that need each other, beginning with its first node by name.
 */
export function findCycles<T extends string>(
  nodes: readonly T[],
  dependenciesOf: (node: T) => readonly T[],
): T[][] {
  const known = new Set(nodes);
  const next = (node: T): T[] => [...new Set(dependenciesOf(node))].filter((n) => known.has(n)).sort();
  const done = new Set<T>();
  const cycles: T[][] = [];
  for (const start of [...known].sort()) {
    if (done.has(start)) continue;
    const cycle = walkFrom(start, next, done);
    if (cycle !== undefined) cycles.push(cycle);
  }
  return cycles;
}

function walkFrom<T extends string>(start: T, next: (node: T) => T[], done: Set<T>): T[] | undefined {
  const path: { node: T; rest: T[] }[] = [{ node: start, rest: next(start) }];
  const onPath = new Set<T>([start]);
  let found: T[] | undefined;
  while (path.length > 0) {
    const top = path.at(-1);
    if (top === undefined) break;
    const child = top.rest.shift();
    if (child === undefined) {
      done.add(top.node);
      onPath.delete(top.node);
      path.pop();
    } else if (onPath.has(child)) {
      found ??= [...path.slice(path.findIndex((p) => p.node === child)).map((p) => p.node), child];
    } else if (!done.has(child)) {
      onPath.add(child);
      path.push({ node: child, rest: next(child) });
    }
  }
  return found;
}
