import { sleep } from './abort.js';
import { kindOf } from './errors.js';

export interface RetryOptions {
  signal: AbortSignal;
  /** How often to try at most, the first included. */
  attempts: number;
  /** First pause in ms; doubles each time up to `maxMs`, with jitter. */
  minMs: number;
  maxMs: number;
  /** Called before each pause. */
  onRetry?: (error: unknown, attempt: number, pauseMs: number) => void;
  /** Randomness in [0, 1), for tests. */
  random?: () => number;
}

/**
 * Runs `action` again while it fails with an `unavailable` error, a limited number of times, with exponential backoff
 * and full jitter. Any other error is thrown at once: what can't succeed is never retried.
 */
export async function retry<T>(action: (attempt: number) => Promise<T>, options: RetryOptions): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await action(attempt);
    } catch (error) {
      if (kindOf(error) !== 'unavailable' || attempt >= options.attempts) throw error;
      options.signal.throwIfAborted();
      const pause = backoff(attempt, options);
      options.onRetry?.(error, attempt, pause);
      await sleep(pause, options.signal);
    }
  }
}

/** The pause before attempt `attempt + 1`: between half and the whole of `minMs · 2^(attempt-1)`, capped. */
export function backoff(
  attempt: number,
  { minMs, maxMs, random = Math.random }: Pick<RetryOptions, 'minMs' | 'maxMs' | 'random'>,
): number {
  const full = Math.min(maxMs, minMs * 2 ** (attempt - 1));
  return Math.round(full / 2 + (full / 2) * random());
}
