import type { KvKey } from '../domain/source/kv-layout.js';
import type { HeldLock, Lock } from '../ports/lock.js';
import { TowlineError } from '../runtime/errors.js';
import type { Log } from '../runtime/log.js';
import { withTimeout } from '../runtime/abort.js';

export interface LockedOptions {
  lock: Lock;
  key: KvKey;
  signal: AbortSignal;
  log: Log;
}

/** How long a single pass waits for a lock that another worker holds. Longer than a dead holder's session lives. */
const WAIT_FOR_LOCK_MS = 45_000;

/**
 * Runs one action under the worker's lock. The action's signal also fires when the lock is lost, so that nothing is
 * written after that. Waits a limited time for another holder.
 */
export async function withLock<T>(
  { lock, key, signal, log }: LockedOptions,
  action: (held: HeldLock, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const held = (await lock.tryAcquire(key, { signal })) ?? (await waitForLock({ lock, key, signal, log }));
  try {
    return await action(held, AbortSignal.any([signal, held.lost]));
  } finally {
    await release(held, log);
  }
}

async function waitForLock({ lock, key, signal, log }: LockedOptions): Promise<HeldLock> {
  log.info({ lock: key }, 'another worker holds the lock; waiting for it');
  const limited = withTimeout(signal, WAIT_FOR_LOCK_MS);
  try {
    return await lock.acquire(key, { signal: limited });
  } catch (error) {
    if (signal.aborted || !limited.aborted) throw error;
    throw new TowlineError('worker-busy', 'unavailable', `another worker holds ${key}`, {
      help: 'One worker of a kind is active per environment. It does the work; or stop it and run this again.',
      cause: error,
    });
  }
}

/**
 * Leads until the signal fires: takes the lock, runs the action, and takes the lock again whenever it was lost. The
 * action ends when its signal fires.
 */
export async function lead(
  { lock, key, signal, log }: LockedOptions,
  action: (held: HeldLock, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    const held = await lock.acquire(key, { signal });
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
      log.warn({ lock: key, reason: held.lost.reason as unknown }, 'lost the lock; standing by');
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
