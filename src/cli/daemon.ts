import { isAbort } from '../runtime/errors.js';
import { EXIT } from '../runtime/exit-codes.js';
import type { Worker } from '../workers/worker.js';
import type { Session } from './compose.js';
import type { Io } from './io.js';

/**
 * Runs workers side by side until the process is told to stop. When one ends by a bug the others are stopped as well:
 * a supervisor restarts a process, not half of one.
 */
export async function runDaemon(
  workers: readonly Worker<unknown>[],
  session: Session,
  io: Io,
): Promise<number> {
  const together = new AbortController();
  const signal = AbortSignal.any([io.signal, together.signal]);
  for (const { name, environment } of workers) session.log.info({ worker: name, environment }, 'starting');
  const runs = workers.map(async (worker) => {
    try {
      await worker.run({ signal });
    } catch (error) {
      if (signal.aborted && isAbort(error)) return;
      together.abort(error);
      throw error;
    }
  });
  const results = await Promise.allSettled(runs);
  const failed = results.find((r) => r.status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
  return EXIT.done;
}
