import { kvKey, type KvKey } from '../domain/source/kv-layout.js';
import {
  CONSUL_LIMITS,
  type KvEntry,
  type KvOperation,
  type KvStore,
  type TransactionResult,
  type Waiting,
} from '../ports/kv-store.js';
import { TowlineError } from '../runtime/errors.js';
import type { Log } from '../runtime/log.js';
import { retry } from '../runtime/retry.js';
import { ConsulHttp, jsonOf, type Answer, type ConsulAccess } from './http.js';

export interface ConsulKvOptions extends ConsulAccess {
  log: Log;
}

/**
 * A leader that was elected a moment ago answers ordinary reads from what it has replayed of its log so far: older values,
 * or none. All that is read here is acted upon, so every read asks the leader to be up to date first; that costs a round
 * trip between the servers.
 */
const CONSISTENT = { consistent: '' };

/** Consul's KV store (API of 1.8 and later). Reads that could not connect are tried a few times, writes never. */
export function consulKvStore(options: ConsulKvOptions): KvStore & { close(): Promise<void> } {
  const http = new ConsulHttp(options);
  const read = (path: string, query: Record<string, string>, signal: AbortSignal): Promise<Answer> =>
    retry(() => http.call({ method: 'GET', path, query: { ...query, ...CONSISTENT }, signal }), {
      signal,
      attempts: 4,
      minMs: 100,
      maxMs: 1500,
      onRetry: (error, attempt) => options.log.debug({ err: error, attempt }, 'reading from Consul again'),
    });
  const block = (
    path: string,
    query: Record<string, string>,
    { signal, index, waitMs }: Waiting & { index: number; waitMs: number },
  ): Promise<Answer> => {
    const waiting: Record<string, string> =
      index < 1 ? {} : { index: String(index), wait: `${Math.max(1, Math.round(waitMs))}ms` };
    return http.call({ method: 'GET', path, query: { ...query, ...CONSISTENT, ...waiting }, signal, waitMs });
  };
  const entries = (answer: Answer, path: string): KvEntry[] =>
    answer.status === 404 ? [] : entriesOf(jsonOf(answer, path), path);

  return {
    limits: CONSUL_LIMITS,
    close: () => http.close(),

    async get(key, { signal }) {
      const path = keyPath(key);
      return entries(await read(path, {}, signal), path)[0];
    },

    async getMany(keys, { signal }) {
      const found = new Map<KvKey, KvEntry>();
      const add = (entry: KvEntry | undefined): void => void (entry && found.set(entry.key, entry));
      await Promise.all(
        chunks(keys, CONSUL_LIMITS.operations).map(async (chunk) => {
          // A transaction that only reads: one request for many keys. It fails where one of them is absent.
          const body = JSON.stringify(chunk.map((key) => ({ KV: { Verb: 'get', Key: key } })));
          const answer = await http.call({ method: 'PUT', path: '/v1/txn', query: CONSISTENT, body, signal });
          if (answer.status === 200) entriesOfResults(jsonOf(answer, '/v1/txn')).forEach(add);
          else
            await Promise.all(
              chunk.map(async (key) => add(entries(await read(keyPath(key), {}, signal), keyPath(key))[0])),
            );
        }),
      );
      return found;
    },

    async list(prefix, { signal }) {
      const path = keyPath(prefix);
      const answer = await read(path, { recurse: '' }, signal);
      return { value: entries(answer, path), index: answer.index };
    },

    async keys(prefix, { signal, separator }) {
      const path = keyPath(prefix);
      const answer = await read(
        path,
        { keys: '', ...(separator === undefined ? {} : { separator }) },
        signal,
      );
      if (answer.status === 404) return [];
      const value = jsonOf(answer, path);
      if (!Array.isArray(value) || !value.every((name) => typeof name === 'string')) throw notKv(path);
      return value;
    },

    async put(key, value, { signal, flags, cas }) {
      const query = {
        ...(flags === undefined ? {} : { flags: String(flags) }),
        ...(cas === undefined ? {} : { cas: String(cas) }),
      };
      return isTrue(await http.call({ method: 'PUT', path: keyPath(key), query, body: value, signal }));
    },

    async delete(key, { signal, cas }) {
      const query: Record<string, string> = cas === undefined ? {} : { cas: String(cas) };
      return isTrue(await http.call({ method: 'DELETE', path: keyPath(key), query, signal }));
    },

    async transaction(operations, { signal }) {
      const body = JSON.stringify(operations.map((operation) => ({ KV: wireOperation(operation) })));
      const answer = await http.call({ method: 'PUT', path: '/v1/txn', body, signal });
      return transactionResult(jsonOf(answer, '/v1/txn'), answer.status);
    },

    async watch(key, waiting) {
      const path = keyPath(key);
      const answer = await block(path, {}, waiting);
      return { value: entries(answer, path)[0], index: answer.index };
    },

    async watchBelow(prefix, waiting) {
      // With a separator only the names next below are listed; the index is that of everything below.
      return (await block(keyPath(prefix), { keys: '', separator: '/' }, waiting)).index;
    },
  };
}

