import { parseEntryRange, type EntryRange } from '../../domain/record/entry-range.js';
import { replayLedger, type Replay } from '../../queries/replay.js';
import { TowlineError } from '../../runtime/errors.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { SCHEDULER_KINDS } from '../../schedulers/registry.js';
import { withSession } from '../compose.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';
import { printReplay } from '../print/replay.js';

interface Flags extends GlobalFlags {
  env?: string;
}

/** Makes the plans that are on record again, from the ledger alone, and says which of them would be others now. */
export async function run([asked]: string[], flags: Flags, io: Io): Promise<number> {
  const range = rangeOf(asked);
  return withSession(flags, io, async (session) => {
    const kinds = new Map([...SCHEDULER_KINDS].map(([kind, { model }]) => [kind, model]));
    const all: Replay[] = [];
    for (const environment of session.environments(flags.env === undefined ? [] : [flags.env])) {
      const ledger = await session.ledger(environment);
      all.push(
        await replayLedger({ environment: environment.name, ledger, kinds, range, signal: io.signal }),
      );
    }
    if (flags.output === 'json') writeLine(io.stdout, JSON.stringify(all, null, 2));
    else for (const each of all) printReplay(each, io);
    if (all.some(({ refused }) => refused > 0)) return EXIT.error;
    return all.some(({ different }) => different > 0) ? EXIT.changes : EXIT.done;
  });
}

function rangeOf(asked: string | undefined): EntryRange {
  const range = asked === undefined ? {} : parseEntryRange(asked);
  if (range !== undefined) return range;
  throw new TowlineError('entry-range', 'invalid', `"${asked ?? ''}" is no range of entries`, {
    help: 'Write A..B, A.. or ..B, with numbers (#12) or commits of the ledger; both ends are included.',
  });
}
