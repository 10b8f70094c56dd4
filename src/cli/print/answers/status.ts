import picocolors from 'picocolors';
import { vetoText } from '../../../domain/edit/rollback-vetoes.js';
import { askedText, EVERY_JOB } from '../../../domain/plan/asked.js';
import { counted } from '../../../domain/source/one-line.js';
import { short } from '../../../domain/source/revision.js';
import type { EnvironmentStatus, PlainMirrorStatus } from '../../../queries/status.js';
import { writeLine, type Io } from '../../io.js';
import { plainText, visibleText } from '../plain-text.js';
import { table } from '../table.js';

type JobRuns = NonNullable<EnvironmentStatus['jobs'][number]['runs']>;

function colorsOf(stdout: Io['stdout']): ReturnType<typeof picocolors.createColors> {
  return picocolors.createColors(stdout.isTTY === true);
}

/** How a mirror of plain configuration stands. */
export function printMirrorStatus(
  { name, prefix, mirror }: PlainMirrorStatus,
  { stdout }: Pick<Io, 'stdout'>,
): void {
  writeLine(stdout, `${colorsOf(stdout).bold(visibleText(name))} ${visibleText(prefix)}`);
  printMirror(mirror, stdout);
}

function printMirror(mirror: EnvironmentStatus['mirror'], stdout: Io['stdout']): void {
  const colors = colorsOf(stdout);
  const revision =
    mirror.revision === undefined
      ? ''
      : ` at ${short(mirror.revision)}, ${counted(mirror.files ?? 0, 'file')}`;
  const why = mirror.message === undefined ? '' : `: ${plainText(mirror.message)}`;
  writeLine(
    stdout,
    `  mirror     ${mirror.state === 'whole' ? colors.green('whole') : colors.red(mirror.state)}${revision}${why}`,
  );
  for (const { path, reason } of mirror.skipped)
    writeLine(stdout, `             ${colors.yellow('not held')} ${plainText(path)}: ${plainText(reason)}`);
}

/** How one environment stands: mirror, ledger, what people said, schedulers, and a line for each job. */
export function printStatus(
  { environment, mirror, ledger, paused, vetoes, breakGlass, schedulers, jobs }: EnvironmentStatus,
  { stdout }: Pick<Io, 'stdout'>,
): void {
  const colors = colorsOf(stdout);
  writeLine(stdout, colors.bold(environment));
  printMirror(mirror, stdout);
  const commit =
    ledger.commit === undefined
      ? 'empty'
      : `${short(ledger.commit)}, deployed ${short(ledger.revision ?? '')}`;
  writeLine(stdout, `  ledger     ${ledger.branch} ${commit}`);
  if (ledger.openIntents.length > 0)
    writeLine(
      stdout,
      `             ${colors.yellow('unresolved')} ${ledger.openIntents.map(visibleText).join(', ')}`,
    );
  for (const { ref, ...asked } of paused)
    writeLine(
      stdout,
      `  ${colors.yellow('paused')}     ${ref === EVERY_JOB ? 'the environment' : visibleText(ref)} ${plainText(askedText(asked))}`,
    );
  for (const veto of vetoes)
    writeLine(
      stdout,
      `  ${colors.yellow('vetoed')}     ${plainText(vetoText(veto))} ${plainText(askedText(veto))}`,
    );
  if (breakGlass !== undefined)
    writeLine(stdout, `  ${colors.red('open')}       all gates, ${plainText(askedText(breakGlass))}`);
  for (const { name, readable, message } of schedulers)
    writeLine(
      stdout,
      `  ${name.padEnd(10)} ${readable ? colors.green('answers') : colors.red(`does not answer: ${plainText(message ?? '')}`)}`,
    );
  const rows = jobs.map(({ ref, state, message, since, live, runs }) => [
    `  ${state === 'applied' ? colors.green(state) : colors.red(state)}`,
    visibleText(ref),
    live ? 'live' : colors.red('not live'),
    since,
    // What was said of the change is old news where its runs are told.
    [
      state === 'applied' && runs !== undefined ? '' : plainText(message),
      runs === undefined ? '' : runsText(runs, colors),
    ]
      .filter((text) => text !== '')
      .join('; '),
  ]);
  for (const line of table(rows)) writeLine(stdout, line);
}

/** `last success 2026-05-08T01:00:05.000Z; 2 runs failed since; overdue since 2026-05-10T03:00:00+02:00`. */
function runsText(
  { lastSuccess, lastFailure, failures, overdueSince, next, idle, running }: JobRuns,
  colors: ReturnType<typeof colorsOf>,
): string {
  const parts = [
    lastSuccess === undefined
      ? lastFailure === undefined
        ? 'has not run yet'
        : `never succeeded, failed ${lastFailure}`
      : `last success ${lastSuccess}`,
    failures === 0 ? undefined : colors.red(`${failures} ${failures === 1 ? 'run' : 'runs'} failed since`),
    overdueSince === undefined
      ? undefined
      : colors.red(
          `overdue since ${overdueSince}${running === undefined ? '' : ': an earlier run still goes on'}`,
        ),
    next === undefined ? undefined : `next ${next}`,
    idle,
  ];
  return parts.filter((part) => part !== undefined).join('; ');
}
