import * as dagre from '@dagrejs/dagre';

/** What is used of the library, whose own types can't be resolved from ES modules. */
interface Dagre {
  Graph: new () => DagreGraph;
  layout(graph: DagreGraph): void;
}

interface DagreGraph {
  setGraph(options: object): void;
  setDefaultEdgeLabel(label: () => object): void;
  setNode(name: string, box: { width: number; height: number }): void;
  setEdge(from: string, to: string): void;
  graph(): { width?: number; height?: number };
  node(name: string): Box;
  edge(from: string, to: string): { points: Point[] };
}

export interface Point {
  x: number;
  y: number;
}

/** With its middle. */
export interface Box extends Point {
  width: number;
  height: number;
}

export interface Layout {
  width: number;
  height: number;
  box(name: string): Box;
  line(from: string, to: string): readonly Point[];
}

/** Places boxes from left to right so that every edge goes to the right and few of them cross. */
export function layOut(
  boxes: ReadonlyMap<string, { width: number; height: number }>,
  edges: readonly (readonly [string, string])[],
): Layout {
  const { Graph, layout } = dagre as unknown as Dagre;
  const graph = new Graph();
  graph.setGraph({ rankdir: 'LR', nodesep: 18, ranksep: 48, marginx: 16, marginy: 16 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const [name, box] of boxes) graph.setNode(name, { ...box });
  for (const [from, to] of edges) graph.setEdge(from, to);
  layout(graph);
  const { width = 0, height = 0 } = graph.graph();
  const size = (value: number): number => (value > 0 ? Math.ceil(value) : 1);
  return {
    width: size(width),
    height: size(height),
    box: (name) => graph.node(name),
    line: (from, to) => graph.edge(from, to).points,
  };
}
