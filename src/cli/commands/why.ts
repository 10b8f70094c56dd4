import picocolors from 'picocolors';
import { readWhy, type WhyAnswer, type WhyLink } from '../../queries/why.js';
import { TowlineError } from '../../runtime/errors.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { withSession } from '../compose.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';

interface Flags extends GlobalFlags {
  env?: string;
}

/** The chain from what runs back to the source commit. A link that can't be found says so. */
export async function run([question = '']: string[], flags: Flags, io: Io): Promise<number> {
  return withSession(flags, io, async (session) => {
    const answers: WhyAnswer[] = [];
    for (const environment of session.environments(flags.env === undefined ? [] : [flags.env])) {
      const answer = await readWhy(
        question,
        {
          layout: session.layout(environment),
          releasesPrefix: session.releasesPrefix,
          branch: environment.branch,
          kv: await session.kv(),
          ledger: await session.ledger(environment),
          repository: await session.repository(),
          schedulers: await session.schedulers(environment),
          models: session.models(environment),
        },
        io.signal,
      );
      if (answer !== undefined) answers.push(answer);
    }
    if (answers.length === 0) {
      throw new TowlineError('why-unknown', 'invalid', `no environment knows "${question}"`, {
        help: 'Ask for a job (marathon:/shop/web), its id, a task id or HOST:PORT. towline status lists the jobs.',
      });
    }
    if (flags.output === 'json') writeLine(io.stdout, JSON.stringify(answers, null, 2));
    else for (const answer of answers) print(answer, io);
    return EXIT.done;
  });
}

const WORDS: Record<WhyLink['link'], string> = {
  task: 'runs as task',
  version: 'of version',
  deployment: 'by deployment',
  ledger: 'on record as',
  mirror: 'mirrored as',
  revision: 'of revision',
  manifest: 'stated by',
  promotion: 'promoted by',
  release: 'from release',
  build: 'built by',
  source: 'from source',
};

function print({ ref, environment, links }: WhyAnswer, { stdout }: Io): void {
  const colors = picocolors.createColors(stdout.isTTY === true);
  writeLine(stdout, `${colors.bold(ref)} in ${environment}`);
  for (const { link, text, id, by, at, missing } of links) {
    const what = missing === true ? colors.yellow(`(missing) ${text}`) : text;
    const name = id === undefined || text.includes(id) ? '' : `${colors.dim(id)} `;
    const who = [by === undefined ? undefined : `by ${by}`, at === undefined ? undefined : `at ${at}`].filter(
      (t) => t !== undefined,
    );
    writeLine(
      stdout,
      `  ${WORDS[link].padEnd(13)} ${name}${what}${who.length === 0 ? '' : colors.dim(`  ${who.join(' ')}`)}`,
    );
  }
}
