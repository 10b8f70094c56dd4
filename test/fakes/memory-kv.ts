import { kvKey, type KvKey } from '../../src/domain/source/kv-layout.js';
import {
  CONSUL_LIMITS,
  type KvEntry,
  type KvLimits,
  type KvOperation,
  type KvStore,
  type Observed,
  type TransactionResult,
  type Waiting,
} from '../../src/ports/kv-store.js';
import type { HeldLock, Lock } from '../../src/ports/lock.js';

/** A key-value store in memory with Consul's semantics; passes the same contract as the real one. */
export class MemoryKv implements KvStore {
  readonly limits: KvLimits;
  readonly #entries = new Map<string, KvEntry>();
  readonly #waiters = new Set<() => void>();
  #index = 1;
  /** Index of the deletion of keys that were there. */
  readonly #gone = new Map<string, number>();
  /** Called before each transaction; throw in it to fail the write before it happens. */
  beforeTransaction: (operations: readonly KvOperation[]) => void = () => undefined;
  /** Sessions that hold a key now, by key. */
  readonly sessions = new Map<string, string>();
  transactions = 0;
  reads = 0;

  constructor(limits: KvLimits = CONSUL_LIMITS) {
    this.limits = limits;
  }

  /** The same values at the same indexes, to be changed by itself. */
  copy(): MemoryKv {
    const other = new MemoryKv(this.limits);
    for (const [key, entry] of this.#entries) other.#entries.set(key, entry);
    other.#index = this.#index;
    return other;
  }

  async get(key: KvKey, { signal }: Waiting): Promise<KvEntry | undefined> {
    signal.throwIfAborted();
    this.reads += 1;
    const entry = this.#entries.get(key);
    const session = this.sessions.get(key);
    return entry === undefined || session === undefined ? entry : { ...entry, session };
  }

  async list(prefix: string, { signal }: Waiting): Promise<Observed<KvEntry[]>> {
    signal.throwIfAborted();
    this.reads += 1;
    return { value: this.#below(prefix), index: this.#indexBelow(prefix) };
  }

  async getMany(keys: readonly KvKey[], { signal }: Waiting): Promise<Map<KvKey, KvEntry>> {
    signal.throwIfAborted();
    return new Map(
      keys.flatMap((key) => {
        const entry = this.#entries.get(key);
        return entry === undefined ? [] : [[key, entry] as const];
      }),
    );
  }

  async keys(prefix: string, { signal, separator }: Waiting & { separator?: string }): Promise<string[]> {
    signal.throwIfAborted();
    const cut = (key: string): string => {
      const at = separator === undefined ? -1 : key.indexOf(separator, prefix.length);
      return at < 0 ? key : key.slice(0, at + 1);
    };
    return [...new Set(this.#below(prefix).map((entry) => cut(entry.key)))];
  }

  async put(
    key: KvKey,
    value: Uint8Array,
    options: Waiting & { flags?: number; cas?: number },
  ): Promise<boolean> {
    const { flags, cas } = options;
    const operation: KvOperation =
      cas === undefined
        ? { verb: 'set', key, value, ...(flags === undefined ? {} : { flags }) }
        : { verb: 'cas', key, value, index: cas, ...(flags === undefined ? {} : { flags }) };
    return (await this.transaction([operation], options)).committed;
  }

  async delete(key: KvKey, { signal, cas }: Waiting & { cas?: number }): Promise<boolean> {
    const operation: KvOperation =
      cas === undefined ? { verb: 'delete', key } : { verb: 'delete-cas', key, index: cas };
    return (await this.transaction([operation], { signal })).committed;
  }

  async transaction(operations: readonly KvOperation[], { signal }: Waiting): Promise<TransactionResult> {
    signal.throwIfAborted();
    if (operations.length > this.limits.operations) throw new Error(`${operations.length} operations`);
    this.beforeTransaction(operations);
    const errors = operations.flatMap((operation, at) => {
      const message = this.#refusal(operation);
      return message === undefined ? [] : [{ operation: at, message }];
    });
    if (errors.length > 0) return { committed: false, errors };
    this.transactions += 1;
    const index = this.#index + 1;
    let changed = false;
    for (const operation of operations) changed = this.#carryOut(operation, index) || changed;
    if (changed) this.#index = index;
    if (changed) for (const wake of [...this.#waiters]) wake();
    const entries = operations.flatMap(({ key }) => this.#entries.get(key) ?? []);
    return {
      committed: true,
      entries: entries.map(({ key, modifyIndex, flags }) => ({ key, modifyIndex, flags })),
    };
  }

  async watch(
    key: KvKey,
    { signal, index, waitMs }: Waiting & { index: number; waitMs: number },
  ): Promise<Observed<KvEntry | undefined>> {
    await this.#waitFor(() => (this.#entries.get(key)?.modifyIndex ?? this.#index) > index, waitMs, signal);
    return { value: this.#entries.get(key), index: this.#entries.get(key)?.modifyIndex ?? this.#index };
  }

  async watchBelow(
    prefix: string,
    { signal, index, waitMs }: Waiting & { index: number; waitMs: number },
  ): Promise<number> {
    await this.#waitFor(() => this.#indexBelow(prefix) > index, waitMs, signal);
    return this.#indexBelow(prefix);
  }

  /** The key of a lock: there, without a transaction that a test would count. */
  plant(key: KvKey): void {
    this.#carryOut({ verb: 'set', key, value: new Uint8Array() }, ++this.#index);
  }

  #below(prefix: string): KvEntry[] {
    return [...this.#entries.values()]
      .filter((e) => e.key.startsWith(prefix))
      .sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  #indexBelow(prefix: string): number {
    return Math.max(
      this.#below(prefix).length === 0 ? this.#index : 0,
      ...this.#below(prefix).map((e) => e.modifyIndex),
      ...[...this.#gone].flatMap(([key, index]) => (key.startsWith(prefix) ? [index] : [])),
    );
  }

  #refusal(operation: KvOperation): string | undefined {
    const now = this.#entries.get(operation.key);
    switch (operation.verb) {
      case 'cas':
        return (now?.modifyIndex ?? 0) === operation.index ? undefined : 'failed to set key, index is stale';
      case 'delete-cas':
        return now === undefined || now.modifyIndex === operation.index
          ? undefined
          : 'failed to delete key, index is stale';
      case 'check-index':
        return now?.modifyIndex === operation.index ? undefined : 'current modify index differs';
      case 'check-not-exists':
        return now === undefined ? undefined : 'key already exists';
      case 'check-session':
        return this.sessions.get(operation.key) === operation.session
          ? undefined
          : 'session does not hold the lock';
      case 'set':
      case 'delete':
        return undefined;
    }
  }

  #carryOut(operation: KvOperation, index: number): boolean {
    if (operation.verb === 'delete' || operation.verb === 'delete-cas') {
      if (this.#entries.has(operation.key)) this.#gone.set(operation.key, index);
      return this.#entries.delete(operation.key);
    }
    if (operation.verb !== 'set' && operation.verb !== 'cas') return false;
    const now = this.#entries.get(operation.key);
    const flags = operation.flags ?? 0;
    if (
      now !== undefined &&
      now.flags === flags &&
      Buffer.from(now.value).equals(Buffer.from(operation.value))
    )
      return false;
    this.#entries.set(operation.key, {
      key: kvKey(operation.key),
      value: operation.value,
      flags,
      createIndex: now?.createIndex ?? index,
      modifyIndex: index,
      lockIndex: 0,
    });
    return true;
  }

  async #waitFor(ready: () => boolean, waitMs: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (ready()) return;
    await new Promise<void>((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#waiters.delete(look);
        signal.removeEventListener('abort', abort);
      };
      const look = (): void => {
        if (!ready()) return;
        end();
        resolve();
      };
      const abort = (): void => {
        end();
        reject(signal.reason as Error);
      };
      const timer = setTimeout(() => {
        end();
        resolve();
      }, waitMs);
      this.#waiters.add(look);
      signal.addEventListener('abort', abort, { once: true });
    });
  }
}

/** Session locks over the memory store. `lose` takes a lock away, as Consul does when a session ends. */
export class MemoryLock implements Lock {
  readonly #lost = new Map<string, AbortController>();
  #count = 0;

  constructor(readonly kv: MemoryKv) {}

  async acquire(key: KvKey, { signal }: Waiting): Promise<HeldLock> {
    for (;;) {
      const held = await this.tryAcquire(key, { signal });
      if (held !== undefined) return held;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async tryAcquire(key: KvKey, { signal }: Waiting): Promise<HeldLock | undefined> {
    signal.throwIfAborted();
    if (this.kv.sessions.has(key)) return undefined;
    const session = `session-${++this.#count}`;
    this.kv.sessions.set(key, session);
    this.kv.plant(key);
    const lost = new AbortController();
    this.#lost.set(key, lost);
    return {
      key,
      session,
      lost: lost.signal,
      guard: () => ({ verb: 'check-session', key, session }),
      release: async () => {
        if (this.kv.sessions.get(key) === session) this.kv.sessions.delete(key);
      },
    };
  }

  lose(key: KvKey): void {
    this.kv.sessions.delete(key);
    this.#lost.get(key)?.abort(new Error('the session ended'));
  }
}
