import type { Clock } from '../../../ports/clock.js';
import { kindOf, TowlineError } from '../../../runtime/errors.js';

/** Until the second look, in ms; most is to be seen soon. */
const SOON_MS = 50;

/** Looks until something is to be seen; undefined after the time for it. An outage meanwhile is waited for as well. */
export async function readBack<T>(
  look: () => Promise<T | undefined>,
  { clock, pollMs, until, signal }: { clock: Clock; pollMs: number; until: number; signal: AbortSignal },
): Promise<T | undefined> {
  for (let pause = SOON_MS; ; pause *= 2) {
    let failure: unknown;
    try {
      const seen = await look();
      if (seen !== undefined) return seen;
    } catch (error) {
      if (kindOf(error) !== 'unavailable') throw error;
      failure = error;
    }
    if (clock.now() >= until) {
      if (failure !== undefined) throw unseen(failure);
      return undefined;
    }
    await clock.sleep(Math.min(pause, pollMs), signal);
  }
}

/** Something was sent, and Chronos can't be asked what became of it: nobody knows, and the next pass looks again. */
function unseen(cause: unknown): TowlineError {
  return new TowlineError(
    'chronos-unseen',
    'unknown-outcome',
    'something was sent, and Chronos can not be asked what became of it',
    { cause, help: 'The next pass looks again before anything else is sent.' },
  );
}
