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
    for (const need of needs) {
      const list = dependents.get(need);
      if (list === undefined) dependents.set(need, [node]);
      else list.push(node);
    }
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
 * itself). One for each knot of nodes that need each other: the shortest one through its first node by name. Knots come
 * in the order of those first nodes. Not recursive.
 */
export function findCycles<T extends string>(
  nodes: readonly T[],
  dependenciesOf: (node: T) => readonly T[],
): T[][] {
  const known = new Set(nodes);
  const next = new Map<T, T[]>();
  for (const node of [...known].sort())
    next.set(node, [...new Set(dependenciesOf(node))].filter((each) => known.has(each)).sort());
  const cycles: T[][] = [];
  for (const knot of knots(next)) {
    const cycle = shortestCycle(knot, next);
    if (cycle !== undefined) cycles.push(cycle);
  }
  return cycles.sort((a, b) => ((a[0] ?? '') < (b[0] ?? '') ? -1 : 1));
}

/** The strongly connected components (Tarjan), with a stack of our own: chains may be as long as users make them. */
function knots<T extends string>(next: ReadonlyMap<T, readonly T[]>): T[][] {
  const order = new Map<T, number>();
  const lowest = new Map<T, number>();
  const open: T[] = [];
  const isOpen = new Set<T>();
  const found: T[][] = [];
  const enter = (node: T): { node: T; at: number } => {
    order.set(node, order.size);
    lowest.set(node, order.size - 1);
    open.push(node);
    isOpen.add(node);
    return { node, at: 0 };
  };
  const lower = (node: T, to: number): void =>
    void lowest.set(node, Math.min(lowest.get(node) ?? Infinity, to));

  for (const start of next.keys()) {
    if (order.has(start)) continue;
    const path = [enter(start)];
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const child = next.get(top.node)?.[top.at++];
      if (child !== undefined) {
        if (!order.has(child)) path.push(enter(child));
        else if (isOpen.has(child)) lower(top.node, order.get(child) ?? Infinity);
        continue;
      }
      path.pop();
      const parent = path.at(-1);
      if (parent !== undefined) lower(parent.node, lowest.get(top.node) ?? Infinity);
      if (lowest.get(top.node) !== order.get(top.node)) continue;
      const knot = open.splice(open.lastIndexOf(top.node));
      for (const node of knot) isOpen.delete(node);
      found.push(knot);
    }
  }
  return found;
}

/** Breadth first from the knot's first node back to itself; undefined for a single node that does not need itself. */
function shortestCycle<T extends string>(
  knot: readonly T[],
  next: ReadonlyMap<T, readonly T[]>,
): T[] | undefined {
  const inside = new Set(knot);
  const start = knot.reduce((first, node) => (node < first ? node : first));
  const cameFrom = new Map<T, T>();
  let front: T[] = [start];
  while (front.length > 0) {
    const following: T[] = [];
    for (const node of front) {
      for (const child of next.get(node) ?? []) {
        if (child === start) return pathTo(node, start, cameFrom);
        if (!inside.has(child) || cameFrom.has(child)) continue;
        cameFrom.set(child, node);
        following.push(child);
      }
    }
    front = following;
  }
  return undefined;
}

function pathTo<T extends string>(last: T, start: T, cameFrom: ReadonlyMap<T, T>): T[] {
  const path = [start];
  for (let node: T | undefined = last; node !== undefined && node !== start; node = cameFrom.get(node))
    path.push(node);
  return [...path, start].reverse();
}
