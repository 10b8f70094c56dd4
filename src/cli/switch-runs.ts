import { TowlineError } from '../runtime/errors.js';
import { editGit, type EditFlags } from './edit-git.js';
import type { Io } from './io.js';

export interface SwitchFlags extends EditFlags {
  /** The runs of the job are meant, not what is sent for it. */
  runs?: boolean;
}

/** Commits whether a job runs by its schedule. */
export async function switchRuns(
  verb: 'pause' | 'resume',
  job: string | undefined,
  flags: SwitchFlags,
  io: Io,
): Promise<number> {
  if (job === undefined)
    throw new TowlineError('job-needed', 'invalid', 'say whose runs are meant', {
      help: `For example: towline ${verb} nightly-report --runs.`,
    });
  return editGit(async (asked) => ({ verb: `${verb} runs` as const, job, asked }), flags, io);
}
