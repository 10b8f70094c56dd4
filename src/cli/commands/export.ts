import path from 'node:path';
import { stringify } from 'yaml';
import { isCalled } from '../../domain/job/job-ref.js';
import { maskedPlaces } from '../../domain/plan/secrets/index.js';
import type { LiveJob } from '../../domain/plan/plan.js';
import { pointer } from '../../domain/source/json.js';
import { readLive } from '../../queries/live.js';
import { TowlineError } from '../../runtime/errors.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { withSession } from '../compose.js';
import { writeNewFiles } from '../new-files.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';

interface Flags extends GlobalFlags {
  out?: string;
}

/** Live jobs as manifests, without defaults and without what only a server writes: for a first import. */
export async function run([name = '', asked]: string[], flags: Flags, io: Io): Promise<number> {
  return withSession(flags, io, async (session) => {
    const [environment] = session.environments([name]);
    if (environment === undefined) return EXIT.error;
    const { live, unreadable } = await readLive(await session.schedulers(environment), io.signal);
    const models = session.models(environment);
    const secrets = session.secrets(environment);
    const chosen = live.filter(
      (job) => job.beside === undefined && (asked === undefined || isCalled(job, asked)),
    );
    if (asked !== undefined && chosen.length === 0)
      throw new TowlineError('job-unknown', 'invalid', `${name} runs no job "${asked}"`, {
        help: `towline export ${name} shows all of them.`,
      });
    const left: string[] = [];
    const manifests = chosen.flatMap((job) => {
      const exported = models
        .get(job.ref.slice(0, job.ref.indexOf(':')))
        ?.model.exported?.(secrets.live(job));
      if (exported === undefined) left.push(job.ref);
      return exported === undefined ? [] : [{ job, exported }];
    });
    if (flags.output === 'json')
      writeLine(
        io.stdout,
        JSON.stringify(
          manifests.map(({ exported }) => exported),
          null,
          2,
        ),
      );
    else if (flags.out === undefined)
      io.stdout.write(manifests.map(({ exported }) => stringify(exported)).join('---\n'));
    else {
      const files = manifests.map(({ job, exported }) => [nameOf(job), stringify(exported)] as const);
      for (const file of await writeNewFiles(path.resolve(io.cwd, flags.out), new Map(files)))
        writeLine(io.stdout, path.relative(io.cwd, file));
    }
    for (const { job, exported } of manifests)
      for (const place of maskedPlaces(exported))
        writeLine(
          io.stderr,
          `warning ${job.ref} ${pointer(...place)} is secret: put the value there before you commit it`,
        );
    for (const ref of left) writeLine(io.stderr, `${ref} is left out: its scheduler can't be exported yet`);
    for (const [scheduler, reason] of unreadable)
      writeLine(io.stderr, `error ${scheduler} could not be read: ${reason}`);
    return unreadable.size > 0 ? EXIT.error : EXIT.done;
  });
}

function nameOf({ id, kind }: LiveJob): string {
  return `${id.replace(/^\/+/, '') || '_root'}${kind === 'group' ? '.group' : ''}.yaml`;
}
