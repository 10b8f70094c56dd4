import { short } from '../domain/source/revision.js';
import { counted } from '../domain/source/one-line.js';
import { EXIT } from '../runtime/exit-codes.js';
import type { MirrorResult, MirrorWorker } from '../workers/mirror/index.js';
import type { ManyMirrors } from '../workers/mirror/many.js';
import { writeLine, type GlobalFlags, type Io } from './io.js';
import { printError } from './print/error.js';

/** One pass each. A source that can't be read keeps none of the others from being mirrored. */
export async function passes(
  all: readonly (MirrorWorker | ManyMirrors)[],
  { dryRun = false, output }: { dryRun?: boolean; output?: GlobalFlags['output'] },
  io: Io,
): Promise<number> {
  const results = [];
  let failure: Error | undefined;
  const alone = all.length === 1;
  const failed = (error: unknown, fatal: boolean): void => {
    if (fatal || io.signal.aborted || !(error instanceof Error)) throw error;
    if (failure !== undefined) printError(failure, io);
    failure = error;
  };
  for (const one of all) {
    const workers =
      'each' in one ? await one.each(io.signal).catch((error: unknown) => (failed(error, alone), [])) : [one];
    for (const worker of workers) {
      try {
        const result = await worker.once({ signal: io.signal, dryRun, trigger: 'once' });
        results.push({ environment: worker.environment, ...result });
        if (output !== 'json') writeLine(io.stdout, `${worker.environment}: ${mirrorText(result)}`);
      } catch (error) {
        failed(error, alone && workers.length === 1);
      }
    }
    if ('sweep' in one && !dryRun) await one.sweep(io.signal).catch((error: unknown) => failed(error, alone));
  }
  if (output === 'json') writeLine(io.stdout, JSON.stringify(results, null, 2));
  if (failure !== undefined) throw failure;
  return dryRun && results.some((r) => r.kind === 'planned') ? EXIT.changes : EXIT.done;
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
  return `mirrored ${short(plan.revision)}: ${counted(written, 'key')} written, ${deleted} deleted, ${counted(transactions, 'transaction')}${tail}`;
}
