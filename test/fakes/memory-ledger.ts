import { createHash } from 'node:crypto';
import { timeOf, type Appended } from '../../src/domain/record/appended.js';
import type { LedgerRecord, LedgerState } from '../../src/domain/record/ledger-entry.js';
import type { JsonObject } from '../../src/domain/source/json.js';
import type { ObjectId } from '../../src/domain/source/revision.js';
import { parseTrailers } from '../../src/domain/source/trailers.js';
import { PLAN_FILE } from '../../src/domain/record/ledger-files.js';
import { entryMessage } from '../../src/domain/record/entry-message.js';
import type { HistoryOptions, Ledger, LedgerHead } from '../../src/ports/ledger.js';
import { TowlineError } from '../../src/runtime/errors.js';

interface Kept {
  id: ObjectId;
  entry: Appended;
  files: Map<string, JsonObject>;
}

/** A ledger in memory: entries in order, compare-and-swap on the newest. */
export class MemoryLedger implements Ledger {
  readonly branch = 'ledger/test';
  readonly entries: Kept[] = [];
  /** Set to make every append fail, as a repository without write rights does. */
  broken: TowlineError | undefined;

  async head(): Promise<LedgerHead> {
    const last = this.entries.at(-1);
    return { commit: last?.id, state: last?.entry.state };
  }

  async stateAt(entry: ObjectId): Promise<LedgerState | undefined> {
    return this.#find(entry)?.entry.state;
  }

  async documents(entry: ObjectId, paths: readonly string[]): Promise<Map<string, JsonObject>> {
    const files = this.#find(entry)?.files ?? new Map<string, JsonObject>();
    return new Map(
      paths.flatMap((path) => (files.has(path) ? [[path, files.get(path) ?? {}] as const] : [])),
    );
  }

  async paths(entry: ObjectId): Promise<string[]> {
    return [...(this.#find(entry)?.files.keys() ?? [])].filter((path) => path.includes('/')).sort();
  }

  async append(entry: Appended, expected: ObjectId | undefined): Promise<ObjectId> {
    if (this.broken !== undefined) throw this.broken;
    const last = this.entries.at(-1);
    if (last?.id !== expected)
      throw new TowlineError('ledger-conflict', 'conflict', 'somebody else came first');
    const files = new Map(last?.files);
    if (entry.phase === 'intent' || entry.phase === 'outcome') {
      if (entry.plan !== undefined) files.set(PLAN_FILE, entry.plan as unknown as JsonObject);
      for (const [path, document] of Object.entries(entry.files)) {
        if (document === null) files.delete(path);
        else files.set(path, document);
      }
    }
    const id = createHash('sha1')
      .update(`${expected ?? ''}${JSON.stringify(entry)}`)
      .digest('hex') as ObjectId;
    this.entries.push({ id, entry: structuredClone(entry), files });
    return id;
  }

  async history(options: HistoryOptions): Promise<LedgerRecord[]> {
    const { limit, jobRef, trailer, from, skip = 0, since = -Infinity, until = Infinity } = options;
    const end =
      from === undefined ? this.entries.length : this.entries.findIndex(({ id }) => id === from) + 1;
    return this.entries
      .slice(0, end)
      .reverse()
      .map((each) => this.#record(each))
      .filter(({ trailers, at }) => {
        const lines = trailers.map(({ key, value }) => `${key}: ${value}`);
        return (
          (jobRef === undefined || lines.some((line) => line.startsWith(`Towline-Job: ${jobRef} `))) &&
          (trailer === undefined || lines.includes(trailer)) &&
          Date.parse(at) >= Math.floor(since / 1000) * 1000 &&
          Date.parse(at) <= until
        );
      })
      .slice(skip, skip + limit);
  }

  async entry(id: string): Promise<LedgerRecord | undefined> {
    const found = this.entries.filter((each) => each.id.startsWith(id));
    return found[0] === undefined || found.length > 1 ? undefined : this.#record(found[0]);
  }

  #find(entry: ObjectId): Kept | undefined {
    return this.entries.find((each) => each.id === entry);
  }

  #record({ id, entry }: Kept): LedgerRecord {
    const message = entryMessage(entry);
    const before = this.entries[this.entries.findIndex((each) => each.id === id) - 1];
    return {
      commit: id,
      parents: before === undefined ? [] : [before.id],
      at: timeOf(entry),
      author: { name: 'Towline', email: 'towline@localhost' },
      subject: message.split('\n')[0] ?? '',
      trailers: parseTrailers(message),
    };
  }
}
