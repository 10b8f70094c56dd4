import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { pushEvent } from '../../test/builders/push-event.js';
import type { PushEvent } from '../domain/push/index.js';
import type { Outbox } from './outbox.js';

export interface OutboxParts {
  /** The same outbox, as another process has it. At most 20 events wait for 1000 ms, and 2 are kept aside. */
  open(): Outbox;
  /** Moves the clock of all of them. */
  tick(ms: number): void;
  /** Spoils what is kept of an event. */
  damage(target: string, key: string): Promise<void>;
  /** A process adds events to a target and is killed at it. Answers the ids of those that it was done with. */
  killedWriter(target: string): Promise<string[]>;
  close(): Promise<void>;
}

export const OUTBOX_LIMITS = { maxWaiting: 20, maxAgeMs: 1000, maxAside: 2 };
/** What every Outbox must do. */
export function outboxContract(start: () => Promise<OutboxParts>): void {
  describe('an outbox', () => {
    let parts: OutboxParts;
    let outbox: Outbox;
    const add = (...ids: string[]): Promise<void> =>
      outbox.add(
        'ci',
        ids.map((id) => pushEvent(id)),
      );
    const idsOf = (events: { event: PushEvent }[]): string[] =>
      events.map(({ event: { id } }) => id.replace('event-', ''));
    const waiting = async (target = 'ci', from = outbox): Promise<string[]> =>
      idsOf(await from.waiting(target));
    const aside = async (): Promise<string[]> => idsOf(await outbox.aside('ci'));
    const keyOf = async (id: string): Promise<string> => {
      const all = [...(await outbox.waiting('ci')), ...(await outbox.aside('ci'))];
      return all.find(({ event }) => event.id === `event-${id}`)?.key ?? '';
    };

    beforeEach(async () => {
      parts = await start();
      outbox = parts.open();
    });
    afterEach(() => parts.close());

    it('keeps events as they are until they are done, each target its own', async () => {
      expect(await outbox.targets()).toEqual([]);
      expect(await outbox.waiting('ci')).toEqual([]);
      const [first, second] = [pushEvent('0001', 3), pushEvent('0002')];
      await outbox.add('ci', [first]);
      await outbox.add('other', [second]);
      const later = parts.open();
      expect(await later.targets()).toEqual(['ci', 'other']);
      expect(await later.waiting('ci')).toEqual([{ key: expect.any(String), event: first }]);
      const key = await keyOf('0001');
      await later.done('ci', key);
      await later.done('ci', key);
      expect([await waiting(), await waiting('other')]).toEqual([[], ['0002']]);
    });

    it('keeps their order, also in one moment, and where the clock is set back', async () => {
      await add('zzzz', 'mmmm');
      await add('aaaa');
      expect(await waiting()).toEqual(['zzzz', 'mmmm', 'aaaa']);
      await outbox.done('ci', await keyOf('zzzz'));
      parts.tick(-500);
      await parts.open().add('ci', [pushEvent('0000')]);
      expect(await waiting()).toEqual(['mmmm', 'aaaa', '0000']);
    });

    it('loses nothing where several write at once, and keeps the order of each', async () => {
      const writers = ['a', 'b', 'c'].map(async (name) => {
        const own = parts.open();
        for (let n = 1; n <= 3; n++) await own.add(`ci-${name}`, [pushEvent(`${name}00${n}`)]);
        await own.add('ci', [pushEvent(`${name}004`)]);
      });
      await Promise.all(writers);
      for (const name of ['a', 'b', 'c'])
        expect(await waiting(`ci-${name}`)).toEqual([1, 2, 3].map((n) => `${name}00${n}`));
      expect((await waiting()).sort()).toEqual(['a004', 'b004', 'c004']);
    });

    it('has what a writer was done with before it was killed, in order, and nothing by halves', async () => {
      for (let round = 0; round < 4; round++) {
        const target = `ci-${round}`;
        const done = await parts.killedWriter(target);
        expect(done.length).toBeGreaterThan(0);
        const kept = (await outbox.waiting(target)).map(({ event: { id } }) => id);
        // The last one may have come to be there before it could be said.
        expect(kept.slice(0, done.length)).toEqual(done);
        expect(kept.length - done.length).toBeLessThanOrEqual(1);
        expect(await outbox.unreadable(target)).toEqual([]);
      }
    }, 60_000);

    it('sets aside what can never be sent, with one line that says why', async () => {
      await add('0001', '0002');
      await outbox.setAside('ci', await keyOf('0001'), 'there is no such job\nat all');
      expect(await waiting()).toEqual(['0002']);
      const [set] = await outbox.aside('ci');
      expect(set).toMatchObject({
        event: pushEvent('0001'),
        reason: expect.stringMatching(/^there is.*all$/),
      });
      // Somebody else was faster.
      await outbox.setAside('ci', set?.key ?? '', 'twice');
      expect(await outbox.aside('ci')).toEqual([set]);
    });

    it('lets one that was set aside wait again, in its place, as often as it is asked for', async () => {
      await add('0001', '0002');
      const key = await keyOf('0001');
      await outbox.setAside('ci', key, 'no');
      for (let times = 0; times < 2; times++) await outbox.again('ci', key);
      expect([await waiting(), await aside()]).toEqual([['0001', '0002'], []]);
    });

    it('lets one wait again that had waited for too long, as long as a new one may', async () => {
      await add('0001');
      parts.tick(1001);
      expect([await waiting(), await aside()]).toEqual([[], ['0001']]);
      await outbox.again('ci', await keyOf('0001'));
      parts.tick(900);
      expect(await waiting()).toEqual(['0001']);
      parts.tick(101);
      expect(await waiting()).toEqual([]);
      expect(await outbox.aside('ci')).toMatchObject([{ reason: expect.stringContaining('waited') }]);
    });

    it('is bounded: the oldest are set aside, and the oldest of these forgotten', async () => {
      const ids = Array.from({ length: 23 }, (_, n) => String(1001 + n));
      await add(...ids);
      expect([await waiting(), await aside()]).toEqual([ids.slice(3), ['1002', '1003']]);
    });

    it('names what can not be read any more, as long as it is there, and is not held up by it', async () => {
      await add('0001', '0002', '0003');
      const keys = [await keyOf('0001'), await keyOf('0002')];
      await outbox.setAside('ci', keys[0] ?? '', 'no');
      for (const key of keys) await parts.damage('ci', key);
      expect([await waiting(), await aside()]).toEqual([['0003'], []]);
      for (let looks = 0; looks < 2; looks++) {
        const named = await parts.open().unreadable('ci');
        expect(named).toHaveLength(2);
        for (const key of keys) expect(named.join('\n')).toContain(key);
      }
      await outbox.again('ci', keys[0] ?? '');
      expect(await waiting()).toEqual(['0003']);
    });

    it('takes no name for a path', async () => {
      await expect(outbox.add('../x', [pushEvent('0001')])).rejects.toThrow('no name of a target');
      await add('0001');
      const key = await keyOf('0001');
      await outbox.done('other', `../../ci/waiting/${key}`);
      expect(await waiting()).toEqual(['0001']);
    });

    it('has one sender at a time, whatever becomes of it', async () => {
      const [first, second] = [outbox, parts.open()];
      const result = await first.alone(async () => {
        expect(await second.alone(async () => 'never')).toBeUndefined();
        return 'sent';
      });
      expect(result).toEqual({ result: 'sent' });
      await expect(second.alone(() => Promise.reject(new Error('gone wrong')))).rejects.toThrow('gone wrong');
      expect(await first.alone(async () => 1)).toEqual({ result: 1 });
    });
  });
}
