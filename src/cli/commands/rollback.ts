import { editGit, type EditFlags } from '../edit-git.js';
import type { Io } from '../io.js';
import { namedRevision } from '../sources.js';

interface Flags extends EditFlags {
  to?: string;
  shared?: 'include' | 'leave';
  /** False with `--no-veto`. */
  veto: boolean;
}

/** Commits what an environment, or one job of it, was at an earlier revision: forward in history, never a side door. */
export async function run([job]: string[], flags: Flags, io: Io): Promise<number> {
  const { to, shared, veto } = flags;
  return editGit(
    async (asked, session) => ({
      verb: 'rollback',
      veto,
      asked,
      ...(job === undefined ? {} : { job }),
      ...(to === undefined ? {} : { to: await namedRevision(to, session, io.signal) }),
      ...(shared === undefined ? {} : { shared }),
    }),
    flags,
    io,
  );
}
