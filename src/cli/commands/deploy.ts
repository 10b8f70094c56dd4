import { EXIT } from '../../runtime/exit-codes.js';
import { TowlineError } from '../../runtime/errors.js';
import { deployWorker } from '../../workers/deploy/index.js';
import { whichJobs, withSession } from '../compose.js';
import { runDaemon } from '../daemon.js';
import { writeLine, type Io } from '../io.js';
import { deployExit, deployJson, printDeploy } from '../print/deploy.js';
import { showProgress } from '../print/progress.js';
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
  if (flags.wait === true && once)
    throw new TowlineError('flags-clash', 'invalid', '--wait goes with neither --once nor --dry-run', {
      help: '--once is one pass; --wait goes on until everything is deployed.',
    });
  const progress = once && flags.output !== 'json' ? showProgress(io) : undefined;
  try {
    return await withSession(flags, progress?.io ?? io, async (session) => {
      const environments = session.environments(names);
      if (flags.wait === true) {
        const { revision: named, ...waiting } = flags;
        const revision = named === undefined ? undefined : await namedRevision(named, session, io.signal);
        return waitFor(environments, session, { ...waiting, ...(revision && { revision }) }, io);
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
        if (progress !== undefined && result.kind !== 'applied')
          printDeploy(worker.environment, result, progress.io);
      }
      if (flags.output === 'json') writeLine(io.stdout, JSON.stringify(results, null, 2));
      return codes.length === 0 ? EXIT.done : worstOf(codes);
    });
  } finally {
    progress?.close();
  }
}
