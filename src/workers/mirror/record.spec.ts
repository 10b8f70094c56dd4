import { describe, expect, it } from '@jest/globals';
import { MemoryKv, MemoryLock } from '../../../test/fakes/memory-kv.js';
import { MemoryLedger } from '../../../test/fakes/memory-ledger.js';
import { MemoryRepository } from '../../../test/fakes/memory-repository.js';
import { parseAnchor } from '../../domain/record/anchor.js';
import { kvKey, kvLayout } from '../../domain/source/kv-layout.js';
import { TowlineError } from '../../runtime/errors.js';
import { silentLog } from '../../runtime/log.js';
import { systemClock } from '../../runtime/system-clock.js';
import { mirrorWorker } from './index.js';

const signal = new AbortController().signal;
const layout = kvLayout('towline/', 'test');

function world() {
  const [kv, repository, ledger] = [new MemoryKv(), new MemoryRepository(), new MemoryLedger()];
  const lock = new MemoryLock(kv);
  const worker = () =>
    mirrorWorker({
      branch: 'main',
      layers: ['jobs'],
      layout,
      repository,
      kv,
      lock,
      clock: systemClock,
      log: silentLog(),
      pollMs: 60_000,
      reconcileMs: 60_000,
      deletes: { maxCount: 100, maxShare: 1, allowed: false },
      record: { ledger, actor: 'ann@host' },
    });
  const refIndex = async (): Promise<number | undefined> =>
    (await kv.get(layout.ref, { signal }))?.modifyIndex;
  const entries = () => ledger.entries.map(({ entry }) => entry);
  return { kv, repository, ledger, worker, refIndex, entries };
}

const mirror = (worker: ReturnType<typeof mirrorWorker>) => worker.once({ signal, trigger: 'test' });

describe('a mirror of an environment', () => {
  it('puts each pass that wrote something on record: revision, trees, index of .ref', async () => {
    const { repository, worker, refIndex, entries, kv, ledger } = world();
    const revision = repository.commit({ 'jobs/a.json': '{}' });
    const mirroring = worker();
    await mirror(mirroring);
    await mirror(mirroring);
    expect(entries()).toMatchObject([
      {
        phase: 'mirror',
        actor: 'ann@host',
        written: 1,
        deleted: 0,
        repaired: 0,
        record: { revision, index: await refIndex() },
        state: { sequence: 1, pass: '', jobs: {} },
      },
    ]);
    const next = repository.commit({ 'jobs/b.json': '{}' });
    await mirror(mirroring);
    expect(entries()[1]).toMatchObject({
      written: 1,
      deleted: 1,
      record: { revision: next, index: await refIndex() },
      state: { sequence: 2 },
    });
    const anchor = await kv.get(layout.ledger, { signal });
    expect(parseAnchor(anchor?.value ?? new Uint8Array())).toMatchObject({
      anchor: { sequence: 2, commit: ledger.entries[1]?.id, branch: ledger.branch },
    });
  });

  it('tells of values that it put right', async () => {
    const { repository, worker, refIndex, entries, kv } = world();
    repository.commit({ 'jobs/a.json': '{}' });
    const mirroring = worker();
    await mirror(mirroring);
    const index = await refIndex();
    await kv.put(kvKey(`${layout.config}a.json`), Buffer.from('{"evil":1}'), { signal });
    await mirror(mirroring);
    expect(await refIndex()).toBe(index);
    expect(entries()[1]).toMatchObject({ written: 1, repaired: 1, record: { index } });
  });

  it('writes what is owed later, also when it is another process by then', async () => {
    const { repository, worker, refIndex, entries, ledger } = world();
    const revision = repository.commit({ 'jobs/a.json': '{}' });
    ledger.broken = new TowlineError('git-remote-away', 'unavailable', 'away');
    expect(await mirror(worker())).toMatchObject({ kind: 'applied' });
    expect(entries()).toEqual([]);
    ledger.broken = undefined;
    const second = worker();
    await mirror(second);
    await mirror(second);
    expect(entries()).toMatchObject([{ written: 0, record: { revision, index: await refIndex() } }]);
  });

  it('mirrors also where it may not write to the ledger', async () => {
    const { repository, worker, entries, ledger } = world();
    repository.commit({ 'jobs/a.json': '{}' });
    ledger.broken = new TowlineError('git-denied', 'refused', 'read only');
    const mirroring = worker();
    expect(await mirror(mirroring)).toMatchObject({ kind: 'applied' });
    repository.commit({ 'jobs/a.json': '{"b":1}' });
    expect(await mirror(mirroring)).toMatchObject({ kind: 'applied' });
    expect(entries()).toEqual([]);
  });
});
