import { TowlineError } from '../../runtime/errors.js';
import { keepHeapSmall } from '../../runtime/heap.js';
import { startServer, type RunningServer } from '../../server/index.js';
import { deployWorker } from '../../workers/deploy/index.js';
import { mirrorWorker } from '../../workers/mirror/index.js';
import { promoteWorker } from '../../workers/promote/index.js';
import type { Worker } from '../../workers/worker.js';
import { withSession, type Session } from '../compose.js';
import { runDaemon } from '../daemon.js';
import type { GlobalFlags, Io } from '../io.js';
import { promoteOptions, promotesByItself } from '../promote-options.js';
import { deployOptions, mirrorOptions, plainMirror } from '../worker-options.js';

interface Flags extends GlobalFlags {
  env?: string[];
  server: boolean;
  listen?: string;
}

const WORKERS = ['mirror', 'deploy', 'promote'] as const;

/** Any set of workers in one process, with the server that wakes them and shows how they are. */
export async function run(names: string[], flags: Flags, io: Io): Promise<number> {
  keepHeapSmall();
  const unknown = names.find((name) => !(WORKERS as readonly string[]).includes(name));
  if (unknown !== undefined) {
    throw new TowlineError('worker-unknown', 'invalid', `there is no worker "${unknown}"`, {
      help: `Workers: ${WORKERS.join(', ')}.`,
    });
  }
  const wanted = new Set<string>(names.length === 0 ? WORKERS : names);
  return withSession(flags, io, async (session) => {
    const workers = await buildWorkers(wanted, session, flags.env);
    const server = flags.server ? await serve(workers, session, flags) : undefined;
    try {
      return await runDaemon(workers, session, io);
    } finally {
      await server?.close();
    }
  });
}

async function buildWorkers(
  wanted: ReadonlySet<string>,
  session: Session,
  names: string[] | undefined,
): Promise<Worker<unknown>[]> {
  const workers: Worker<unknown>[] = [];
  for (const environment of session.environments(names)) {
    if (wanted.has('mirror')) workers.push(mirrorWorker(await mirrorOptions(session, environment)));
    if (wanted.has('deploy')) workers.push(deployWorker(await deployOptions(session, environment)));
    if (wanted.has('promote') && promotesByItself(environment))
      workers.push(promoteWorker(await promoteOptions(session, environment)));
  }
  if (wanted.has('mirror') && names === undefined)
    for (const mirror of session.config.mirrors) workers.push(await plainMirror(session, mirror));
  return workers;
}

async function serve(
  workers: readonly Worker<unknown>[],
  session: Session,
  flags: Flags,
): Promise<RunningServer> {
  const { listen, webhookSecret } = session.config.server;
  return startServer({
    listen: flags.listen ?? listen,
    workers,
    log: session.log,
    branches: new Map(session.config.environments.map(({ name, branch }) => [name, branch])),
    ...(webhookSecret === undefined ? {} : { webhookSecret }),
  });
}
