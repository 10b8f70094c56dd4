import { sleep } from './abort.js';
import { kindOf, NEXT_STEP } from './errors.js';
import type { Log } from './log.js';
import { backoff } from './retry.js';

export interface LoopOptions {
  log: Log;
  signal: AbortSignal;
  /** One round. A thrown error decides, by its kind, what happens next. */
  round: (signal: AbortSignal) => Promise<void>;
  /** Waits until there may be something new; a plain timer is fine. Not called before the first round. */
  wait: (signal: AbortSignal) => Promise<void>;
  minMs?: number;
  maxMs?: number;
  /** Rounds in a row that may start again at once after a `conflict`. */
  conflicts?: number;
}

/**
 * Rounds until the signal fires. After a good round it waits for news; after an `unavailable` error it pauses (backoff,
 * jitter, no limit in number: a daemon outlives an outage) and goes on; after `conflict` it starts again at once, a few
 * times; after `invalid` or `refused` it waits for news; a bug is thrown. Returns quietly when aborted.
 */
export async function loop({
  log,
  signal,
  round,
  wait,
  minMs = 500,
  maxMs = 30_000,
  conflicts = 5,
}: LoopOptions): Promise<void> {
  let failures = 0;
  let again = 0;
  while (!signal.aborted) {
    try {
      await round(signal);
      failures = 0;
      again = 0;
    } catch (error) {
      if (signal.aborted) return;
      const step = NEXT_STEP[kindOf(error)];
      if (step === 'stop') throw error;
      log.warn({ err: error, next: step }, 'round failed');
      if (step === 'again' && again++ < conflicts) continue;
      if (step !== 'stall') {
        failures += 1;
        await quietly(sleep(backoff(failures, { minMs, maxMs }), signal));
        continue;
      }
    }
    await quietly(wait(signal));
  }

  async function quietly(waiting: Promise<void>): Promise<void> {
    try {
      await waiting;
    } catch (error) {
      if (signal.aborted) return;
      const step = NEXT_STEP[kindOf(error)];
      if (step === 'stop') throw error;
      log.warn({ err: error, next: step }, 'waiting for news failed');
      failures += 1;
      await sleep(backoff(failures, { minMs, maxMs }), signal).catch(() => undefined);
    }
  }
}
