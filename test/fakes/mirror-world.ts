import { kvKey, mirrorLayout } from '../../src/domain/source/kv-layout.js';
import { silentLog } from '../../src/runtime/log.js';
import { systemClock } from '../../src/runtime/system-clock.js';
import { mirrorWorker, readClaims, type MirrorWorkerOptions } from '../../src/workers/mirror/index.js';
import { manyMirrors, type ManyOptions } from '../../src/workers/mirror/many.js';
import { MemoryKv, MemoryLock } from './memory-kv.js';
import { MemoryRepository, type Files } from './memory-repository.js';

export const signal = new AbortController().signal;
export const root = 'towline/';
export const text = (bytes: Uint8Array | undefined) => Buffer.from(bytes ?? []).toString();

/** Mirrors over a store and a repository in memory, with what their tests ask again and again. */
export function mirrorWorld() {
  const kv = new MemoryKv();
  const lock = new MemoryLock(kv);
  const repository = new MemoryRepository();
  const common = {
    layers: [''],
    repository,
    kv,
    lock,
    clock: systemClock,
    log: silentLog(),
    pollMs: 60_000,
    reconcileMs: 60_000,
    deletes: { maxCount: 100, maxShare: 1, allowed: false },
  };
  const mirror = (options: Partial<MirrorWorkerOptions> = {}, name = 'conf', prefix = 'conf/') =>
    mirrorWorker({
      ...common,
      branch: 'main',
      layout: mirrorLayout(root, name, prefix),
      claims: { root, read: () => readClaims(kv, root, { signal }) },
      ...options,
    });
  const many = (options: Partial<ManyOptions> = {}) =>
    manyMirrors({
      ...common,
      name: 'all',
      root,
      prefix: 'all/',
      branches: [],
      tags: [],
      annotatedOnly: false,
      ...options,
    });
  const values = async (prefix = 'conf/') =>
    Object.fromEntries(
      (await kv.list(prefix, { signal })).value.map((e) => [e.key.slice(prefix.length), text(e.value)]),
    );
  const put = (key: string, value: string, flags?: number) =>
    kv.put(kvKey(key), Buffer.from(value), { signal, ...(flags === undefined ? {} : { flags }) });
  const once = (worker: { once: ReturnType<typeof mirror>['once'] }, full = true) =>
    worker.once({ signal, trigger: 'once', full });
  return {
    kv,
    repository,
    mirror,
    many,
    values,
    put,
    once,
    commit: (files: Files) => repository.commit(files),
  };
}
