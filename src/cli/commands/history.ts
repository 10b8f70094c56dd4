import { readHistory, refNamed, type HistoryKind } from '../../queries/history.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { withSession } from '../compose.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';
import { printHistory, type History } from '../print/answers/history.js';
import { jsonText } from '../print/plain-text.js';
import { checkPeriod } from '../when.js';

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
export async function run([name]: string[], flags: Flags, io: Io): Promise<number> {
  const { limit, since, until, failed = false, all: every = false } = flags;
  const kinds: HistoryKind[] | undefined = every ? ['deploy', 'order', 'mirror'] : flags.kind;
  checkPeriod(flags);
  return withSession(flags, io, async (session) => {
    const all: History[] = [];
    for (const environment of session.environments(flags.env === undefined ? [] : [flags.env])) {
      const ledger = await session.ledger(environment);
      const schedulers = [...session.models(environment).keys()];
      const job = name === undefined ? undefined : await refNamed(name, schedulers, ledger, io.signal);
      const entries = await readHistory(ledger, {
        signal: io.signal,
        limit,
        failed,
        ...(job === undefined ? {} : { jobRef: job }),
        ...(since === undefined ? {} : { since }),
        ...(until === undefined ? {} : { until }),
        ...(kinds === undefined ? {} : { kinds }),
      });
      all.push({ environment: environment.name, ...(job === undefined ? {} : { job }), entries });
    }
    const narrowed = [name, since, until, kinds].some((each) => each !== undefined) || failed;
    if (flags.output === 'json') writeLine(io.stdout, jsonText(all, 2));
    else for (const each of all) printHistory(each, io, narrowed);
    return EXIT.done;
  });
}
