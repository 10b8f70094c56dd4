import picocolors from 'picocolors';
import { readWhy, type JobOfPass, type WhyAnswer, type WhyLink } from '../../queries/why/index.js';
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
  definition: 'defined by',
  first: 'first sent by',
  approval: 'approved in',
  gate: 'gate',
  mirror: 'mirrored as',
  revision: 'of revision',
  manifest: 'stated by',
  promotion: 'promoted by',
  release: 'from release',
  build: 'built by',
  source: 'from source',
};

function print({ name, ref, environment, links, jobs = [] }: WhyAnswer, { stdout }: Io): void {
  const colors = picocolors.createColors(stdout.isTTY === true);
  const what = ref === undefined || ref === name ? name : `${ref} (${name})`;
  writeLine(stdout, `${colors.bold(what)} in ${environment}`);
  for (const { link, text, id, by, at, missing, because } of links) {
    // What can't be known without another link says nothing that the missing one does not say.
    if (because !== undefined) continue;
    const told = missing === true ? colors.yellow(`(missing) ${text}`) : text;
    const named = id === undefined || text.includes(id) ? '' : `${colors.dim(id)} `;
    const who = [by === undefined ? undefined : `by ${by}`, at === undefined ? undefined : `at ${at}`].filter(
      (t) => t !== undefined,
    );
    writeLine(
      stdout,
      `  ${WORDS[link].padEnd(13)} ${named}${told}${who.length === 0 ? '' : colors.dim(`  ${who.join(' ')}`)}`,
    );
  }
  for (const job of jobs) writeLine(stdout, `  ${'job'.padEnd(13)} ${jobText(job)}`);
}

function jobText({ ref, action, state, now, text }: JobOfPass): string {
  return `${ref} ${action} ${state}; ${now}${now === 'live' ? '' : `: ${text}`}`;
}
