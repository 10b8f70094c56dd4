import { TowlineError } from '../../runtime/errors.js';
import { systemClock } from '../../runtime/system-clock.js';
import { whichJobs, withSession } from '../compose.js';
import type { GlobalFlags, Io } from '../io.js';
import { simulatedAt } from '../simulated.js';
import { namedRevision } from '../sources.js';
import type { Planned } from '../planned.js';
import { showPlans } from './plan.js';

interface Flags extends GlobalFlags {
  env?: string[];
  at?: string;
  adopt?: string | boolean;
  allowPrune?: boolean;
}

/** Shows what a deploy of a revision would do to what was last sent. It reads Git alone. */
export async function run([expression = '']: string[], flags: Flags, io: Io): Promise<number> {
  const now = flags.at === undefined ? systemClock.now() : momentOf(flags.at);
  const { signal } = io;
  return withSession(flags, io, async (session) => {
    const planned: Planned[] = [];
    for (const environment of session.environments(flags.env ?? [])) {
      const revision = await namedRevision(expression, session, signal);
      const adopt = whichJobs(flags.adopt);
      const made = await simulatedAt(environment, revision, {
        session,
        now,
        adopt,
        allowPrune: flags.allowPrune ?? false,
        signal,
      });
      planned.push({ ...made, unreadable: [] });
    }
    return showPlans(planned, flags, io);
  });
}

/** A time without an offset would be another one on another machine. */
function momentOf(text: string): number {
  const at = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  if (!Number.isNaN(at)) return at;
  throw new TowlineError('moment-invalid', 'invalid', `"${text}" is no moment`, {
    help: 'Write it with its offset: 2026-12-24T18:00:00Z or 2026-12-24T18:00+01:00.',
  });
}
