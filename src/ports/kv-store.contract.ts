import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { kvKey, type KvKey } from '../domain/source/kv-layout.js';
import type { KvOperation, KvStore } from './kv-store.js';

/** What every KvStore must do; runs on the fake, on the sandbox and on a real Consul. */
export function kvStoreContract(start: () => Promise<{ store: KvStore; close(): Promise<void> }>): void {
  describe('a key-value store', () => {
    let store: KvStore;
    let close: () => Promise<void>;
    let base: string;
    const signal = new AbortController().signal;
    const key = (name: string): KvKey => kvKey(base + name);
    const bytes = (text: string): Buffer => Buffer.from(text);
    const text = async (name: string): Promise<string | undefined> => {
      const entry = await store.get(key(name), { signal });
      return entry === undefined ? undefined : Buffer.from(entry.value).toString();
    };
    const set = (name: string, value = 'x'): KvOperation => ({
      verb: 'set',
      key: key(name),
      value: bytes(value),
    });

    beforeAll(async () => {
      ({ store, close } = await start());
    });
    afterAll(() => close());
    beforeEach(() => {
      base = `contract/${randomUUID()}/`;
    });

    it('tells an absent key from an empty one', async () => {
      expect(await store.get(key('a'), { signal })).toBeUndefined();
      expect(await store.put(key('a'), bytes(''), { signal })).toBe(true);
      expect(await store.get(key('a'), { signal })).toMatchObject({ key: key('a'), flags: 0 });
      expect((await store.get(key('a'), { signal }))?.value.byteLength).toBe(0);
      expect((await store.list(`${base}nothing/`, { signal })).value).toEqual([]);
      expect(await store.keys(`${base}nothing/`, { signal })).toEqual([]);
    });

    it('keeps bytes as they are, up to the largest value', async () => {
      const binary = Uint8Array.from({ length: 256 }, (_, at) => at);
      await store.put(key('binary'), binary, { signal });
      expect(Buffer.from((await store.get(key('binary'), { signal }))?.value ?? [])).toEqual(
        Buffer.from(binary),
      );
      const large = Buffer.alloc(store.limits.valueBytes, 'y');
      await store.put(key('large'), large, { signal });
      expect((await store.get(key('large'), { signal }))?.value.byteLength).toBe(large.byteLength);
    });

    it('addresses any name that is not a control character', async () => {
      const names = [
        'a b',
        'ü/ñ',
        'p%20q',
        'q?x=1&y',
        'h#h',
        'plus+plus',
        "it's",
        'co:lon@x',
        'back\\slash',
        '💾',
      ];
      for (const name of names) await store.put(key(name), bytes(name), { signal });
      for (const name of names) expect(await text(name)).toBe(name);
      expect(new Set(await store.keys(base, { signal }))).toEqual(new Set(names.map((n) => base + n)));
      for (const name of names) await store.delete(key(name), { signal });
      expect((await store.list(base, { signal })).value).toEqual([]);
    });

    it('lists in key order, below a prefix and not beside it, cut at a separator', async () => {
      for (const name of ['app/b', 'app/a/x', 'app2/c', 'app'])
        await store.put(key(name), bytes('v'), { signal });
      expect((await store.list(`${base}app/`, { signal })).value.map((e) => e.key)).toEqual([
        key('app/a/x'),
        key('app/b'),
      ]);
      expect(await store.keys(base, { signal, separator: '/' })).toEqual([
        key('app'),
        key('app/'),
        key('app2/'),
      ]);
    });

    it('keeps flags, and resets them when a value is put without', async () => {
      await store.put(key('a'), bytes('1'), { signal, flags: 0x746f774c });
      expect((await store.get(key('a'), { signal }))?.flags).toBe(0x746f774c);
      await store.put(key('a'), bytes('1'), { signal });
      expect((await store.get(key('a'), { signal }))?.flags).toBe(0);
    });

    it('compares and sets', async () => {
      expect(await store.put(key('a'), bytes('1'), { signal, cas: 0 })).toBe(true);
      expect(await store.put(key('a'), bytes('2'), { signal, cas: 0 })).toBe(false);
      const index = (await store.get(key('a'), { signal }))?.modifyIndex ?? -1;
      expect(await store.put(key('a'), bytes('3'), { signal, cas: index })).toBe(true);
      expect(await store.put(key('a'), bytes('4'), { signal, cas: index })).toBe(false);
      expect(await text('a')).toBe('3');
      expect(await store.delete(key('a'), { signal, cas: index })).toBe(false);
      expect(
        await store.delete(key('a'), {
          signal,
          cas: (await store.get(key('a'), { signal }))?.modifyIndex ?? -1,
        }),
      ).toBe(true);
      expect(await text('a')).toBeUndefined();
    });

    it('does not change what is already so', async () => {
      await store.put(key('a'), bytes('1'), { signal, flags: 7 });
      const before = await store.get(key('a'), { signal });
      await store.put(key('a'), bytes('1'), { signal, flags: 7 });
      await store.transaction([{ verb: 'set', key: key('a'), value: bytes('1'), flags: 7 }], { signal });
      expect((await store.get(key('a'), { signal }))?.modifyIndex).toBe(before?.modifyIndex);
    });

    it('carries out a transaction as a whole or not at all, and says what stood in the way', async () => {
      await store.put(key('old'), bytes('1'), { signal });
      const done = await store.transaction(
        [set('a', '1'), set('b', '2'), { verb: 'delete', key: key('old') }],
        { signal },
      );
      expect(done.committed).toBe(true);
      expect([await text('a'), await text('b'), await text('old')]).toEqual(['1', '2', undefined]);
      const index = (await store.get(key('a'), { signal }))?.modifyIndex ?? 0;
      const refused: KvOperation[] = [
        { verb: 'cas', key: key('a'), value: bytes('x'), index: index + 1000 },
        { verb: 'check-index', key: key('a'), index: index + 1000 },
        { verb: 'check-not-exists', key: key('a') },
        { verb: 'check-session', key: key('a'), session: randomUUID() },
        { verb: 'delete-cas', key: key('a'), index: index + 1000 },
      ];
      for (const operation of refused) {
        const result = await store.transaction([set('never'), operation], { signal });
        expect(result).toMatchObject({
          committed: false,
          errors: [{ operation: 1, message: expect.stringMatching(/./) }],
        });
      }
      expect(await text('never')).toBeUndefined();
      expect(await text('a')).toBe('1');
      const guarded = await store.transaction(
        [
          { verb: 'check-index', key: key('a'), index },
          { verb: 'check-not-exists', key: key('c') },
          { verb: 'cas', key: key('c'), value: bytes('3'), index: 0 },
          { verb: 'delete-cas', key: key('a'), index },
        ],
        { signal },
      );
      expect(guarded.committed).toBe(true);
      expect([await text('a'), await text('c')]).toEqual([undefined, '3']);
    });

    it('takes as many operations as its limit says', async () => {
      const many = Array.from({ length: store.limits.operations }, (_, at) => set(`n${at}`));
      expect((await store.transaction(many, { signal })).committed).toBe(true);
      await expect(store.transaction([...many, set('one-more')], { signal })).rejects.toThrow();
      expect(await text('one-more')).toBeUndefined();
    });

    it('wakes a blocking query when its key changes', async () => {
      await store.put(key('a'), bytes('1'), { signal });
      const first = await store.watch(key('a'), { signal, index: 0, waitMs: 1000 });
      const waiting = store.watch(key('a'), { signal, index: first.index, waitMs: 20_000 });
      await store.put(key('a'), bytes('2'), { signal });
      const seen = await waiting;
      expect(Buffer.from(seen.value?.value ?? []).toString()).toBe('2');
      expect(seen.index).toBeGreaterThan(first.index);
    });

    it('reads several keys at once, whether they are there or not', async () => {
      const keys = Array.from({ length: 150 }, (_, at) => key(`many/${at}`));
      for (const each of keys.slice(0, 140))
        await store.put(each, bytes(each.slice(-3)), { signal, flags: 7 });
      const found = await store.getMany(keys, { signal });
      expect([...found.keys()].sort()).toEqual(keys.slice(0, 140).sort());
      expect(found.get(key('many/77'))).toEqual(await store.get(key('many/77'), { signal }));
      expect((await store.getMany([], { signal })).size).toBe(0);
      expect((await store.getMany([key('none')], { signal })).size).toBe(0);
    }, 60_000);

    it('tells of what happens below a prefix, at any depth, and of nothing else', async () => {
      await store.put(key('mine/a'), bytes('1'), { signal });
      const below = `${base}mine/`;
      const first = await store.watchBelow(below, { signal, index: 0, waitMs: 1000 });
      const quiet = store.watchBelow(below, { signal, index: first, waitMs: 500 });
      await store.put(key('other'), bytes('1'), { signal });
      expect(await quiet).toBe(first);
      const waiting = store.watchBelow(below, { signal, index: first, waitMs: 20_000 });
      await store.put(key('mine/deep/er/b'), bytes('2'), { signal });
      const second = await waiting;
      expect(second).toBeGreaterThan(first);
      // The index is that of the last write below the prefix: who wrote it knows that it was his.
      expect(second).toBe((await store.get(key('mine/deep/er/b'), { signal }))?.modifyIndex);
    });

    it('tells of a key that is gone', async () => {
      await store.put(key('mine/a'), bytes('1'), { signal });
      await store.put(key('mine/b'), bytes('1'), { signal });
      const first = await store.watchBelow(`${base}mine/`, { signal, index: 0, waitMs: 1000 });
      const waiting = store.watchBelow(`${base}mine/`, { signal, index: first, waitMs: 20_000 });
      await store.delete(key('mine/a'), { signal });
      expect(await waiting).toBeGreaterThan(first);
    });

    it('ends a wait at once when the signal fires', async () => {
      await store.put(key('a'), bytes('1'), { signal });
      const { index } = await store.watch(key('a'), { signal, index: 0, waitMs: 1000 });
      const stop = new AbortController();
      const waiting = store.watch(key('a'), { signal: stop.signal, index, waitMs: 60_000 });
      stop.abort(new Error('enough'));
      await expect(waiting).rejects.toThrow('enough');
    });
  });
}
