import { readAt, type EnvironmentAt } from '../../queries/at.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { withSession } from '../compose.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';
import { printAt } from '../print/answers/at.js';
import { jsonText } from '../print/plain-text.js';
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
    if (flags.output === 'json') writeLine(io.stdout, jsonText(all, 2));
    else for (const each of all) printAt(each, io, flags.job);
    return EXIT.done;
  });
}
