import { editGit, type EditFlags } from '../edit-git.js';
import type { Io } from '../io.js';
import { TowlineError } from '../../runtime/errors.js';

/** Commits another number of instances of a job. */
export async function run([job = '', count = '']: string[], flags: EditFlags, io: Io): Promise<number> {
  const instances = /^\d{1,9}$/.test(count) ? Number(count) : undefined;
  if (instances === undefined)
    throw new TowlineError('count-invalid', 'invalid', `"${count}" is no number of instances`, {
      help: 'A whole number is needed, for example: towline scale /shop/web 4.',
    });
  return editGit(async (asked) => ({ verb: 'scale', job, instances, asked }), flags, io);
}
