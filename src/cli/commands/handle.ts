import { NEXT_STEP, TowlineError } from '../../runtime/errors.js';
import { EXIT } from '../../runtime/exit-codes.js';
import { deployWorker } from '../../workers/deploy/index.js';
import { mirrorWorker } from '../../workers/mirror/index.js';
import { promoteWorker } from '../../workers/promote/index.js';
import { withSession } from '../compose.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';
import { printError } from '../print/error.js';
import { deployExit, printDeploy } from '../print/deploy.js';
import { mirrorText } from '../mirror-passes.js';
import { promoteText } from './promote.js';
import { promoteOptions } from '../promote-options.js';
import { deployOptions, mirrorOptions } from '../worker-options.js';

interface Flags extends GlobalFlags {
  worker: 'deploy' | 'promote' | 'mirror';
  strict?: boolean;
}

/**
 * The handler of a `consul watch`. What comes on standard input is only a hint that something changed: it is read to
 * its end and not used, the pass reads KV itself. `consul watch` ends when its handler fails, so what the next change
 * can cure (a mirror that is being written, an edit by hand, an outage) is reported and ends with 0, unless --strict.
 */
export async function run([name = '']: string[], flags: Flags, io: Io): Promise<number> {
  await drain(io);
  return withSession(flags, io, async (session) => {
    const environment = session.environments([name])[0];
    if (environment === undefined) return EXIT.error;
    const how = { signal: io.signal, trigger: 'handle' };
    try {
      if (flags.worker === 'mirror') {
        const result = await mirrorWorker(await mirrorOptions(session, environment)).once(how);
        writeLine(io.stdout, `${name}: ${mirrorText(result)}`);
        return EXIT.done;
      }
      if (flags.worker === 'promote') {
        const result = await promoteWorker(await promoteOptions(session, environment)).once(how);
        writeLine(io.stdout, `${name}: ${promoteText(result)}`);
        return EXIT.done;
      }
      const result = await deployWorker(await deployOptions(session, environment)).once(how);
      printDeploy(name, result, io);
      return flags.strict === true ? deployExit(result) : EXIT.done;
    } catch (error) {
      const curable = error instanceof TowlineError && NEXT_STEP[error.kind] !== 'stop';
      if (!curable || flags.strict === true) throw error;
      printError(error, io);
      return EXIT.done;
    }
  });
}

/** Reads standard input to its end, so that the writer is not cut off. A terminal is not waited for. */
async function drain({ stdin, signal }: Io): Promise<void> {
  if ((stdin as { isTTY?: boolean }).isTTY === true) return;
  for await (const _chunk of stdin) signal.throwIfAborted();
}
