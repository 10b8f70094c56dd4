import picocolors from 'picocolors';
import { counted } from '../../domain/source/one-line.js';
import type { MirrorConfig } from '../../config/config.js';
import { mirrorLayout } from '../../domain/source/kv-layout.js';
import { short } from '../../domain/source/revision.js';
import {
  readMirrorStatus,
  readStatus,
  type EnvironmentStatus,
  type PlainMirrorStatus,
} from '../../queries/status.js';
import { vetoText } from '../../domain/edit/rollback-vetoes.js';
import { askedText, EVERY_JOB } from '../../domain/plan/asked.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { systemClock } from '../../runtime/system-clock.js';
import { readClaims } from '../../workers/mirror/index.js';
import { chosenMirrors, withSession, type Session } from '../compose.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';
import { table } from '../print/table.js';

type JobRuns = NonNullable<EnvironmentStatus['jobs'][number]['runs']>;

/** How each environment stands: mirror, ledger, schedulers and every job. Exit 3 where something is held or failed. */
export async function run(names: string[], flags: GlobalFlags, io: Io): Promise<number> {
  return withSession(flags, io, async (session) => {
    const chosen = chosenMirrors(session.config, names);
    const all: EnvironmentStatus[] = [];
    for (const environment of chosen.environments) {
      const sources = {
        layout: session.layout(environment),
        kv: await session.kv(),
        ledger: await session.ledger(environment),
        schedulers: await session.schedulers(environment),
        models: session.models(environment),
        clock: systemClock,
      };
      all.push(await readStatus(sources, io.signal));
    }
    const mirrors = await mirrorStatuses(session, chosen.mirrors, io.signal);
    if (flags.output === 'json') writeLine(io.stdout, JSON.stringify([...all, ...mirrors], null, 2));
    else {
      for (const status of all) print(status, io);
      for (const { name, prefix, mirror } of mirrors) {
        writeLine(io.stdout, `${colorsOf(io.stdout).bold(name)} ${prefix}`);
        printMirror(mirror, io.stdout);
      }
    }
    if (all.some((s) => s.schedulers.some((each) => !each.readable))) return EXIT.error;
    const troubled =
      [...all, ...mirrors].some((s) => s.mirror.state === 'tampered') ||
      all.some((s) => s.jobs.some((job) => job.state !== 'applied'));
    return troubled ? EXIT.held : EXIT.done;
  });
}

/** One for each mirror, and for each branch and tag of a group. */
async function mirrorStatuses(
  session: Session,
  mirrors: readonly MirrorConfig[],
  signal: AbortSignal,
): Promise<PlainMirrorStatus[]> {
  if (mirrors.length === 0) return [];
  const [kv, { prefix: root }] = [await session.kv(), session.config.consul];
  const homes = session.config.environments.map((environment) => session.layout(environment).home);
  const claims = await readClaims(kv, root, { signal, also: homes });
  const layouts = mirrors.flatMap(({ name, prefix, many }) =>
    many === undefined
      ? [mirrorLayout(root, name, prefix)]
      : claims
          .filter((claim) => claim.name.startsWith(`${name}/`))
          .map((claim) => mirrorLayout(root, claim.name, claim.prefix)),
  );
  return Promise.all(
    layouts.map((layout) => {
      const claimed = claims
        .map(({ prefix }) => prefix)
        .filter((prefix) => prefix !== layout.config && prefix.startsWith(layout.config));
      return readMirrorStatus(kv, layout, { claimed, signal });
    }),
  );
}

function colorsOf(stdout: Io['stdout']): ReturnType<typeof picocolors.createColors> {
  return picocolors.createColors(stdout.isTTY === true);
}

function printMirror(mirror: EnvironmentStatus['mirror'], stdout: Io['stdout']): void {
  const colors = colorsOf(stdout);
  const revision =
    mirror.revision === undefined
      ? ''
      : ` at ${short(mirror.revision)}, ${counted(mirror.files ?? 0, 'file')}`;
  const why = mirror.message === undefined ? '' : `: ${mirror.message}`;
  writeLine(
    stdout,
    `  mirror     ${mirror.state === 'whole' ? colors.green('whole') : colors.red(mirror.state)}${revision}${why}`,
  );
  for (const { path, reason } of mirror.skipped)
    writeLine(stdout, `             ${colors.yellow('not held')} ${path}: ${reason}`);
}

function print(
  { environment, mirror, ledger, paused, vetoes, breakGlass, schedulers, jobs }: EnvironmentStatus,
  { stdout }: Io,
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
    writeLine(stdout, `             ${colors.yellow('unresolved')} ${ledger.openIntents.join(', ')}`);
  for (const { ref, ...asked } of paused)
    writeLine(
      stdout,
      `  ${colors.yellow('paused')}     ${ref === EVERY_JOB ? 'the environment' : ref} ${askedText(asked)}`,
    );
  for (const veto of vetoes)
    writeLine(stdout, `  ${colors.yellow('vetoed')}     ${vetoText(veto)} ${askedText(veto)}`);
  if (breakGlass !== undefined)
    writeLine(stdout, `  ${colors.red('open')}       all gates, ${askedText(breakGlass)}`);
  for (const { name, readable, message } of schedulers)
    writeLine(
      stdout,
      `  ${name.padEnd(10)} ${readable ? colors.green('answers') : colors.red(`does not answer: ${message ?? ''}`)}`,
    );
  const rows = jobs.map(({ ref, state, message, since, live, runs }) => [
    `  ${state === 'applied' ? colors.green(state) : colors.red(state)}`,
    ref,
    live ? 'live' : colors.red('not live'),
    since,
    // What was said of the change is old news where its runs are told.
    [
      state === 'applied' && runs !== undefined ? '' : message,
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
