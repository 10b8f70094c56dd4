import { describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { MemoryKv, MemoryLock } from '../../../test/fakes/memory-kv.js';
import { MemoryRepository, type Files } from '../../../test/fakes/memory-repository.js';
import { kvKey, kvLayout, MIRROR_FLAG } from '../../domain/source/kv-layout.js';
import { parseMirrorRef } from '../../domain/source/mirror-ref.js';
import type { KvOperation } from '../../ports/kv-store.js';
import { readMirror } from '../../queries/desired.js';
import { TowlineError } from '../../runtime/errors.js';
import { silentLog } from '../../runtime/log.js';
import { systemClock } from '../../runtime/system-clock.js';
import { mirrorWorker } from './index.js';

const signal = new AbortController().signal;
const layout = kvLayout('towline/', 'test');

function world(
  limits?: ConstructorParameters<typeof MemoryKv>[0],
  layers: readonly string[] = ['jobs'],
  deletesAllowed = false,
) {
  const kv = new MemoryKv(limits);
  const lock = new MemoryLock(kv);
  const repository = new MemoryRepository();
  const worker = mirrorWorker({
    branch: 'main',
    layers,
    layout,
    repository,
    kv,
    lock,
    clock: systemClock,
    log: silentLog(),
    pollMs: 60_000,
    reconcileMs: 60_000,
    deletes: { maxCount: 100, maxShare: 0.5, allowed: deletesAllowed },
  });
  const commit = (files: Files) =>
    repository.commit(
      Object.fromEntries(Object.entries(files).map(([path, text]) => [`jobs/${path}`, text])),
    );
  const mirror = () => worker.once({ signal, trigger: 'once' });
  const values = async () =>
    Object.fromEntries(
      (await kv.list(layout.config, { signal })).value.map((e) => [
        e.key.slice(layout.config.length),
        text(e.value),
      ]),
    );
  const put = (path: string, value: string, flags?: number) =>
    kv.put(kvKey(layout.config + path), Buffer.from(value), {
      signal,
      ...(flags === undefined ? {} : { flags }),
    });
  return { kv, lock, repository, worker, commit, mirror, values, put };
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();

describe('the mirror', () => {
  it('brings every file into KV byte for byte, and says in .ref what KV holds', async () => {
    const { kv, commit, mirror, values } = world();
    const revision = commit({ 'a.json': ' {}\n', 'deep/b.yaml': 'x: 1\r\n', 'empty.json': '' });
    expect(await mirror()).toMatchObject({
      kind: 'applied',
      applied: { written: 3, deleted: 0, transactions: 1 },
    });
    expect(await values()).toEqual({ 'a.json': ' {}\n', 'deep/b.yaml': 'x: 1\r\n', 'empty.json': '' });
    const ref = parseMirrorRef((await kv.get(layout.ref, { signal }))?.value ?? new Uint8Array());
    expect(ref).toMatchObject({
      mirrorRef: { revision, branch: 'main', folders: [{ files: 3, prefix: layout.config }] },
    });
  });

  it('writes only what changed, deletes what is gone, and does nothing when nothing changed', async () => {
    const { kv, commit, mirror, values } = world();
    commit({ 'a.json': '1', 'b.json': '2', 'c.json': '3' });
    await mirror();
    const before = await kv.get(kvKey(`${layout.config}a.json`), { signal });
    commit({ 'a.json': '1', 'b.json': 'two' });
    expect(await mirror()).toMatchObject({ applied: { written: 1, deleted: 1 } });
    expect(await values()).toEqual({ 'a.json': '1', 'b.json': 'two' });
    expect(await kv.get(kvKey(`${layout.config}a.json`), { signal })).toEqual(before);
    const transactions = kv.transactions;
    expect((await mirror()).kind).toBe('unchanged');
    expect(kv.transactions).toBe(transactions);
  });

  it('puts right what was edited, deleted or added by hand, and leaves foreign keys alone', async () => {
    const { kv, commit, mirror, values, put } = world();
    commit({ 'a.json': '1', 'b.json': '2' });
    await mirror();
    await put('a.json', 'edited');
    await kv.delete(kvKey(`${layout.config}b.json`), { signal });
    await put('forged.json', 'x', MIRROR_FLAG);
    await put('note.txt', 'of somebody else');
    const result = await mirror();
    expect(result).toMatchObject({
      plan: {
        healed: expect.arrayContaining([`${layout.config}a.json`]),
        foreign: [`${layout.config}note.txt`],
      },
    });
    expect(await values()).toEqual({ 'a.json': '1', 'b.json': '2', 'note.txt': 'of somebody else' });
  });

  it('keeps within the limits: 64 operations, the body size, and a single put for what is larger', async () => {
    const { kv, commit, mirror, values } = world();
    const seen: { operations: number; bytes: number }[] = [];
    kv.beforeTransaction = (operations) => {
      const body = operations.map((o) =>
        'value' in o ? { ...o, value: Buffer.from(o.value).toString('base64') } : o,
      );
      if (operations.some((o) => o.verb === 'check-session'))
        seen.push({ operations: operations.length, bytes: JSON.stringify(body).length });
    };
    const files: Files = { 'large.json': 'x'.repeat(500_000) };
    for (let at = 0; at < 300; at++) files[`job-${at}.json`] = 'y'.repeat(at * 40);
    commit(files);
    await mirror();
    expect(Object.keys(await values())).toHaveLength(301);
    expect(Math.max(...seen.map((s) => s.operations))).toBeLessThanOrEqual(64);
    expect(Math.max(...seen.map((s) => s.bytes))).toBeLessThanOrEqual(524_288);
    expect(await readMirror(kv, layout, { signal })).toMatchObject({ kind: 'whole' });
  });

  it('names what KV can not hold, skips it, and the reader can still prove the rest', async () => {
    const { kv, commit, mirror, values } = world();
    commit({
      'a.json': '1',
      'link.json': { mode: '120000', text: 'a.json' },
      'run.sh': { mode: '100755', text: 'echo' },
      'line\nbreak.json': '{}',
      'huge.json': 'x'.repeat(600_000),
    });
    const result = await mirror();
    if (result.kind !== 'applied') throw new Error(result.kind);
    const skipped = result.plan.ref.folders[0]?.exceptions.filter((e) => !e.held).map((e) => e.path);
    expect(skipped).toEqual(['huge.json', 'line\nbreak.json', 'link.json']);
    expect(Object.keys(await values())).toEqual(['a.json', 'run.sh']);
    expect((await readMirror(kv, layout, { signal })).kind).toBe('whole');
  });

  it('never empties KV because of a source that is empty or can not be read', async () => {
    const { commit, mirror, values, repository } = world();
    commit({ 'a.json': '1' });
    await mirror();
    repository.commit({ 'elsewhere.json': '1' });
    await expect(mirror()).rejects.toMatchObject({ kind: 'invalid' });
    repository.broken = new TowlineError('git-unreachable', 'unavailable', 'the remote does not answer');
    await expect(mirror()).rejects.toMatchObject({ kind: 'unavailable' });
    expect(await values()).toEqual({ 'a.json': '1' });
  });

  it('can not write once it has lost its lock', async () => {
    const { kv, lock, commit, mirror, values } = world();
    commit(Object.fromEntries(Array.from({ length: 200 }, (_, at) => [`job-${at}.json`, String(at)])));
    let count = 0;
    kv.beforeTransaction = () => {
      if (++count === 3) lock.kv.sessions.set(layout.lock('mirror'), 'somebody else');
    };
    await expect(mirror()).rejects.toMatchObject({ code: 'mirror-conflict' });
    kv.beforeTransaction = () => undefined;
    expect(Object.keys(await values()).length).toBeLessThan(200);
    expect((await readMirror(kv, layout, { signal })).kind).toBe('incomplete');
  });

  it('writes nothing in a dry run and takes no lock', async () => {
    const { kv, commit, worker } = world();
    commit({ 'a.json': '1' });
    const result = await worker.once({ signal, dryRun: true, trigger: 'once' });
    expect(result.kind).toBe('planned');
    expect(kv.transactions).toBe(0);
    expect(kv.sessions.size).toBe(0);
  });
});

describe('a mirror whose source is suddenly small', () => {
  const many = (count: number, from = 0): Files =>
    Object.fromEntries(
      Array.from({ length: count }, (_, at) => [`job-${from + at}.json`, String(from + at)]),
    );

  it.each([true, false])('writes nothing at all, and says what would be gone (full: %p)', async (full) => {
    const { kv, commit, mirror, values, worker } = world();
    commit(many(200));
    await mirror();
    const before = await values();
    commit({ ...many(80), 'new.json': 'new' });
    await expect(worker.once({ signal, trigger: 'test', full })).rejects.toMatchObject({
      code: 'mirror-deletes',
      kind: 'refused',
      message: expect.stringContaining('would delete 120 of 200 mirrored keys'),
    });
    expect(await values()).toEqual(before);
    expect((await readMirror(kv, layout, { signal })).kind).toBe('whole');
    await expect(worker.once({ signal, trigger: 'test', full, dryRun: true })).rejects.toThrow('120 of 200');
  });

  it('lets a small repository lose what it has, and a large one a part', async () => {
    const { commit, mirror, values } = world();
    commit(many(3));
    await mirror();
    commit(many(1));
    expect(await mirror()).toMatchObject({ applied: { deleted: 2 } });
    commit(many(200));
    await mirror();
    commit(many(120));
    expect(await mirror()).toMatchObject({ applied: { deleted: 80 } });
    expect(Object.keys(await values())).toHaveLength(120);
  });

  it('knows a file that moved from one that is gone', async () => {
    const { commit, mirror } = world();
    commit(many(300));
    await mirror();
    commit(Object.fromEntries(Object.entries(many(300)).map(([path, each]) => [`moved/${path}`, each])));
    expect(await mirror()).toMatchObject({ applied: { written: 300, deleted: 300 } });
  });
});

describe('a mirror of several layers', () => {
  const layers = ['base', 'envs/test'];
  const whole = async (kv: MemoryKv) => readMirror(kv, layout, { signal, layers });

  it('keeps each folder below its own name, verbatim, with its own tree', async () => {
    const { kv, repository, mirror, values } = world(undefined, layers);
    repository.commit({
      'base/a.json': '1',
      'base/b.json': '2',
      'envs/test/a.json': 'one',
      'other/x.json': '3',
    });
    await mirror();
    expect(await values()).toEqual({ 'base/a.json': '1', 'base/b.json': '2', 'envs/test/a.json': 'one' });
    const state = await whole(kv);
    expect(state).toMatchObject({
      kind: 'whole',
      mirrorRef: {
        folders: [
          { folder: 'base', prefix: `${layout.config}base/`, files: 2 },
          { folder: 'envs/test', prefix: `${layout.config}envs/test/`, files: 1 },
        ],
      },
      files: [
        { folder: 'base', path: 'a.json' },
        { folder: 'base', path: 'b.json' },
        { folder: 'envs/test', path: 'a.json' },
      ],
    });
    repository.commit({ 'base/a.json': '1', 'base/b.json': '2', 'envs/test/a.json': 'uno' });
    expect(await mirror()).toMatchObject({ applied: { written: 1, deleted: 0 } });
  });

  it('is refused by a reader that was told of other layers, or of another order', async () => {
    const { kv, repository, mirror } = world(undefined, layers);
    repository.commit({ 'base/a.json': '1', 'envs/test/a.json': 'one' });
    await mirror();
    const read = async (...told: string[]) => (await readMirror(kv, layout, { signal, layers: told })).kind;
    expect(await read('base', 'envs/test')).toBe('whole');
    expect(await read('envs/test', 'base')).toBe('other-layers');
    expect(await read('base')).toBe('other-layers');
  });

  it('shows an edit in any layer, also one that moves a file from one to the other', async () => {
    const { kv, repository, mirror, put } = world(undefined, layers);
    repository.commit({ 'base/a.json': '1', 'envs/test/b.json': 'one' });
    await mirror();
    await put('base/a.json', '2', MIRROR_FLAG);
    expect((await whole(kv)).kind).toBe('tampered');
    await mirror();
    await put('base/b.json', 'one', MIRROR_FLAG);
    await kv.delete(kvKey(`${layout.config}envs/test/b.json`), { signal });
    expect((await whole(kv)).kind).toBe('tampered');
    await mirror();
    await put('elsewhere.json', '1', MIRROR_FLAG);
    expect((await whole(kv)).kind).toBe('tampered');
    await mirror();
    expect((await whole(kv)).kind).toBe('whole');
  });

  it('refuses a ref whose folders overlap or lie outside the prefix', async () => {
    const { kv, repository, mirror } = world(undefined, layers);
    repository.commit({ 'base/a.json': '1', 'envs/test/a.json': 'one' });
    await mirror();
    const ref = text((await kv.get(layout.ref, { signal }))?.value ?? new Uint8Array());
    for (const forged of [ref.replaceAll('envs/test', 'base/inner'), ref.replace('config/base/', 'base/')]) {
      await kv.put(layout.ref, Buffer.from(forged), { signal });
      expect((await whole(kv)).kind).toBe('tampered');
    }
  });

  it('goes over from one folder to layers in one pass, and a reader never sees a mix', async () => {
    const { kv, lock, repository, mirror } = world(undefined, ['envs/test']);
    repository.commit({ 'base/a.json': '1', 'envs/test/a.json': 'one' });
    await mirror();
    const worker = mirrorWorker({
      branch: 'main',
      layers,
      layout,
      repository,
      kv,
      lock,
      clock: systemClock,
      log: silentLog(),
      pollMs: 60_000,
      reconcileMs: 60_000,
      deletes: { maxCount: 100, maxShare: 0.5, allowed: false },
    });
    expect((await whole(kv)).kind).toBe('other-layers');
    await worker.once({ signal, trigger: 'once' });
    expect((await whole(kv)).kind).toBe('whole');
    expect((await kv.list(layout.config, { signal })).value).toHaveLength(2);
  });
});

describe('a mirror that looks at changes only', () => {
  const name = fc.constantFrom(
    'a.json',
    'b.json',
    'c',
    'c/d.json',
    'c/e.json',
    'f g.json',
    'x\ny.json',
    'ä.json',
    'zz',
  );
  const content = fc.oneof(
    fc.string({ maxLength: 20 }),
    fc.constant('x'.repeat(600_000)),
    fc.constantFrom(
      { mode: '120000' as const, text: 'a.json' },
      { mode: '100755' as const, text: 'echo' },
      { mode: '100755' as const, text: 'x'.repeat(600_000) },
    ),
  );
  /** A file and a folder of one name can't be at once. */
  const tree = fc
    .dictionary(name, content, { minKeys: 1 })
    .map((files) =>
      Object.fromEntries(
        Object.entries(files).filter(
          ([path]) => path !== 'c' || !('c/d.json' in files || 'c/e.json' in files),
        ),
      ),
    );

  it('comes to what a look at everything comes to: afterwards there is nothing left to do', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(tree, tree), { minLength: 1, maxLength: 5 }), async (commits) => {
        // Random trees may lose most of their files from one commit to the next; the limit has tests of its own.
        const { kv, repository, worker } = world(undefined, ['base', 'envs/test'], true);
        for (const [base, own] of commits) {
          repository.commit({
            'base/keep.json': 'k',
            'envs/test/keep.json': 'k',
            ...Object.fromEntries(Object.entries(base).map(([path, each]) => [`base/${path}`, each])),
            ...Object.fromEntries(Object.entries(own).map(([path, each]) => [`envs/test/${path}`, each])),
          });
          await worker.once({ signal, trigger: 'test', full: false });
          expect((await worker.once({ signal, trigger: 'test', full: true })).kind).toBe('unchanged');
          expect((await readMirror(kv, layout, { signal })).kind).toBe('whole');
        }
      }),
      { numRuns: 150 },
    );
  });

  it('reads and writes the changed keys and nothing else', async () => {
    const { kv, commit, worker } = world();
    const many = Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`job-${at}.json`, String(at)]));
    commit(many);
    await worker.once({ signal, trigger: 'test' });
    const list = jest.spyOn(kv, 'list');
    const get = jest.spyOn(kv, 'get');
    const getMany = jest.spyOn(kv, 'getMany');
    commit({ ...many, 'job-7.json': 'seven', 'new.json': 'new' });
    expect(await worker.once({ signal, trigger: 'test', full: false })).toMatchObject({
      applied: { written: 2, deleted: 0, transactions: 1 },
    });
    expect(list).not.toHaveBeenCalled();
    expect(get.mock.calls.map(([key]) => key.slice('towline/test/'.length)).sort()).toEqual([
      '.changes',
      '.ref',
    ]);
    expect(getMany.mock.calls.map(([keys]) => keys)).toEqual([[`${layout.config}job-7.json`]]);
  });

  it('looks at everything where a new file finds its key taken', async () => {
    const { commit, worker, put, values } = world();
    commit({ 'a.json': '1' });
    await worker.once({ signal, trigger: 'test' });
    await put('b.json', 'of somebody else');
    commit({ 'a.json': '1', 'b.json': '2' });
    expect(await worker.once({ signal, trigger: 'test', full: false })).toMatchObject({ kind: 'applied' });
    expect(await values()).toEqual({ 'a.json': '1', 'b.json': '2' });
  });

  it('looks at everything where it can not know: no ref, a damaged or foreign one, an unfinished pass, other folders', async () => {
    const { kv, commit, worker, repository, put, values } = world();
    const quick = async () => worker.once({ signal, trigger: 'test', full: false });
    commit({ 'a.json': '1', 'b.json': '2' });
    expect(await quick()).toMatchObject({ applied: { written: 2 } });
    for (const [key, spoil] of [
      [layout.ref, () => '{'],
      [
        layout.ref,
        (ref: string) => ref.replace(/"revision":"[0-9a-f]{40}"/, `"revision":"${'0'.repeat(40)}"`),
      ],
      [layout.ref, (ref: string) => ref.replace(/"tree":"[0-9a-f]{40}"/, `"tree":"${'1'.repeat(40)}"`)],
      [layout.ref, (ref: string) => ref.replace('"folder":"jobs"', '"folder":"other"')],
      [layout.changes, (mark: string) => mark.replace('"done"', '"writing"')],
    ] as const) {
      await put('b.json', 'edited', MIRROR_FLAG);
      const entry = await kv.get(key, { signal });
      await kv.put(key, Buffer.from(spoil(text(entry?.value ?? new Uint8Array()))), { signal });
      commit({ 'a.json': `${repository.blobReads}`, 'b.json': '2' });
      await quick();
      expect((await values())['b.json']).toBe('2');
      expect((await readMirror(kv, layout, { signal })).kind).toBe('whole');
    }
  });

  it('writes nothing over what changed under its hands without a look at it', async () => {
    const { kv, commit, worker } = world();
    commit({ 'a.json': '1' });
    await worker.once({ signal, trigger: 'test' });
    commit({ 'a.json': '2' });
    let edits = 0;
    kv.beforeTransaction = (operations) => {
      if (edits++ > 0 || !operations.some(({ key }) => key.endsWith('a.json'))) return;
      kv.beforeTransaction = () => undefined;
      void kv.put(kvKey(`${layout.config}a.json`), Buffer.from('by hand'), { signal });
    };
    // It is refused, and everything is looked at again: then the edit is seen, and put right.
    await worker.once({ signal, trigger: 'test', full: false });
    expect(edits).toBeGreaterThan(0);
    expect((await worker.once({ signal, trigger: 'test' })).kind).toBe('unchanged');
  });
});

