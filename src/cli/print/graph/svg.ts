import type { JobGraph } from '../../../domain/job/job-graph.js';
import { layOut } from './layout.js';

const CHARACTER = 7.3;
const LINE = 17;
const PADDING = 12;

/** The graph as a picture, from left to right, that stands for itself: no script, no font, nothing to load. */
export function graphSvg({ nodes, edges }: JobGraph, title: string): string {
  const boxes = new Map(
    nodes.map(({ ref, note }) => {
      const lines = note === undefined ? [ref] : [ref, note];
      const width = Math.max(...lines.map((line) => [...line].length)) * CHARACTER + 2 * PADDING;
      return [ref, { width, height: lines.length * LINE + PADDING }];
    }),
  );
  const { width: w, height: h, box: boxOf, line } = layOut(boxes, edges);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="0 0 ${w} ${h}" font-family="ui-monospace, monospace" font-size="12">`,
    `  <title>${escaped(title)}</title>`,
    '  <defs><marker id="end" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" fill="#57606a"/></marker></defs>',
    `  <rect width="${w}" height="${h}" fill="#fff"/>`,
    ...edges.map(([from, to]) => {
      const path = line(from, to).map(
        ({ x, y }, at) => `${at === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`,
      );
      return `  <path d="${path.join(' ')}" fill="none" stroke="#57606a" marker-end="url(#end)"/>`;
    }),
    ...nodes.flatMap(({ ref, note, isMissing }) => {
      const box = boxOf(ref);
      const [left, top] = [box.x - box.width / 2, box.y - box.height / 2];
      const dashes = isMissing ? ' stroke-dasharray="4 3"' : '';
      const text = (line: string, at: number, fill: string): string =>
        `  <text x="${box.x.toFixed(1)}" y="${(top + PADDING / 2 + at * LINE + 12.5).toFixed(1)}" text-anchor="middle" fill="${fill}">${escaped(line)}</text>`;
      return [
        `  <rect x="${left.toFixed(1)}" y="${top.toFixed(1)}" width="${box.width.toFixed(1)}" height="${box.height.toFixed(1)}" rx="6" fill="#f6f8fa" stroke="#8c959f"${dashes}/>`,
        text(ref, 0, '#1f2328'),
        ...(note === undefined ? [] : [text(note, 1, '#57606a')]),
      ];
    }),
    '</svg>',
    '',
  ].join('\n');
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;');
}
