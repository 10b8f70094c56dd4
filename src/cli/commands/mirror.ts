import { TowlineError } from '../../runtime/errors.js';
import { keepHeapSmall } from '../../runtime/heap.js';
import { mirrorWorker, type MirrorWorker } from '../../workers/mirror/index.js';
import type { ManyMirrors } from '../../workers/mirror/many.js';
import { chosenMirrors, withSession, type Session } from '../compose.js';
import { runDaemon } from '../daemon.js';
import type { GlobalFlags, Io } from '../io.js';
import { passes } from '../mirror-passes.js';
import { mirrorOptions, plainMirror } from '../worker-options.js';

interface Flags extends GlobalFlags {
  once?: boolean;
  dryRun?: boolean;
  allowDeletes?: boolean;
  allowRewrite?: boolean;
  git2consulConfig?: string;
  hookHost: string;
  git2consulTrim?: boolean;
  git2consulLinks?: boolean;
}

/** The mirror: one pass for each environment and each mirror of plain configuration, or a daemon. */
export async function run(names: string[], flags: Flags, io: Io): Promise<number> {
  keepHeapSmall();
  if (names[0] === 'import-git2consul') {
    const { importGit2consul } = await import('../git2consul/run.js');
    return importGit2consul(names.slice(1), flags, io);
  }
  if (flags.git2consulConfig !== undefined) {
    const { runGit2consul } = await import('../git2consul/run.js');
    return runGit2consul(flags.git2consulConfig, flags, io);
  }
  return withSession(flags, io, async (session) => {
    const workers = await mirrorsOf(names, flags, session);
    if (!isPass(flags)) return runDaemon(workers, session, io);
    return passes(workers, flags, io);
  });
}

async function mirrorsOf(
  names: string[],
  flags: Flags,
  session: Session,
): Promise<(MirrorWorker | ManyMirrors)[]> {
  const { allowDeletes = false, allowRewrite = false } = flags;
  if ((allowDeletes || allowRewrite) && !isPass(flags))
    throw new TowlineError(
      'mirror-allow',
      'invalid',
      '--allow-deletes and --allow-rewrite are for one pass',
      {
        help: 'Add --once: a daemon must not delete without a limit.',
      },
    );
  const { environments, mirrors } = chosenMirrors(session.config, names);
  const workers: (MirrorWorker | ManyMirrors)[] = [];
  const allowed = { allowDeletes, allowRewrite };
  for (const environment of environments)
    workers.push(mirrorWorker(await mirrorOptions(session, environment, allowed)));
  for (const mirror of mirrors) workers.push(await plainMirror(session, mirror, allowed));
  return workers;
}

function isPass({ once, dryRun }: Flags): boolean {
  return once === true || dryRun === true;
}
