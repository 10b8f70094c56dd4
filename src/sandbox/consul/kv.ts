import { randomUUID } from 'node:crypto';

/** An entry as the API names its fields. */
export interface Entry {
  Key: string;
  /** Base64; '' for an empty value. */
  Value: string;
  Flags: number;
  CreateIndex: number;
  ModifyIndex: number;
  LockIndex: number;
  Session?: string;
}

export interface Session {
  ID: string;
  Name: string;
  Node: string;
  TTL: string;
  Behavior: 'release' | 'delete';
  LockDelay: number;
  CreateIndex: number;
  ModifyIndex: number;
}

export interface Operation {
  Verb: string;
  Key: string;
  Value?: string;
  Flags?: number;
  Index?: number;
  Session?: string;
}

export type OperationResult = { error: string } | { entries: Entry[] };

/** What is written to disk: an entry, a deletion, a session, or its end. */
export type KvRecord =
  { set: Entry } | { delete: string; index: number } | { session: Session } | { end: string; index: number };

/** Consul's KV store and sessions in memory. One index for everything, raised by each change. */
export class Kv {
  readonly entries = new Map<string, Entry>();
  readonly sessions = new Map<string, Session>();
  /** Index of the last deletion below each key, so that a watcher of an emptied prefix wakes. */
  readonly #tombstones = new Map<string, number>();
  readonly #delays = new Map<string, number>();
  readonly #waiters = new Set<() => void>();
  #index = 10;
  #pending: KvRecord[] = [];

  get index(): number {
    return this.#index;
  }

  /** Loads records without waking anybody. */
  restore(records: readonly KvRecord[]): void {
    for (const record of records) {
      if ('set' in record) this.entries.set(record.set.Key, record.set);
      else if ('delete' in record) this.entries.delete(record.delete);
      else if ('session' in record) this.sessions.set(record.session.ID, record.session);
      else this.sessions.delete(record.end);
      const index =
        'set' in record
          ? record.set.ModifyIndex
          : 'session' in record
            ? record.session.ModifyIndex
            : record.index;
      this.#index = Math.max(this.#index, index);
    }
  }

  /** Everything, as records; and what changed since the last call. */
  whole(): KvRecord[] {
    return [
      ...[...this.sessions.values()].map((session) => ({ session })),
      ...[...this.entries.values()].map((set) => ({ set })),
    ];
  }

  takeChanges(): KvRecord[] {
    return this.#pending.splice(0);
  }

  below(prefix: string): Entry[] {
    return [...this.entries.values()]
      .filter((e) => e.Key.startsWith(prefix))
      .sort((a, b) => Buffer.compare(Buffer.from(a.Key), Buffer.from(b.Key)));
  }

  /** Index of a key; the one of the whole store where the key is not there. */
  indexOf(key: string): number {
    return this.entries.get(key)?.ModifyIndex ?? this.#index;
  }

  indexBelow(prefix: string): number {
    const changes = this.below(prefix).map((e) => e.ModifyIndex);
    const deletions = [...this.#tombstones]
      .filter(([key]) => key.startsWith(prefix))
      .map(([, index]) => index);
    const highest = Math.max(0, ...changes, ...deletions);
    return highest === 0 ? this.#index : highest;
  }

  /** Waits until `ready`, or the time or the client is gone. */
  async wait(ready: () => boolean, ms: number, closed: AbortSignal): Promise<void> {
    if (ready() || closed.aborted) return;
    await new Promise<void>((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#waiters.delete(look);
        closed.removeEventListener('abort', end);
        resolve();
      };
      const look = (): void => {
        if (ready()) end();
      };
      const timer = setTimeout(end, ms);
      this.#waiters.add(look);
      closed.addEventListener('abort', end, { once: true });
    });
  }

