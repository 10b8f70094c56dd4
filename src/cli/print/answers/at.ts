import picocolors from 'picocolors';
import { EVERY_JOB, type Asked } from '../../../domain/plan/asked.js';
import { short } from '../../../domain/source/revision.js';
import type { EnvironmentAt, JobAt } from '../../../queries/at.js';
import { writeLine, type Io } from '../../io.js';
import { jsonText, plainText } from '../plain-text.js';
import { table } from '../table.js';
import { countsText } from './counts.js';

type Colors = ReturnType<typeof picocolors.createColors>;

/** Jobs that are shown; of more than that those that do not stand well come first, and the rest is counted. */
const MOST_JOBS = 40;

/** Prints how an environment stood at a time; `asked` is the job that was asked for. */
export function printAt(then: EnvironmentAt, { stdout }: Pick<Io, 'stdout'>, asked?: string): void {
  const colors = picocolors.createColors(stdout.isTTY === true);
  const { environment, at, entry, jobs } = then;
  writeLine(stdout, colors.bold(`${environment} at ${at}`));
  if (entry === undefined) return writeLine(stdout, '  nothing was on record yet');
  const told = `${colors.yellow(short(entry.commit))} ${entry.at}  ${plainText(entry.subject)}`;
  writeLine(stdout, `  ledger    ${told}`);
  for (const line of [...declaredLines(then, colors), ...askedLines(then)]) writeLine(stdout, `  ${line}`);
  const ordered = jobs.length > MOST_JOBS ? [...jobs].sort(oddFirst) : jobs;
  const rows = ordered.slice(0, MOST_JOBS).map((job) => rowOf(job, colors));
  for (const line of table(rows)) writeLine(stdout, `  ${line}`);
  const rest = ordered.slice(MOST_JOBS);
  if (rest.length > 0) writeLine(stdout, `  ${colors.dim(restText(rest))}`);
  if (jobs.length === 0)
    writeLine(stdout, `  no job${asked === undefined ? '' : ` "${plainText(asked)}"`} was known then`);
  for (const { ref, document } of jobs)
    if (document !== undefined)
      writeLine(stdout, `\n${plainText(ref)} as sent last\n${jsonText(document, 2)}`);
}

function declaredLines({ declared }: EnvironmentAt, colors: Colors): string[] {
  if (declared === undefined) return [];
  const { revision, subject = '', by = '', missing, mirrorIndex } = declared;
  const index = mirrorIndex === undefined ? '' : `, KV index ${mirrorIndex}`;
  const told =
    missing === undefined
      ? `${plainText(subject)} ${colors.dim(`by ${plainText(by)}`)}`
      : colors.yellow(`(missing) ${plainText(missing)}`);
  return [`declared  ${colors.yellow(short(revision))} ${told}${index}`];
}

/** What people had ordered and what held then. */
function askedLines({ paused, vetoes = {}, breakGlass }: EnvironmentAt): string[] {
  return [
    ...Object.entries(paused).map(
      ([ref, asked]) => `paused    ${ref === EVERY_JOB ? 'every job' : plainText(ref)} ${saidText(asked)}`,
    ),
    ...Object.entries(vetoes).map(([what, asked]) => `vetoed    ${plainText(what)} ${saidText(asked)}`),
    ...(breakGlass === undefined ? [] : [`opened    every gate ${saidText(breakGlass)}`]),
  ];
}

function saidText({ by, at, until, reason }: Asked): string {
  const end = until === undefined ? '' : ` until ${until}`;
  return plainText(`by ${by} at ${at}${end}${reason === undefined ? '' : `: ${reason}`}`);
}

function rowOf(
  { ref, declared, file, observed, announced, version, since, message }: JobAt,
  colors: Colors,
): string[] {
  const inGit = declared === undefined ? 'Git not readable' : declared ? 'in Git' : 'not in Git';
  const state = observed ?? 'never sent';
  return [
    plainText(ref),
    inGit,
    file === undefined ? 'not sent' : 'sent',
    observed === 'applied' ? colors.green(state) : colors.yellow(state),
    plainText(version ?? ''),
    plainText(since ?? ''),
    announced === undefined ? plainText(message ?? '') : `${announced} announced, not ended`,
  ];
}

function oddFirst(a: JobAt, b: JobAt): number {
  return Number(standsWell(a)) - Number(standsWell(b));
}

function standsWell({ declared, file, observed, announced }: JobAt): boolean {
  return declared !== false && file !== undefined && observed === 'applied' && announced === undefined;
}

function restText(jobs: readonly JobAt[]): string {
  const states = jobs.map(({ observed }) => observed ?? 'never sent');
  return `and ${jobs.length} more: ${countsText(states)} (--job JOB shows one of them, --output json all)`;
}
