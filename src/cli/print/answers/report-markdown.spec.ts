import { describe, expect, it } from '@jest/globals';
import { HOSTILE, OBEYED } from '../../../../test/builders/printed.js';
import type { Report } from '../../../queries/report.js';
import { reportMarkdown } from './report-markdown.js';

const at = '2026-03-01T03:00:00.000Z';
const report = (more: Partial<Report> = {}): Report => ({
  environment: 'production',
  since: at,
  until: at,
  passes: 0,
  mirrorPasses: 0,
  changes: { total: 0, byAction: {}, byState: {} },
  jobs: [],
  people: { authors: [], actors: [], orders: [] },
  approvals: [],
  gates: [],
  failures: [],
  leadTime: { revisions: 0 },
  changeFailureRate: { deploys: 0, failed: 0 },
  rollbacks: 0,
  open: [],
  unknownRevisions: [],
  ...more,
});
const order = (reason: string): Report['people'] => ({
  authors: [],
  actors: [],
  orders: [{ by: 'ann', order: 'pause', reason, at, commit: 'e'.repeat(40) }],
});

/** The cells of a row, as a reader of Markdown splits and unescapes them. */
function cellsOf(row: string): string[] {
  return row
    .slice(2, -2)
    .split(/(?<!\\) \| /)
    .map((cell) => cell.replace(/\\([!-/:-@[-`{-~])/g, '$1'));
}
const reasonShown = (reason: string): string | undefined => {
  const rows = reportMarkdown(report({ people: order(reason) })).split('\n');
  const row = cellsOf(rows.at(-1) ?? '');
  expect(row).toHaveLength(5);
  return row[3];
};

describe('a report as Markdown', () => {
  it.each([
    { name: 'pipes', text: 'a | b || c |' },
    { name: 'a backslash before a pipe', text: 'a \\| b \\\\| c' },
    { name: 'backticks', text: '`code` and ``more' },
    { name: 'marks', text: '*bold* ~~gone~~ _slanted_ <b>html</b> &lt; [x](http://x) ![y](z)' },
  ])('shows $name as they were written, in one cell', ({ text }) => {
    expect(reasonShown(text)).toBe(text);
  });

  it('leaves names as they are: an underline inside a word is none', () => {
    const page = reportMarkdown(report({ jobs: [{ ref: 'chronos:night_ly_', changes: 1, failed: 0 }] }));
    expect(page).toContain('| chronos:night_ly\\_ | 1 | 0 |');
  });

  it('lets nothing through that a terminal obeys or that begins a line', () => {
    const page = reportMarkdown(
      report({
        people: order(HOSTILE),
        environment: HOSTILE,
        changes: { total: 1, byAction: { [HOSTILE]: 1 }, byState: { [HOSTILE]: 1 } },
        unknownRevisions: [HOSTILE],
      }),
    );
    expect(page).not.toMatch(OBEYED);
    expect(page.split('\n').some((line) => line.startsWith('production'))).toBe(false);
  });

  it('counts what does not fit into a ticket', () => {
    const jobs = Array.from({ length: 312 }, (_, n) => ({
      ref: `marathon:/job-${n}`,
      changes: 1,
      failed: 0,
    }));
    const unknownRevisions = Array.from({ length: 101 }, (_, n) => `${n}`.padStart(10, '0'));
    const page = reportMarkdown(report({ jobs, unknownRevisions })).split('\n');
    expect(page.filter((line) => line.startsWith('| marathon'))).toHaveLength(100);
    expect(page.at(-1)).toBe('And 212 more; `--format json` has all of them.');
    expect(page.find((line) => line.startsWith('- Revisions'))).toMatch(/0000000099, and 1 more$/);
  });

  it.each([
    { seconds: 0, text: '0 s' },
    { seconds: 59, text: '59 s' },
    { seconds: 61, text: '1 min 1 s' },
    { seconds: 3600, text: '1 h 0 min' },
    { seconds: 90_000, text: '1 d 1 h' },
  ])('says $seconds s as $text', ({ seconds, text }) => {
    const leadTime = { revisions: 1, meanSeconds: seconds, medianSeconds: 0 };
    expect(reportMarkdown(report({ leadTime }))).toContain(
      `- From commit to live: mean ${text}, median 0 s (1 revision)`,
    );
  });

  it('says a rate with one digit', () => {
    const changeFailureRate = { deploys: 3, failed: 1, rate: 0.333 };
    expect(reportMarkdown(report({ changeFailureRate }))).toContain(
      '- Change failure rate: 33.3 % (1 of 3 passes that sent something)',
    );
  });
});
