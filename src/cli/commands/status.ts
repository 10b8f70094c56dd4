import picocolors from 'picocolors';
import { short } from '../../domain/source/revision.js';
import { readStatus, type EnvironmentStatus } from '../../queries/status.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { withSession } from '../compose.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';
import { table } from '../print/table.js';

/** How each environment stands: mirror, ledger, schedulers and every job. Exit 3 where something is held or failed. */
export async function run(names: string[], flags: GlobalFlags, io: Io): Promise<number> {
  return withSession(flags, io, async (session) => {
    const all: EnvironmentStatus[] = [];
    for (const environment of session.environments(names)) {
      const sources = {
        layout: session.layout(environment),
        kv: await session.kv(),
        ledger: await session.ledger(environment),
        schedulers: await session.schedulers(environment),
      };
      all.push(await readStatus(sources, io.signal));
    }
    if (flags.output === 'json') writeLine(io.stdout, JSON.stringify(all, null, 2));
    else for (const status of all) print(status, io);
    if (all.some((s) => s.schedulers.some((each) => !each.readable))) return EXIT.error;
    const troubled = all.some(
      (s) => s.mirror.state === 'tampered' || s.jobs.some((job) => job.state !== 'applied'),
    );
    return troubled ? EXIT.held : EXIT.done;
  });
}

function print({ environment, mirror, ledger, schedulers, jobs }: EnvironmentStatus, { stdout }: Io): void {
  const colors = picocolors.createColors(stdout.isTTY === true);
  writeLine(stdout, colors.bold(environment));
  const revision =
    mirror.revision === undefined ? '' : ` at ${short(mirror.revision)}, ${mirror.files ?? 0} files`;
  const why = mirror.message === undefined ? '' : `: ${mirror.message}`;
  writeLine(
    stdout,
    `  mirror     ${mirror.state === 'whole' ? colors.green('whole') : colors.red(mirror.state)}${revision}${why}`,
  );
  for (const { path, reason } of mirror.skipped)
    writeLine(stdout, `             ${colors.yellow('not held')} ${path}: ${reason}`);
  const commit =
    ledger.commit === undefined
      ? 'empty'
      : `${short(ledger.commit)}, deployed ${short(ledger.revision ?? '')}`;
  writeLine(stdout, `  ledger     ${ledger.branch} ${commit}`);
  if (ledger.openIntents.length > 0)
    writeLine(stdout, `             ${colors.yellow('unresolved')} ${ledger.openIntents.join(', ')}`);
  for (const { name, readable, message } of schedulers)
    writeLine(
      stdout,
      `  ${name.padEnd(10)} ${readable ? colors.green('answers') : colors.red(`does not answer: ${message ?? ''}`)}`,
    );
  const rows = jobs.map(({ ref, state, message, since, live }) => [
    `  ${state === 'applied' ? colors.green(state) : colors.red(state)}`,
    ref,
    live ? 'live' : colors.red('not live'),
    since,
    message,
  ]);
  for (const line of table(rows)) writeLine(stdout, line);
}