function chunks<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, at) =>
    all.slice(at * size, (at + 1) * size),
  );
}

function entriesOfResults(value: unknown): KvEntry[] {
  const { Results } = (value ?? {}) as { Results?: unknown };
  const results = Array.isArray(Results) ? (Results as { KV?: unknown }[]) : [];
  return entriesOf(
    results.map(({ KV }) => KV),
    '/v1/txn',
  );
}

/** Each segment percent-encoded, so that a key is never read as a query or another path. */
export function keyPath(key: string): string {
  if (key.startsWith('/') || key.includes('//'))
    throw new TowlineError('consul-key', 'invalid', `the key "${key}" can not be addressed by URL`, {
      help: 'Keys have no leading or double slash.',
    });
  return `/v1/kv/${key.split('/').map(encodeURIComponent).join('/')}`;
}

function wireOperation(operation: KvOperation): Record<string, unknown> {
  return {
    Verb: operation.verb,
    Key: operation.key,
    ...('value' in operation ? { Value: Buffer.from(operation.value).toString('base64') } : {}),
    ...('flags' in operation && operation.flags !== undefined ? { Flags: operation.flags } : {}),
    ...('index' in operation ? { Index: operation.index } : {}),
    ...('session' in operation ? { Session: operation.session } : {}),
  };
}

function transactionResult(value: unknown, status: number): TransactionResult {
  const { Results, Errors } = (value ?? {}) as { Results?: unknown; Errors?: unknown };
  if (status === 200) {
    const results = Array.isArray(Results) ? (Results as { KV?: unknown }[]) : [];
    const entries = results.flatMap(({ KV }) =>
      isWireEntry(KV) ? [{ key: kvKey(KV.Key), modifyIndex: KV.ModifyIndex, flags: KV.Flags }] : [],
    );
    return { committed: true, entries };
  }
  const errors = Array.isArray(Errors) ? (Errors as { OpIndex?: unknown; What?: unknown }[]) : [];
  return {
    committed: false,
    errors: errors.map(({ OpIndex, What }) => ({
      operation: Number(OpIndex ?? -1),
      message: String(What ?? 'no reason given'),
    })),
  };
}

interface WireEntry {
  Key: string;
  Value: string | null;
  Flags: number;
  CreateIndex: number;
  ModifyIndex: number;
  LockIndex: number;
  Session?: string;
}

function isWireEntry(value: unknown): value is WireEntry {
  if (typeof value !== 'object' || value === null) return false;
  const { Key, Flags, ModifyIndex } = value as Partial<WireEntry>;
  return typeof Key === 'string' && typeof Flags === 'number' && typeof ModifyIndex === 'number';
}

/** An empty value comes as null. */
function entriesOf(value: unknown, path: string): KvEntry[] {
  if (!Array.isArray(value)) throw notKv(path);
  return value.map((entry: unknown) => {
    if (!isWireEntry(entry)) throw notKv(path);
    return {
      key: kvKey(entry.Key),
      value: typeof entry.Value === 'string' ? Buffer.from(entry.Value, 'base64') : new Uint8Array(),
      flags: entry.Flags,
      createIndex: entry.CreateIndex,
      modifyIndex: entry.ModifyIndex,
      lockIndex: entry.LockIndex,
      ...(entry.Session === undefined ? {} : { session: entry.Session }),
    };
  });
}

function notKv(path: string): TowlineError {
  return new TowlineError(
    'consul-unavailable',
    'unavailable',
    `the answer to ${path} has not the form of Consul's KV API`,
    {
      help: 'Something between here and Consul answers in its place.',
    },
  );
}

function isTrue(answer: Answer): boolean {
  return answer.status === 200 && answer.body.toString('utf8').trim() === 'true';
}
