import { readBlame, type Blame } from '../../queries/blame.js';
import { TowlineError } from '../../runtime/errors.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { withSession } from '../compose.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';
import { printBlame } from '../print/answers/blame.js';
import { jsonText } from '../print/plain-text.js';

interface Flags extends GlobalFlags {
  env?: string;
}

/** Who gave each field of a job the value that was sent last, like git blame. */
export async function run([job = '', at = '']: string[], flags: Flags, io: Io): Promise<number> {
  return withSession(flags, io, async (session) => {
    const all: Blame[] = [];
    for (const environment of session.environments(flags.env === undefined ? [] : [flags.env])) {
      const sources = {
        layout: session.layout(environment),
        releasesPrefix: session.releasesPrefix,
        branch: environment.branch,
        layers: environment.layers,
        kv: await session.kv(),
        ledger: await session.ledger(environment),
        repository: await session.repository(),
        schedulers: await session.schedulers(environment),
        models: session.models(environment),
      };
      const blame = await readBlame({ job, at }, sources, io.signal);
      if (blame !== undefined) all.push(blame);
    }
    if (all.length === 0) {
      const field = at === '' ? '' : ` with a field ${at}`;
      throw new TowlineError('blame-unknown', 'invalid', `nothing is on record of a job "${job}"${field}`, {
        help: 'Ask for a job (marathon:/shop/web) or its id, and a JSON pointer of what was sent (/env/LEVEL). towline status lists the jobs.',
      });
    }
    if (flags.output === 'json') writeLine(io.stdout, jsonText(all, 2));
    else for (const each of all) printBlame(each, io);
    return EXIT.done;
  });
}
