import picocolors from 'picocolors';
import { short } from '../../domain/source/revision.js';
import { readAt, type EnvironmentAt, type JobAt } from '../../queries/at.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { withSession } from '../compose.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';
import { table } from '../print/table.js';
import { whenOf } from '../when.js';

interface Flags extends GlobalFlags {
  job?: string;
}

/** What was declared, sent and observed at a time, from the ledger and the job repository alone. */
export async function run([when = '', name]: string[], flags: Flags, io: Io): Promise<number> {
  const time = whenOf(when);
  return withSession(flags, io, async (session) => {
    const all: EnvironmentAt[] = [];
    for (const environment of session.environments(name === undefined ? [] : [name])) {
      const sources = {
        environment: environment.name,
        layers: environment.layers,
        ledger: await session.ledger(environment),
        repository: await session.repository(),
        models: session.models(environment),
      };
      const question = { time, ...(flags.job === undefined ? {} : { job: flags.job }) };
      all.push(await readAt(question, sources, io.signal));
    }
    if (flags.output === 'json') writeLine(io.stdout, JSON.stringify(all, null, 2));
    else for (const each of all) print(each, io);
    return EXIT.done;
  });
}

function print({ environment, at, entry, declared, jobs, ...rest }: EnvironmentAt, { stdout }: Io): void {
  const colors = picocolors.createColors(stdout.isTTY === true);
  writeLine(stdout, colors.bold(`${environment} at ${at}`));
  if (entry === undefined) return writeLine(stdout, '  nothing was on record yet');
  writeLine(stdout, `  ledger    ${colors.yellow(short(entry.commit))} ${entry.at}  ${entry.subject}`);
  if (declared !== undefined) {
    const { revision, subject = '', by = '', missing, mirrorIndex } = declared;
    const index = mirrorIndex === undefined ? '' : `, KV index ${mirrorIndex}`;
    const told =
      missing === undefined ? `${subject} ${colors.dim(`by ${by}`)}` : colors.yellow(`(missing) ${missing}`);
    writeLine(stdout, `  declared  ${colors.yellow(short(revision))} ${told}${index}`);
  }
  for (const [ref, { by, at: since, reason }] of Object.entries(rest.paused))
    writeLine(stdout, `  paused    ${ref} by ${by} at ${since}${reason === undefined ? '' : `: ${reason}`}`);
  for (const [what, { by, at: since, reason }] of Object.entries(rest.vetoes ?? {}))
    writeLine(stdout, `  vetoed    ${what} by ${by} at ${since}${reason === undefined ? '' : `: ${reason}`}`);
  if (rest.breakGlass !== undefined)
    writeLine(
      stdout,
      `  opened    gates were open until ${rest.breakGlass.until}, by ${rest.breakGlass.by}: ${rest.breakGlass.reason}`,
    );
  for (const line of table(jobs.map((job) => rowOf(job, colors)))) writeLine(stdout, `  ${line}`);
  for (const { ref, document } of jobs)
    if (document !== undefined) writeLine(stdout, `\n${ref} as sent\n${JSON.stringify(document, null, 2)}`);
}

function rowOf(
  { ref, declared, file, observed, announced, version, since, message }: JobAt,
  colors: ReturnType<typeof picocolors.createColors>,
): string[] {
  const inGit = declared === undefined ? 'Git not readable' : declared ? 'in Git' : 'not in Git';
  const state = observed ?? 'never sent';
  return [
    ref,
    inGit,
    file === undefined ? 'not sent' : 'sent',
    observed === 'applied' ? colors.green(state) : colors.yellow(state),
    version ?? '',
    since ?? '',
    announced === undefined ? (message ?? '') : `${announced} announced, not ended`,
  ];
}
