import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { kvKey, type KvKey } from '../domain/source/kv-layout.js';
import type { KvStore } from './kv-store.js';
import type { HeldLock, Lock } from './lock.js';

export interface LockParts {
  /** Two lock services that stand for two processes. */
  first: Lock;
  second: Lock;
  store: KvStore;
  /** Takes a held lock away from outside, as an operator or an expired session does. */
  takeAway(held: HeldLock): Promise<void>;
  close(): Promise<void>;
}

/** What every Lock must do. */
export function lockContract(start: () => Promise<LockParts>): void {
  describe('a lock', () => {
    let parts: LockParts;
    let key: KvKey;
    const signal = new AbortController().signal;

    beforeAll(async () => {
      parts = await start();
    });
    afterAll(() => parts.close());
    beforeEach(() => {
      key = kvKey(`locks/${randomUUID()}`);
    });

    it('is held by one at a time and handed over when it is released', async () => {
      const held = await parts.first.acquire(key, { signal });
      expect(await parts.second.tryAcquire(key, { signal })).toBeUndefined();
      const waiting = parts.second.acquire(key, { signal });
      await held.release();
      const next = await waiting;
      expect(next.session).not.toBe(held.session);
      await next.release();
    });

    it('guards transactions: they go through while it is held, and not after', async () => {
      const held = await parts.first.acquire(key, { signal });
      const target = kvKey(`${key}-value`);
      const write = (value: string) =>
        parts.store.transaction([held.guard(), { verb: 'set', key: target, value: Buffer.from(value) }], {
          signal,
        });
      expect((await write('1')).committed).toBe(true);
      await held.release();
      expect((await write('2')).committed).toBe(false);
      expect(Buffer.from((await parts.store.get(target, { signal }))?.value ?? []).toString()).toBe('1');
    });

    it('tells its holder when it is lost', async () => {
      const held = await parts.first.acquire(key, { signal });
      const lost = new Promise<void>((resolve) => held.lost.addEventListener('abort', () => resolve()));
      await parts.takeAway(held);
      await lost;
      expect(String((held.lost.reason as Error).message)).toMatch(/lost|ended/);
      const next = await parts.second.acquire(key, { signal });
      await next.release();
    });

    it('does not report a loss when it is given back', async () => {
      const held = await parts.first.acquire(key, { signal });
      await held.release();
      const next = await parts.second.acquire(key, { signal });
      expect(held.lost.aborted).toBe(false);
      await next.release();
    });

    it('stops waiting when the signal fires', async () => {
      const held = await parts.first.acquire(key, { signal });
      const stop = new AbortController();
      const waiting = parts.second.acquire(key, { signal: stop.signal });
      stop.abort(new Error('enough'));
      await expect(waiting).rejects.toThrow('enough');
      await held.release();
    });
  });
}
