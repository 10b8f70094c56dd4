import type { JobGraph } from '../../../domain/job/job-graph.js';

/** The graph in the language of Graphviz. */
export function graphDot({ nodes, edges }: JobGraph, name: string): string {
  const lines = [
    `digraph ${quoted(name)} {`,
    '  rankdir=LR;',
    '  node [shape=box, style=rounded, fontname="sans-serif"];',
    ...nodes.map(({ ref, note, isMissing }) => {
      const label = note === undefined ? ref : `${ref}\n${note}`;
      return `  ${quoted(ref)} [label=${quoted(label)}${isMissing ? ', style="rounded,dashed"' : ''}];`;
    }),
    ...edges.map(([from, to]) => `  ${quoted(from)} -> ${quoted(to)};`),
    '}',
  ];
  return `${lines.join('\n')}\n`;
}

function quoted(text: string): string {
  return `"${text.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')}"`;
}
