import { withSession, type Session } from './compose.js';
import type { GlobalFlags, Io } from './io.js';
import { showProgress, type ShownProgress } from './print/progress.js';

/** Where a command prints to, and what it tells its progress; none where a program reads what it prints. */
export interface Shown {
  io: Io;
  progress?: ShownProgress;
}

/**
 * A session for a command that may take long. On a terminal progress is shown in place of the log of what goes well,
 * unless a level was asked for.
 */
export async function withShownSession(
  flags: GlobalFlags,
  io: Io,
  work: (session: Session, shown: Shown) => Promise<number>,
): Promise<number> {
  if (flags.output === 'json') return withSession(flags, io, (session) => work(session, { io }));
  const progress = showProgress(io);
  const quiet =
    io.stderr.isTTY === true && flags.logLevel === undefined && io.env['TOWLINE_LOG_LEVEL'] === undefined;
  try {
    return await withSession({ ...flags, ...(quiet && { logLevel: 'warn' }) }, progress.io, (session) =>
      work(session, { io: progress.io, progress }),
    );
  } finally {
    progress.close();
  }
}
