import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { consulKvStore, consulLock } from '../../src/consul/index.js';
import { kvKey } from '../../src/domain/source/kv-layout.js';
import { kvStoreContract } from '../../src/ports/kv-store.contract.js';
import { lockContract, type LockParts } from '../../src/ports/lock.contract.js';
import { silentLog } from '../../src/runtime/log.js';
import { startConsulPart } from '../../src/sandbox/consul/index.js';
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

describe('the Consul of the sandbox', () => {
  let folder: string;
  let part: Awaited<ReturnType<typeof startConsulPart>>;
  const start = (port = 0) => startConsulPart({ dataDir: folder, host: '127.0.0.1', port, log });
  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'towline-sandbox-consul-'));
    part = await start();
  });
  afterAll(async () => {
    await part.close();
    await rm(folder, { recursive: true, force: true });
  });

  kvStoreContract(async () => {
    const store = consulKvStore({ address: part.url, log });
    return { store, close: () => store.close() };
  });
  lockContract(async () => lockPartsAt(part.url));

  it('keeps everything over a restart, and drops a record that a crash cut off', async () => {
    const store = consulKvStore({ address: part.url, log });
    await store.put(kvKey('kept'), Buffer.from('1'), { signal, flags: 3 });
    const before = await store.get(kvKey('kept'), { signal });
    const { port } = new URL(part.url);
    await part.close();
    appendFileSync(path.join(folder, 'consul.journal'), '0123456789abcdef {"set":{"Key":"torn"');
    part = await start(Number(port));
    expect(await store.get(kvKey('kept'), { signal })).toEqual(before);
    expect(await store.get(kvKey('torn'), { signal })).toBeUndefined();
    await store.put(kvKey('kept'), Buffer.from('2'), { signal });
    expect((await store.get(kvKey('kept'), { signal }))?.modifyIndex).toBeGreaterThan(
      before?.modifyIndex ?? 0,
    );
    await store.close();
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

  it('answers raw requests as the sandbox does: status, body, and the headers that matter', async () => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'towline-differential-'));
    const part = await startConsulPart({ dataDir: folder, host: '127.0.0.1', port: 0, log });
    const requests: [string, string, string?][] = [
      ['GET', '/v1/kv/x/none'],
      ['GET', '/v1/kv/x/?recurse'],
      ['GET', '/v1/kv/x/?keys'],
      ['PUT', '/v1/kv/x/a', 'one'],
      ['PUT', '/v1/kv/x/b?flags=42', ''],
      ['PUT', '/v1/kv/x/a?cas=0', 'two'],
      ['PUT', '/v1/kv/x/c?cas=0', 'three'],
      ['GET', '/v1/kv/x/a'],
      ['GET', '/v1/kv/x/a?raw'],
      ['GET', '/v1/kv/x/b?raw'],
      ['GET', '/v1/kv/x/?recurse'],
      ['GET', '/v1/kv/x?keys&separator=/'],
      ['GET', '/v1/kv/x/?keys'],
      ['GET', '/v1/kv/x/a?stale&consistent'],
      ['PUT', '/v1/kv/x/big', 'y'.repeat(524_289)],
      ['PUT', '/v1/kv/', 'no key'],
      [
        'PUT',
        '/v1/txn',
        JSON.stringify([
          { KV: { Verb: 'set', Key: 'x/t', Value: 'MQ==' } },
          { KV: { Verb: 'get', Key: 'x/a' } },
        ]),
      ],
      [
        'PUT',
        '/v1/txn',
        JSON.stringify([
          { KV: { Verb: 'set', Key: 'x/never', Value: 'MQ==' } },
          { KV: { Verb: 'cas', Key: 'x/a', Value: 'MQ==', Index: 1 } },
        ]),
      ],
      [
        'PUT',
        '/v1/txn',
        JSON.stringify(
          Array.from({ length: 65 }, () => ({ KV: { Verb: 'set', Key: 'x/many', Value: 'MQ==' } })),
        ),
      ],
      [
        'PUT',
        '/v1/txn',
        JSON.stringify([
          { KV: { Verb: 'delete-cas', Key: 'x/none', Index: 5 } },
          { KV: { Verb: 'delete', Key: 'x/none' } },
          { KV: { Verb: 'check-not-exists', Key: 'x/none' } },
        ]),
      ],
      ['PUT', '/v1/txn', JSON.stringify([{ KV: { Verb: 'get', Key: 'x/none' } }])],
      ['PUT', '/v1/txn', JSON.stringify([{ KV: { Verb: 'set', Key: '', Value: 'MQ==' } }])],
      ['PUT', '/v1/txn', '{'],
      ['DELETE', '/v1/kv/x/a?cas=1'],
      ['DELETE', '/v1/kv/x/a'],
      ['DELETE', '/v1/kv/x/a'],
      ['DELETE', '/v1/kv/x/?recurse'],
      ['GET', '/v1/kv/x/?recurse'],
      ['PUT', '/v1/kv/x/locked?acquire=00000000-0000-0000-0000-000000000000', 'v'],
      ['PUT', '/v1/session/create', '{"TTL": "1s"}'],
      ['PUT', '/v1/session/renew/00000000-0000-0000-0000-000000000000'],
    ];
    const shape = (text: string): unknown => {
      try {
        return JSON.parse(text.replace(/"(CreateIndex|ModifyIndex)":\d+/g, '"$1":0'));
      } catch {
        return text.slice(0, 12);
      }
    };
    const ask = async (url: string, [method, at, body]: [string, string, string?]) => {
      const answer = await fetch(url + at, {
        method,
        redirect: 'manual',
        ...(body === undefined ? {} : { body }),
      });
      return {
        status: answer.status,
        body: answer.status < 400 || answer.status === 409 ? shape(await answer.text()) : 'refused',
        index: answer.headers.has('x-consul-index'),
      };
    };
    try {
      for (const request of requests)
        expect({ request, answer: await ask(part.url, request) }).toEqual({
          request,
          answer: await ask(consul.url, request),
        });
    } finally {
      await part.close();
      await rm(folder, { recursive: true, force: true });
    }
  });
});

