import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { consulKvStore, consulLock } from '../../src/consul/index.js';
import { kvKey } from '../../src/domain/source/kv-layout.js';
import { kvStoreContract } from '../../src/ports/kv-store.contract.js';
import { lockContract, type LockParts } from '../../src/ports/lock.contract.js';
import { silentLog } from '../../src/runtime/log.js';
import { startConsul, withServer, type ConsulServer } from '../servers/index.js';
import { MemoryKv, MemoryLock } from '../fakes/memory-kv.js';

const log = silentLog();
const signal = new AbortController().signal;

/** Two clients of one Consul API, real or not. */
export function lockPartsAt(url: string): LockParts {
  const [first, second] = [
    consulLock({ address: url, log, ttlSeconds: 10 }),
    consulLock({ address: url, log, ttlSeconds: 10 }),
  ];
  const store = consulKvStore({ address: url, log });
  return {
    first,
    second,
    store,
    takeAway: async (held) => {
      await fetch(`${url}/v1/session/destroy/${held.session}`, { method: 'PUT' });
    },
    close: async () => {
      await Promise.all([first.close(), second.close()]);
      await store.close();
    },
  };
}

describe('the memory store of the tests', () => {
  kvStoreContract(async () => ({ store: new MemoryKv(), close: async () => undefined }));
  lockContract(async () => {
    const store = new MemoryKv();
    const lock = new MemoryLock(store);
    return {
      first: lock,
      second: lock,
      store,
      takeAway: async (held) => lock.lose(held.key),
      close: async () => undefined,
    };
  });
});

withServer('consul', 'a real Consul', () => {
  let consul: ConsulServer;
  beforeAll(async () => {
    consul = await startConsul();
  });
  afterAll(() => consul.close());

  kvStoreContract(async () => {
    const store = consulKvStore({ address: consul.url, log });
    return { store, close: () => store.close() };
  });
  lockContract(async () => lockPartsAt(consul.url));

  it('gives the lock of a process that died on this machine to the next one without waiting for its session', async () => {
    const key = kvKey('locks/of-the-dead');
    const child = spawn(process.execPath, ['-e', 'setInterval(() => undefined, 1000)']);
    await once(child, 'spawn');
    const lock = consulLock({ address: consul.url, log });
    const store = consulKvStore({ address: consul.url, log });
    const held = await lock.acquire(key, { signal });
    const mine = JSON.parse(
      Buffer.from((await store.get(key, { signal }))?.value ?? []).toString(),
    ) as Record<string, unknown>;
    // The same holder, had it been the other process.
    const { readFileSync } = await import('node:fs');
    const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
    const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    const put = await fetch(`${consul.url}/v1/kv/${key}?acquire=${held.session}`, {
      method: 'PUT',
      body: JSON.stringify({ ...mine, pid: child.pid, started }),
    });
    expect(await put.text()).toContain('true');
    const other = consulLock({ address: consul.url, log });
    expect(await other.tryAcquire(key, { signal })).toBeUndefined();
    child.kill('SIGKILL');
    await once(child, 'close');
    const next = await other.tryAcquire(key, { signal });
    expect(next).toBeDefined();
    await Promise.all([lock.close(), other.close(), store.close()]);
  });

  it('is missed politely: reads say that it is away, a write that may have arrived is not called a failure', async () => {
    const store = consulKvStore({ address: 'http://127.0.0.1:1', log });
    await expect(store.get(kvKey('a'), { signal })).rejects.toMatchObject({ kind: 'unavailable' });
    await expect(store.put(kvKey('a'), Buffer.from(''), { signal })).rejects.toMatchObject({
      kind: 'unavailable',
    });
    await store.close();
  });
});
