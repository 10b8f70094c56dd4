import { short } from '../../../domain/source/revision.js';
import { counted } from '../../../domain/source/one-line.js';
import type { Report } from '../../../queries/report.js';
import { plainText } from '../plain-text.js';

/** Rows of one table; a page with more than that can't be put into a ticket. The rest is counted. */
const MOST_ROWS = 100;

/** A report as a page that can be put into a ticket. */
export function reportMarkdown(report: Report): string {
  const { environment, since, until, people, approvals, gates, failures, open, jobs } = report;
  return [
    `# ${text(environment)}, ${since} to ${until}`,
    '',
    ...summary(report),
    ...section(
      'Changes',
      ['Job', 'Changes', 'Failed'],
      jobs.map((job) => [job.ref, job.changes, job.failed]),
    ),
    ...section('Authors of what was deployed', ['Who', 'Revisions'], people.authors.map(pair)),
    ...section('As whom passes ran', ['Who', 'Passes'], people.actors.map(pair)),
    ...section(
      'Orders',
      ['When', 'Who', 'What', 'Why', 'Entry'],
      people.orders.map((o) => [o.at, o.by, o.order, o.reason ?? '', short(o.commit)]),
    ),
    ...section(
      'Approvals',
      ['When', 'Who', 'Plan', 'Entry'],
      approvals.map((a) => [a.at, a.by, short(a.plan.replace(/^sha256:/, '')), short(a.commit)]),
    ),
    ...section(
      'Gates',
      ['When', 'Decision', 'Pass', 'Entry'],
      gates.map((g) => [g.at, g.decision, g.pass, short(g.commit)]),
    ),
    ...section(
      'Failures',
      ['When', 'Job', 'What', 'How it ended', 'Why', 'Revision'],
      failures.map((f) => [f.at, f.ref, f.action, f.state, f.reason, short(f.revision)]),
    ),
    ...section(
      'Passes without an end',
      ['When', 'Pass', 'Entry'],
      open.map((o) => [o.at, o.pass, short(o.commit)]),
    ),
  ]
    .join('\n')
    .trimEnd();
}

function summary({
  passes,
  mirrorPasses,
  changes,
  leadTime,
  changeFailureRate,
  rollbacks,
  unknownRevisions,
}: Report): string[] {
  const counts = (all: Record<string, number>): string =>
    Object.entries(all)
      .map(([name, n]) => `${n} ${text(name)}`)
      .join(', ');
  const { meanSeconds, medianSeconds, revisions } = leadTime;
  const { rate, failed, deploys } = changeFailureRate;
  return [
    `- Passes: ${passes}; passes of the mirror: ${mirrorPasses}`,
    `- Changes: ${changes.total}${changes.total === 0 ? '' : ` (${counts(changes.byAction)}; ${counts(changes.byState)})`}`,
    meanSeconds === undefined || medianSeconds === undefined
      ? '- From commit to live: no revision that is known went live'
      : `- From commit to live: mean ${duration(meanSeconds)}, median ${duration(medianSeconds)} (${counted(revisions, 'revision')})`,
    rate === undefined
      ? '- Change failure rate: nothing was sent'
      : `- Change failure rate: ${Math.round(rate * 1000) / 10} % (${failed} of ${counted(deploys, 'pass', 'passes')} that sent something)`,
    `- Put back: ${rollbacks}`,
    ...unknownText(unknownRevisions),
  ];
}

function unknownText(revisions: readonly string[]): string[] {
  if (revisions.length === 0) return [];
  const more = revisions.length > MOST_ROWS ? `, and ${revisions.length - MOST_ROWS} more` : '';
  const named = revisions.slice(0, MOST_ROWS).map((each) => text(short(each)));
  return [`- Revisions that the job repository does not have: ${named.join(', ')}${more}`];
}

function section(title: string, head: string[], rows: (string | number)[][]): string[] {
  if (rows.length === 0) return [];
  const line = (cells: readonly (string | number)[]): string =>
    `| ${cells.map((cell) => text(String(cell))).join(' | ')} |`;
  const more = rows.length - MOST_ROWS;
  return [
    '',
    `## ${title}`,
    '',
    line(head),
    line(head.map(() => '---')),
    ...rows.slice(0, MOST_ROWS).map(line),
    ...(more > 0 ? ['', `And ${more} more; \`--format json\` has all of them.`] : []),
  ];
}

function pair({ name, count }: { name: string; count: number }): [string, number] {
  return [name, count];
}

/** What people wrote must not become a part of the page's own form. An underline inside a word is none. */
function text(value: string): string {
  return plainText(value)
    .replace(/\s+/g, ' ')
    .replace(/[\\|`*<>[\]&~]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, (sign) => `\\${sign}`);
}

function duration(seconds: number): string {
  const [days, hours, minutes] = [86_400, 3600, 60].map((unit) => Math.floor(seconds / unit));
  if (days !== undefined && days > 0) return `${days} d ${(hours ?? 0) % 24} h`;
  if (hours !== undefined && hours > 0) return `${hours} h ${(minutes ?? 0) % 60} min`;
  return minutes !== undefined && minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}
