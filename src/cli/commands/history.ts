import picocolors from 'picocolors';
import { short } from '../../domain/source/revision.js';
import { readHistory, type HistoryEntry, type HistoryKind } from '../../queries/history.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { withSession } from '../compose.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';

interface Flags extends GlobalFlags {
  env?: string;
  limit: number;
  since?: number;
  until?: number;
  failed?: boolean;
  kind?: HistoryKind[];
  all?: boolean;
}

/** What was done, newest first, from the ledger alone. */
export async function run([jobRef]: string[], flags: Flags, io: Io): Promise<number> {
  const { limit, since, until, failed = false, all: every = false } = flags;
  const kinds: HistoryKind[] | undefined = every ? ['deploy', 'order', 'mirror'] : flags.kind;
  return withSession(flags, io, async (session) => {
    const all: { environment: string; entries: HistoryEntry[] }[] = [];
    for (const environment of session.environments(flags.env === undefined ? [] : [flags.env])) {
      const ledger = await session.ledger(environment);
      const entries = await readHistory(ledger, {
        signal: io.signal,
        limit,
        failed,
        ...(jobRef === undefined ? {} : { jobRef }),
        ...(since === undefined ? {} : { since }),
        ...(until === undefined ? {} : { until }),
        ...(kinds === undefined ? {} : { kinds }),
      });
      all.push({ environment: environment.name, entries });
    }
    if (flags.output === 'json') writeLine(io.stdout, JSON.stringify(all, null, 2));
    else for (const each of all) print(each, io);
    return EXIT.done;
  });
}

function print(
  { environment, entries }: { environment: string; entries: HistoryEntry[] },
  { stdout }: Io,
): void {
  const colors = picocolors.createColors(stdout.isTTY === true);
  writeLine(stdout, colors.bold(environment));
  if (entries.length === 0) writeLine(stdout, '  nothing is on record');
  for (const { commit, at, subject, jobs, trigger, by, phase, flags, endedLater } of entries) {
    const open = phase !== 'intent' ? '' : endedLater === true ? ' (ended later)' : ' (no end on record)';
    const who = phase === 'order' ? by : by === '' ? trigger : `${trigger} as ${by}`;
    writeLine(
      stdout,
      `  ${colors.yellow(short(commit))} ${at}  ${subject}${colors.yellow(open)} ${colors.dim(`by ${who}`)}`,
    );
    if (flags.length > 0) writeLine(stdout, `      ${colors.yellow(`allowed for it: ${flags.join(', ')}`)}`);
    // An order names its jobs in its subject.
    for (const { ref, action, state } of phase === 'order' ? [] : jobs)
      writeLine(
        stdout,
        `      ${state === 'applied' ? colors.green(state) : colors.red(state)} ${action === 'none' ? 'as it was' : action} ${ref}`,
      );
  }
}