  /** All operations or none. */
  transaction(
    operations: readonly Operation[],
  ): { results: Entry[] } | { errors: { OpIndex: number; What: string }[] } {
    const saved = {
      entries: new Map([...this.entries].map(([key, entry]) => [key, { ...entry }])),
      tombstones: new Map(this.#tombstones),
      index: this.#index,
      pending: [...this.#pending],
    };
    const index = this.#index + 1;
    const results: Entry[] = [];
    const errors: { OpIndex: number; What: string }[] = [];
    operations.forEach((operation, at) => {
      const result = this.#apply(operation, index);
      if ('error' in result) errors.push({ OpIndex: at, What: result.error });
      else results.push(...result.entries);
    });
    if (errors.length === 0) {
      this.#wake(saved.pending.length);
      return { results };
    }
    this.entries.clear();
    for (const [key, entry] of saved.entries) this.entries.set(key, entry);
    this.#tombstones.clear();
    for (const [key, at] of saved.tombstones) this.#tombstones.set(key, at);
    this.#index = saved.index;
    this.#pending = saved.pending;
    return { errors };
  }

  #wake(before: number): void {
    if (this.#pending.length > before) for (const look of [...this.#waiters]) look();
  }

  #apply(operation: Operation, index: number): OperationResult {
    const { Verb, Key, Value = '', Flags = 0, Index = 0, Session } = operation;
    const now = this.entries.get(Key);
    switch (Verb) {
      case 'set':
        return { entries: [shown(this.#set(Key, Value, Flags, index))] };
      case 'cas':
        if ((now?.ModifyIndex ?? 0) !== Index)
          return { error: `failed to set key ${JSON.stringify(Key)}, index is stale` };
        return { entries: [shown(this.#set(Key, Value, Flags, index))] };
      case 'lock':
        return this.acquire(Key, Value, Flags, Session ?? '')
          ? { entries: [] }
          : { error: `failed to lock key ${JSON.stringify(Key)}, lock is already held` };
      case 'unlock':
        return this.release(Key, Session ?? '')
          ? { entries: [] }
          : {
              error: `failed to unlock key ${JSON.stringify(Key)}, lock isn't held, or is held by another session`,
            };
      case 'get':
        return now === undefined ? { error: `key ${JSON.stringify(Key)} doesn't exist` } : { entries: [now] };
      case 'get-tree':
        return { entries: this.below(Key) };
      case 'check-index':
        if (now === undefined) return { error: `key ${JSON.stringify(Key)} doesn't exist` };
        return now.ModifyIndex === Index
          ? { entries: [shown(now)] }
          : { error: `current modify index ${now.ModifyIndex} is not equal to ${Index}` };
      case 'check-not-exists':
        return now === undefined ? { entries: [] } : { error: `key ${JSON.stringify(Key)} exists` };
      case 'check-session':
        if (now === undefined)
          return { error: `failed to check session, key ${JSON.stringify(Key)} doesn't exist` };
        return now.Session !== undefined && now.Session === Session
          ? { entries: [shown(now)] }
          : {
              error: `failed session check for key ${JSON.stringify(Key)}, current session ${JSON.stringify(now.Session ?? '')} != ${JSON.stringify(Session ?? '')}`,
            };
      case 'delete':
        this.#delete(Key, index);
        return { entries: [] };
      case 'delete-cas':
        if (now !== undefined && now.ModifyIndex !== Index)
          return { error: `failed to delete key ${JSON.stringify(Key)}, index is stale` };
        if (now === undefined && Index === 0)
          return { error: `failed to delete key ${JSON.stringify(Key)}, index is stale` };
        this.#delete(Key, index);
        return { entries: [] };
      case 'delete-tree':
        for (const { Key: key } of this.below(Key)) this.#delete(key, index);
        return { entries: [] };
      default:
        return { error: `unknown KV verb ${JSON.stringify(Verb)}` };
    }
  }

  #set(Key: string, Value: string, Flags: number, index: number): Entry {
    const now = this.entries.get(Key);
    if (now !== undefined && now.Value === Value && now.Flags === Flags) return now;
    const entry: Entry = {
      LockIndex: now?.LockIndex ?? 0,
      Key,
      Flags,
      Value,
      ...(now?.Session === undefined ? {} : { Session: now.Session }),
      CreateIndex: now?.CreateIndex ?? index,
      ModifyIndex: index,
    };
    this.#put(entry);
    return entry;
  }

  #put(entry: Entry): void {
    this.#index = Math.max(this.#index, entry.ModifyIndex);
    this.entries.set(entry.Key, entry);
    this.#pending.push({ set: entry });
  }

  #delete(key: string, index: number): void {
    if (!this.entries.delete(key)) return;
    this.#index = Math.max(this.#index, index);
    this.#tombstones.set(key, index);
    this.#pending.push({ delete: key, index });
  }

  /** Locks are advisory: others may still write. */
  acquire(key: string, value: string, flags: number, session: string): boolean | undefined {
    if (!this.sessions.has(session)) return undefined;
    const now = this.entries.get(key);
    if (now?.Session !== undefined && now.Session !== session) return false;
    if ((this.#delays.get(key) ?? 0) > Date.now()) return false;
    const index = this.#index + 1;
    const before = this.#pending.length;
    this.#put({
      LockIndex: (now?.LockIndex ?? 0) + (now?.Session === session ? 0 : 1),
      Key: key,
      Flags: flags,
      Value: value,
      Session: session,
      CreateIndex: now?.CreateIndex ?? index,
      ModifyIndex: index,
    });
    this.#wake(before);
    return true;
  }

  release(key: string, session: string): boolean {
    const now = this.entries.get(key);
    if (now?.Session !== session || session === '') return false;
    const { Session: _session, ...rest } = now;
    const before = this.#pending.length;
    this.#put({ ...rest, ModifyIndex: this.#index + 1 });
    this.#wake(before);
    return true;
  }

  createSession(given: Partial<Pick<Session, 'Name' | 'TTL' | 'Behavior' | 'LockDelay'>>): Session {
    const index = this.#index + 1;
    this.#index = index;
    const session: Session = {
      ID: randomUUID(),
      Name: given.Name ?? '',
      Node: 'sandbox',
      TTL: given.TTL ?? '',
      Behavior: given.Behavior ?? 'release',
      LockDelay: given.LockDelay ?? 15_000_000_000,
      CreateIndex: index,
      ModifyIndex: index,
    };
    this.sessions.set(session.ID, session);
    this.#pending.push({ session });
    return session;
  }

  /** Ends a session: its locks are released (or their keys deleted), and kept from others for the lock delay. */
  endSession(id: string): void {
    const session = this.sessions.get(id);
    if (session === undefined) return;
    this.sessions.delete(id);
    const before = this.#pending.length;
    const index = this.#index + 1;
    for (const entry of [...this.entries.values()]) {
      if (entry.Session !== id) continue;
      this.#delays.set(entry.Key, Date.now() + session.LockDelay / 1e6);
      const { Session: _session, ...rest } = entry;
      if (session.Behavior === 'delete') this.#delete(entry.Key, index);
      else this.#put({ ...rest, ModifyIndex: index });
    }
    this.#index = Math.max(this.#index, index);
    this.#pending.push({ end: id, index });
    this.#wake(before);
  }
}

/** Transactions answer writes without the value. */
function shown(entry: Entry): Entry {
  return { ...entry, Value: null as unknown as string };
}
