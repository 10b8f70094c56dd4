import { describe, expect, it } from '@jest/globals';
import { jobGraph } from '../../../domain/job/job-graph.js';
import type { JobRef } from '../../../domain/job/job-ref.js';
import type { Job } from '../../../domain/job/job.js';
import { graphDot } from './dot.js';
import { graphSvg } from './svg.js';
import { graphLines } from './text.js';

/** Jobs by name, with what they come after; no parents: by the clock. */
const graphOf = (parents: Record<string, string[]>, around?: string) => {
  const jobs = Object.entries(parents).map(([id, of]): Job => ({
    ref: id as JobRef,
    scheduler: 'chronos',
    kind: of.length === 0 ? 'scheduled' : 'dependent',
    id,
    spec: of.length === 0 ? { schedule: 'R/2026-01-01T03:00:00Z/P1D' } : { parents: of },
    source: { file: '', files: [], document: 0, pointer: '', placeOf: () => ({ file: '' }) },
  }));
  return jobGraph(jobs, ({ id }) => (parents[id] ?? []) as JobRef[], around as JobRef | undefined);
};
const drawn = (...args: Parameters<typeof graphOf>): string[] =>
  graphLines(graphOf(...args)).map(
    ({ lead, ref, note }) => `${lead}${ref}${note === '' ? '' : ` (${note})`}`,
  );
const AT_THREE = 'R/2026-01-01T03:00:00Z/P1D';

describe('a graph of jobs', () => {
  it('is drawn as trees; what comes after several stands below each, and goes on below the first', () => {
    expect(drawn({ a: [], b: ['a'], c: ['a'], d: ['b', 'c'], e: ['d'], alone: [] })).toEqual([
      `a (${AT_THREE})`,
      '├─ b',
      '│  └─ d (and after c)',
      '│     └─ e',
      '└─ c',
      '   └─ d (and after b; see above)',
    ]);
  });

  it('is drawn around one job where that is asked for, with jobs that nobody states, and with circles', () => {
    const jobs = { a: [], b: ['a'], c: ['a'], d: ['b'] };
    expect(drawn(jobs, 'b')).toEqual([`a (${AT_THREE})`, '└─ b', '   └─ d']);
    expect(drawn({ alone: [], ...jobs }, 'alone')).toEqual([`alone (${AT_THREE})`]);
    expect(drawn({ b: ['gone'] })).toEqual(['gone (not stated)', '└─ b']);
    expect(drawn({ a: ['b'], b: ['a'] })).toEqual(['a', '└─ b', '   └─ a (see above)']);
    expect(drawn({ alone: [] })).toEqual([]);
  });

  it('is a text for Graphviz in which no name can be anything else', () => {
    const dot = graphDot(graphOf({ 'a"b\\': [], c: ['a"b\\'] }), 'prod');
    expect(dot).toContain('"a\\"b\\\\" -> "c";');
    expect(dot).toMatch(/^digraph "prod" \{\n[^]*\}\n$/);
  });

  it('is a picture with a box for each job, an arrow for each edge, and no name that could be markup', () => {
    const svg = graphSvg(graphOf({ 'a<b>&"': [], c: ['a<b>&"'], d: ['c', 'x'] }), 'prod');
    expect(svg.match(/<text /g)).toHaveLength(5);
    expect(svg.match(/marker-end/g)).toHaveLength(3);
    expect(svg.match(/stroke-dasharray/g)).toHaveLength(1);
    expect(svg).toContain('a&lt;b&gt;&amp;&quot;');
    // From left to right: what comes after stands further right.
    const x = (name: string): number => Number(new RegExp(`x="([\\d.]+)"[^>]*>${name}<`).exec(svg)?.[1]);
    expect(x('d')).toBeGreaterThan(x('c'));
  });
});
