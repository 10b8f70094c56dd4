import { readWhy, type WhyAnswer } from '../../queries/why/index.js';
import { TowlineError } from '../../runtime/errors.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { withSession } from '../compose.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';
import { printWhy } from '../print/answers/why.js';
import { jsonText } from '../print/plain-text.js';

interface Flags extends GlobalFlags {
  env?: string;
}

/** The chain from what runs back to the source commit. A link that can't be found says so. */
export async function run([question = '']: string[], flags: Flags, io: Io): Promise<number> {
  return withSession(flags, io, async (session) => {
    const answers: WhyAnswer[] = [];
    const unanswered = new Set<string>();
    for (const environment of session.environments(flags.env === undefined ? [] : [flags.env])) {
      const why = await readWhy(
        question,
        {
          layout: session.layout(environment),
          releasesPrefix: session.releasesPrefix,
          branch: environment.branch,
          layers: environment.layers,
          kv: await session.kv(),
          ledger: await session.ledger(environment),
          repository: await session.repository(),
          schedulers: await session.schedulers(environment),
          models: session.models(environment),
          containers: session.containers,
        },
        io.signal,
      );
      answers.push(...why.answers);
      for (const who of why.unanswered) unanswered.add(who);
    }
    if (answers.length === 0) {
      const silent = unanswered.size === 0 ? '' : `; no answer of ${[...unanswered].join(', ')}`;
      throw new TowlineError('why-unknown', 'invalid', `no environment knows "${question}"${silent}`, {
        help: 'Ask for a job (marathon:/shop/web), its id, a task id, HOST:PORT, a container, an image, or an entry of the ledger. towline status lists the jobs.',
      });
    }
    if (flags.output === 'json') writeLine(io.stdout, jsonText(answers, 2));
    else for (const answer of answers) printWhy(answer, io);
    return EXIT.done;
  });
}