describe('a mirror that is cut off at any moment', () => {
  const files = fc.dictionary(
    fc.constantFrom('a.json', 'b.json', 'c/d.json', 'c/e.json', 'f.json', 'g.json', 'h.json'),
    fc.string({ maxLength: 30 }),
    { minKeys: 1 },
  );

  it('never shows a reader anything but a revision as a whole, and finishes when it is started again', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(files, { minLength: 1, maxLength: 4 }),
        fc.array(fc.nat(6), { minLength: 4, maxLength: 4 }),
        fc.constantFrom(['jobs'], ['jobs', 'more']),
        async (commits, cuts, layers) => {
          const { kv, repository, mirror } = world(
            { operations: 5, transactionBytes: 524_288, valueBytes: 524_288 },
            layers,
          );
          // In the last layer, so that with two of them the first is there and never changes.
          const commit = (content: Files) =>
            repository.commit({
              'jobs/z.json': 'z',
              ...Object.fromEntries(
                Object.entries(content).map(([path, value]) => [`${layers.at(-1) ?? ''}/${path}`, value]),
              ),
            });
          const all = (content: Record<string, string>) =>
            canonical([...Object.entries(content), ['z.json', 'z']]);
          const states = new Set<string>();
          const whole = async (): Promise<void> => {
            const state = await readMirror(kv, layout, { signal });
            expect(state.kind).not.toBe('tampered');
            if (state.kind === 'whole')
              expect(states).toContain(canonical(state.files.map((f) => [f.path, text(f.bytes)])));
          };
          for (const [at, content] of commits.entries()) {
            commit(content);
            states.add(all(content));
            kv.beforeTransaction = cutAfter(cuts[at] ?? 0);
            await mirror().catch((error: unknown) => expect(String(error)).toContain('cut off'));
            kv.beforeTransaction = () => undefined;
            await whole();
          }
          await mirror();
          const state = await readMirror(kv, layout, { signal, full: true });
          if (state.kind !== 'whole') throw new Error(state.kind);
          expect(canonical(state.files.map((f) => [f.path, text(f.bytes)]))).toBe(all(commits.at(-1) ?? {}));
        },
      ),
      { numRuns: 60 },
    );
  });

  function cutAfter(count: number): (operations: readonly KvOperation[]) => void {
    let left = count;
    return () => {
      if (left-- <= 0) throw new Error('cut off');
    };
  }

  function canonical(entries: string[][]): string {
    return JSON.stringify(entries.sort());
  }
});
