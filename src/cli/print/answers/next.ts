import picocolors from 'picocolors';
import type { JobRef } from '../../../domain/job/job-ref.js';
import { writeLine, type Io } from '../../io.js';
import { visibleText } from '../plain-text.js';
import { untilText } from '../until.js';

/** The coming runs of a job. */
export interface NextRuns {
  environment: string;
  ref: JobRef;
  /** As its scheduler has it, or only as Git states it. */
  live: boolean;
  /** Absent: it does not run by the clock. */
  runs?: string[];
  /** Jobs that it runs after. */
  after: string[];
}

/** When a job runs next, each time with how far away that is from `now` (ms since 1970). */
export function printNext(
  { environment, ref, live, runs, after }: NextRuns,
  { stdout }: Pick<Io, 'stdout'>,
  now: number,
): void {
  const colors = picocolors.createColors(stdout.isTTY === true);
  const where = live ? '' : colors.dim('  not live yet: as Git states it');
  writeLine(stdout, `${colors.bold(visibleText(ref))} of ${environment}${where}`);
  if (runs === undefined)
    writeLine(
      stdout,
      after.length === 0
        ? '  does not run by the clock, or is disabled'
        : `  runs after ${after.map(visibleText).join(' and ')}`,
    );
  if (runs?.length === 0) writeLine(stdout, '  does not run any more');
  for (const at of runs ?? []) writeLine(stdout, `  ${at}  ${colors.dim(untilText(Date.parse(at) - now))}`);
}
