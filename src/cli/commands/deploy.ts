import { EXIT } from '../../runtime/exit-codes.js';
import { TowlineError } from '../../runtime/errors.js';
import { deployWorker } from '../../workers/deploy/index.js';
import { whichJobs, withSession, type Session } from '../compose.js';
import { runDaemon } from '../daemon.js';
import { writeLine, type Io } from '../io.js';
import { deployExit, deployJson, printDeploy } from '../print/deploy.js';
import { withShownSession, type Shown } from '../shown-session.js';
import { namedRevision } from '../sources.js';
import { waitFor, worstOf, type WaitFlags } from '../wait-for.js';
import { deployOptions } from '../worker-options.js';

interface Flags extends WaitFlags {
  once?: boolean;
  dryRun?: boolean;
  adopt?: string | boolean;
  retry?: string | boolean;
  allowPrune?: boolean;
  revision?: string;
}

/** The deployer: one pass for each environment, passes until everything is done, or a daemon. */
export async function run(names: string[], flags: Flags, io: Io): Promise<number> {
  const once = flags.once === true || flags.dryRun === true;
  if (flags.wait === true && (once || [flags.adopt, flags.retry, flags.allowPrune].some(Boolean)))
    throw new TowlineError('flags-clash', 'invalid', '--wait goes with no flag for a single pass', {
      help: '--once, --dry-run, --adopt, --retry and --allow-prune are about one pass; --wait goes on until everything is deployed.',
    });
  const long = once || flags.wait === true;
  const open = long ? withShownSession : withLoggedSession;
  return open(flags, io, async (session, { io: shown, progress }) => {
    const environments = session.environments(names);
    if (flags.wait === true) {
      const { revision: named, ...waiting } = flags;
      const revision = named === undefined ? undefined : await namedRevision(named, session, io.signal);
      return waitFor(
        environments,
        session,
        { ...waiting, ...(revision && { revision }) },
        { io: shown, ...(progress && { progress }) },
      );
    }
    const allow = {
      adopt: whichJobs(flags.adopt),
      retry: whichJobs(flags.retry),
      allowPrune: flags.allowPrune ?? false,
    };
    const workers = [];
    for (const environment of environments) {
      const options = await deployOptions(session, environment, allow);
      workers.push(deployWorker({ ...options, ...(progress === undefined ? {} : { progress }) }));
    }
    if (!once) return runDaemon(workers, session, io);
    const codes: number[] = [];
    const results: unknown[] = [];
    const dryRun = flags.dryRun ?? false;
    for (const worker of workers) {
      const result = await worker.once({ signal: io.signal, dryRun, trigger: 'once' });
      codes.push(deployExit(result));
      results.push(deployJson(worker.environment, result));
      // What was done was shown while it was.
      if (progress !== undefined && result.kind !== 'applied') printDeploy(worker.environment, result, shown);
    }
    if (flags.output === 'json') writeLine(io.stdout, JSON.stringify(results, null, 2));
    return codes.length === 0 ? EXIT.done : worstOf(codes);
  });
}

/** A daemon is followed by its log. */
function withLoggedSession(
  flags: Flags,
  io: Io,
  work: (session: Session, shown: Shown) => Promise<number>,
): Promise<number> {
  return withSession(flags, io, (session) => work(session, { io }));
}
