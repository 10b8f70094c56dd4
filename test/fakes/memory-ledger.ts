import { createHash } from 'node:crypto';
import type { OrderEntry } from '../../src/domain/record/orders.js';
import type { LedgerEntry, LedgerRecord } from '../../src/domain/record/ledger-entry.js';
import type { JsonObject } from '../../src/domain/source/json.js';
import type { ObjectId } from '../../src/domain/source/revision.js';
import type { Ledger, LedgerHead } from '../../src/ports/ledger.js';
import { overall } from '../../src/ledger/format.js';
import { TowlineError } from '../../src/runtime/errors.js';

/** A ledger in memory: entries in order, compare-and-swap on the newest. */
export class MemoryLedger implements Ledger {
  readonly branch = 'ledger/test';
  readonly entries: { id: ObjectId; entry: LedgerEntry | OrderEntry; files: Map<string, JsonObject> }[] = [];
  /** Set to make every append fail, as a repository without write rights does. */
  broken: TowlineError | undefined;

  async head(): Promise<LedgerHead> {
    const last = this.entries.at(-1);
    return { commit: last?.id, state: last?.entry.state };
  }

  async documents(head: ObjectId, paths: readonly string[]): Promise<Map<string, JsonObject>> {
    const files = this.entries.find((e) => e.id === head)?.files ?? new Map<string, JsonObject>();
    return new Map(
      paths.flatMap((path) => (files.has(path) ? [[path, files.get(path) ?? {}] as const] : [])),
    );
  }

  async append(entry: LedgerEntry | OrderEntry, expected: ObjectId | undefined): Promise<ObjectId> {
    if (this.broken !== undefined) throw this.broken;
    const last = this.entries.at(-1);
    if (last?.id !== expected)
      throw new TowlineError('ledger-conflict', 'conflict', 'somebody else came first');
    const files = new Map(last?.files);
    for (const [path, document] of Object.entries(entry.phase === 'order' ? {} : entry.files)) {
      if (document === null) files.delete(path);
      else files.set(path, document);
    }
    const id = createHash('sha1')
      .update(`${expected ?? ''}${JSON.stringify(entry)}`)
      .digest('hex') as ObjectId;
    this.entries.push({ id, entry: structuredClone(entry), files });
    return id;
  }

  async history({ limit, jobRef }: { limit: number; jobRef?: string }): Promise<LedgerRecord[]> {
    return [...this.entries]
      .reverse()
      .filter(({ entry }) => jobRef === undefined || jobsOf(entry).some(([ref]) => ref === jobRef))
      .slice(0, limit)
      .map(({ id, entry }) => ({
        commit: id,
        parents: [],
        at: entry.phase === 'order' ? entry.order.at : entry.at,
        subject: `${entry.phase} of ${entry.environment}`,
        trailers: [
          { key: 'Towline-Phase', value: entry.phase },
          { key: 'Towline-Pass', value: entry.phase === 'order' ? '' : entry.pass },
          { key: 'Towline-Revision', value: entry.state.revision },
          { key: 'Towline-Outcome', value: entry.phase === 'outcome' ? overall(entry.outcomes) : '' },
          ...jobsOf(entry).map((job) => ({ key: 'Towline-Job', value: job.join(' ') })),
        ],
      }));
  }
}

function jobsOf(entry: LedgerEntry | OrderEntry): [ref: string, action: string, state: string][] {
  return entry.phase === 'order'
    ? entry.order.refs.map((ref) => [ref, entry.order.verb, 'ordered'])
    : entry.outcomes.map(({ ref, action, state }) => [ref, action, state]);
}
