import { describe, expect, it } from '@jest/globals';
import { MemoryKv, MemoryLock } from '../../../test/fakes/memory-kv.js';
import { MemoryRepository } from '../../../test/fakes/memory-repository.js';
import { until } from '../../../test/scenario/processes.js';
import { kvKey, kvLayout } from '../../domain/source/kv-layout.js';
import { silentLog } from '../../runtime/log.js';
import { systemClock } from '../../runtime/system-clock.js';
import { mirrorWorker } from './index.js';

const signal = new AbortController().signal;
const layout = kvLayout('towline/', 'test');
const key = kvKey(`${layout.config}a.json`);

describe('a mirror that stays', () => {
  it.each([
    ['writes at its start', false],
    ['finds everything as it was', true],
  ])('compares everything once when it %s, and again after an edit by hand', async (_what, before) => {
    const kv = new MemoryKv();
    const repository = new MemoryRepository();
    repository.commit({ 'jobs/a.json': '1', 'jobs/b.json': '2' });
    const worker = mirrorWorker({
      branch: 'main',
      layers: ['jobs'],
      layout,
      repository,
      kv,
      lock: new MemoryLock(kv),
      clock: systemClock,
      log: silentLog(),
      pollMs: 60_000,
      reconcileMs: 60_000,
      deletes: { maxCount: 100, maxShare: 1, allowed: false },
    });
    if (before) await worker.once({ signal, trigger: 'once' });
    let comparisons = 0;
    const list = kv.list.bind(kv);
    kv.list = (prefix, waiting) => {
      if (prefix === layout.config) comparisons += 1;
      return list(prefix, waiting);
    };
    const stop = new AbortController();
    const running = worker.run({ signal: stop.signal });
    await until(
      'it has looked',
      async () => comparisons > 0 && (await kv.get(key, { signal })) !== undefined,
    );
    // Its watch has told it of everything by then, its own write too.
    await new Promise((resolve) => setTimeout(resolve, 800));
    expect(comparisons).toBe(1);
    await kv.put(key, Buffer.from('by hand'), { signal });
    await until(
      'it is put right',
      async () => Buffer.from((await kv.get(key, { signal }))?.value ?? []).toString() === '1',
    );
    expect(comparisons).toBeGreaterThan(1);
    stop.abort();
    await running.catch(() => undefined);
  });
});
