import { TowlineError } from '../../runtime/errors.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { short } from '../../domain/source/revision.js';
import { mirrorWorker, type MirrorResult } from '../../workers/mirror/index.js';
import { mirrorOptions, withSession } from '../compose.js';
import { runDaemon } from '../daemon.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';

interface Flags extends GlobalFlags {
  once?: boolean;
  dryRun?: boolean;
  allowDeletes?: boolean;
}

/** The mirror: one pass for each environment, or a daemon. */
export async function run(names: string[], flags: Flags, io: Io): Promise<number> {
  return withSession(flags, io, async (session) => {
    const { allowDeletes = false } = flags;
    const passOnly = flags.once === true || flags.dryRun === true;
    if (allowDeletes && !passOnly)
      throw new TowlineError('mirror-allow', 'invalid', '--allow-deletes is for one pass', {
        help: 'Add --once: a daemon must not delete without a limit.',
      });
    const workers = [];
    for (const environment of session.environments(names))
      workers.push(mirrorWorker(await mirrorOptions(session, environment, { allowDeletes })));
    if (!passOnly) return runDaemon(workers, session, io);
    const results = [];
    for (const worker of workers) {
      const result = await worker.once({ signal: io.signal, dryRun: flags.dryRun ?? false, trigger: 'once' });
      results.push({ environment: worker.environment, ...result });
      if (flags.output !== 'json') writeLine(io.stdout, `${worker.environment}: ${mirrorText(result)}`);
    }
    if (flags.output === 'json') writeLine(io.stdout, JSON.stringify(results, null, 2));
    return flags.dryRun === true && results.some((r) => r.kind === 'planned') ? EXIT.changes : EXIT.done;
  });
}

/** One line for people: what the pass did, or would do. */
export function mirrorText(result: MirrorResult): string {
  if (result.kind === 'nothing-observed') return 'nothing to mirror';
  const { plan } = result;
  const skipped = plan.ref.folders.flatMap((f) => f.exceptions.filter((e) => !e.held)).length;
  const notes = [
    ...(skipped > 0 ? [`${skipped} not held by KV (see .ref)`] : []),
    ...(plan.foreign.length > 0 ? [`${plan.foreign.length} foreign keys left alone`] : []),
    ...(plan.healed.length > 0 ? [`${plan.healed.length} edited by hand`] : []),
  ];
  const tail = notes.length === 0 ? '' : `; ${notes.join('; ')}`;
  const what = `${plan.writes.length} keys to write, ${plan.deletes.length} to delete`;
  if (result.kind === 'unchanged') return `KV already holds ${short(plan.revision)}${tail}`;
  if (result.kind === 'planned') return `would mirror ${short(plan.revision)}: ${what}${tail}`;
  const { written, deleted, transactions } = result.applied;
  return `mirrored ${short(plan.revision)}: ${written} keys written, ${deleted} deleted, ${transactions} transactions${tail}`;
}