withServer('consul', 'a real Consul that restarts', () => {
  let consul: ConsulServer;
  beforeAll(async () => {
    consul = await startConsul();
  });
  afterAll(() => consul.close());

  it('never answers a read from before the last write, however soon after its start it is asked', async () => {
    const store = consulKvStore({ address: consul.url, log });
    const [many, one] = [kvKey('restart/many/'), kvKey('restart/one')];
    for (let at = 0; at < 400; at++) await store.put(kvKey(`${many}${at}`), Buffer.from('x'), { signal });
    for (let value = 0; value < 400; value++) await store.put(one, Buffer.from(String(value)), { signal });
    for (let restart = 0; restart < 3; restart++) {
      await consul.stop();
      let up = false;
      const reading = (async () => {
        const seen = new Set<string>();
        while (!up) {
          // Whatever is no answer yet is no wrong answer.
          const read = await Promise.all([
            store.list(many, { signal }),
            store.get(one, { signal }),
            store.getMany([one], { signal }),
            store.watch(one, { signal, index: 0, waitMs: 100 }),
          ]).catch(() => undefined);
          if (read !== undefined)
            seen.add(
              JSON.stringify([
                read[0].value.length,
                ...[read[1], read[2].get(one), read[3].value].map((e) =>
                  Buffer.from(e?.value ?? []).toString(),
                ),
              ]),
            );
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
        return seen;
      })();
      await consul.start();
      await store.get(one, { signal });
      up = true;
      expect(
        [...(await reading)].filter((seen) => seen !== JSON.stringify([400, '399', '399', '399'])),
      ).toEqual([]);
    }
    await store.close();
  });

  it('gives a lock back to the holder that could not return it while Consul was away', async () => {
    const key = kvKey('locks/not-returned');
    const lock = consulLock({ address: consul.url, log });
    const held = await lock.acquire(key, { signal });
    await consul.stop();
    await expect(held.release()).rejects.toMatchObject({ kind: 'unavailable' });
    await consul.start();
    const again = await lock.tryAcquire(key, { signal });
    expect(again).toBeDefined();
    expect(again?.session).not.toBe(held.session);
    await lock.close();
  });

  it('keeps a lock over its own restart', async () => {
    const key = kvKey('locks/kept');
    const lock = consulLock({ address: consul.url, log });
    const store = consulKvStore({ address: consul.url, log });
    const held = await lock.acquire(key, { signal });
    await consul.stop();
    await consul.start();
    // The watch of the lock asks again a second after an error.
    await new Promise((resolve) => setTimeout(resolve, 2500));
    expect(held.lost.aborted).toBe(false);
    expect(await store.transaction([held.guard()], { signal })).toMatchObject({ committed: true });
    await Promise.all([lock.close(), store.close()]);
  });
});
