import { describe, expect, it } from '@jest/globals';
import { kvKey } from '../domain/source/kv-layout.js';
import type { HeldLock, Lock } from '../ports/lock.js';
import { TowlineError } from '../runtime/errors.js';
import { silentLog } from '../runtime/log.js';
import { MemoryKv, MemoryLock } from '../../test/fakes/memory-kv.js';
import { lead } from './lead.js';

const key = kvKey('towline/locks/mirror/test');
const log = silentLog();

/** A lock whose first answers are errors, as those of a Consul that restarts. */
function failing(lock: Lock, errors: Error[]): Lock {
  return {
    tryAcquire: (at, waiting) => lock.tryAcquire(at, waiting),
    acquire: async (at, waiting) => {
      const error = errors.shift();
      if (error !== undefined) throw error;
      return lock.acquire(at, waiting);
    },
  };
}

const down = (): TowlineError => new TowlineError('consul-unavailable', 'unavailable', 'no leader');

describe('leading', () => {
  it('takes a lost lock again once Consul answers, and does not end the daemon before', async () => {
    const store = new MemoryLock(new MemoryKv());
    const stop = new AbortController();
    const errors: Error[] = [];
    const terms: HeldLock[] = [];
    await lead({ lock: failing(store, errors), key, signal: stop.signal, log }, async (held, signal) => {
      terms.push(held);
      if (terms.length === 2) return stop.abort();
      errors.push(down(), new TowlineError('consul-unknown-outcome', 'unknown-outcome', 'cut off'));
      store.lose(key);
      expect(signal.aborted).toBe(true);
    });
    expect(errors).toEqual([]);
    expect(new Set(terms.map(({ session }) => session)).size).toBe(2);
  });

  it('waits for a Consul that is not up yet', async () => {
    const lock = failing(new MemoryLock(new MemoryKv()), [down(), down()]);
    const stop = new AbortController();
    let led = 0;
    await lead({ lock, key, signal: stop.signal, log }, async () => {
      led += 1;
      stop.abort();
    });
    expect(led).toBe(1);
  });

  it('does not wait for what waiting can not mend', async () => {
    const denied = new TowlineError('consul-denied', 'refused', 'no session:write');
    const lock = failing(new MemoryLock(new MemoryKv()), [denied]);
    await expect(
      lead({ lock, key, signal: new AbortController().signal, log }, async () => undefined),
    ).rejects.toBe(denied);
  });

  it('ends quietly when it is told to stop while Consul is away', async () => {
    const stop = new AbortController();
    const lock = failing(new MemoryLock(new MemoryKv()), [down(), down(), down(), down(), down(), down()]);
    const leading = lead({ lock, key, signal: stop.signal, log }, async () => undefined);
    stop.abort();
    await expect(leading).rejects.toMatchObject({ name: 'AbortError' });
  });
});
