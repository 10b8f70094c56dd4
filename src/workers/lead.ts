import type { KvKey } from '../domain/source/kv-layout.js';
import type { HeldLock, Lock } from '../ports/lock.js';
import { sleep, withTimeout } from '../runtime/abort.js';
import { kindOf, messageOf, NEXT_STEP, TowlineError } from '../runtime/errors.js';
import type { Log } from '../runtime/log.js';
import { backoff } from '../runtime/retry.js';

export interface LockedOptions {
  lock: Lock;
  key: KvKey;
  signal: AbortSignal;
  log: Log;
  /** How long a single pass waits for another holder. */
  patienceMs?: number | undefined;
}

/** How long a single pass waits for a lock that another worker holds. Longer than a dead holder's session lives. */
const WAIT_FOR_LOCK_MS = 45_000;
/** Pauses of a daemon that waits for a Consul which does not answer. */
const PATIENCE = { minMs: 200, maxMs: 10_000 };

/**
 * Runs one action under the worker's lock. The action's signal also fires when the lock is lost, so that nothing is
 * written after that. Waits a limited time for another holder.
 */
export async function withLock<T>(
  { lock, key, signal, log, patienceMs = WAIT_FOR_LOCK_MS }: LockedOptions,
  action: (held: HeldLock, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const held =
    (await lock.tryAcquire(key, { signal })) ?? (await waitForLock({ lock, key, signal, log }, patienceMs));
  try {
    return await action(held, AbortSignal.any([signal, held.lost]));
  } finally {
    await release(held, log);
  }
}

async function waitForLock({ lock, key, signal, log }: LockedOptions, patienceMs: number): Promise<HeldLock> {
  if (patienceMs === 0) throw busy(key);
  log.info({ lock: key }, 'another worker holds the lock; waiting for it');
  const limited = withTimeout(signal, patienceMs);
  try {
    return await lock.acquire(key, { signal: limited });
  } catch (error) {
    if (signal.aborted || !limited.aborted) throw error;
    throw busy(key, error);
  }
}

function busy(key: string, cause?: unknown): TowlineError {
  return new TowlineError('worker-busy', 'unavailable', `another worker holds ${key}`, {
    help: 'One worker of a kind is active per environment. It does the work; or stop it and run this again.',
    cause,
  });
}

/**
 * Leads until the signal fires: takes the lock, runs the action, and takes the lock again whenever it was lost, also when
 * that needs a Consul that is not up just now. The action ends when its signal fires.
 */
export async function lead(
  options: LockedOptions,
  action: (held: HeldLock, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const { key, signal, log } = options;
  while (!signal.aborted) {
    const held = await acquirePatiently(options);
    log.info({ lock: key }, 'leading');
    try {
      await action(held, AbortSignal.any([signal, held.lost]));
      if (!held.lost.aborted) return;
    } catch (error) {
      if (!held.lost.aborted) throw error;
    } finally {
      await release(held, log);
    }
    if (!signal.aborted)
      log.warn({ lock: key, reason: messageOf(held.lost.reason) }, 'lost the lock; standing by');
  }
}

/** A daemon outlives an outage: only what waiting can't mend is thrown. */
async function acquirePatiently({ lock, key, signal, log }: LockedOptions): Promise<HeldLock> {
  for (let failures = 1; ; failures++) {
    try {
      return await lock.acquire(key, { signal });
    } catch (error) {
      signal.throwIfAborted();
      const step = NEXT_STEP[kindOf(error)];
      if (step === 'stop' || step === 'stall') throw error;
      const pauseMs = backoff(failures, PATIENCE);
      log.warn({ err: error, lock: key, pauseMs }, 'the lock can not be asked for now; trying again');
      await sleep(pauseMs, signal);
    }
  }
}

/** A lock that can't be given back ends by itself when its session does; that is no reason to hide a result. */
async function release(held: HeldLock, log: Log): Promise<void> {
  try {
    await held.release();
  } catch (error) {
    log.warn({ err: error, lock: held.key }, 'the lock could not be released; it ends with its session');
  }
}
