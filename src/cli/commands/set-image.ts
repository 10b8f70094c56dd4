import { editGit, type EditFlags } from '../edit-git.js';
import type { Io } from '../io.js';

interface Flags extends EditFlags {
  from?: string;
}

/** Commits another image of a job. */
export async function run([job = '', image = '']: string[], flags: Flags, io: Io): Promise<number> {
  const { from } = flags;
  return editGit(
    async (asked) => ({ verb: 'set image', job, image, asked, ...(from === undefined ? {} : { from }) }),
    flags,
    io,
  );
}
