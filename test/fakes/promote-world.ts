import { firstState } from '../../src/domain/record/orders.js';
import type { LedgerJob } from '../../src/domain/record/ledger-entry.js';
import type { Release } from '../../src/domain/release/release.js';
import type { ObjectId, Revision } from '../../src/domain/source/revision.js';
import { kvKey, kvLayout } from '../../src/domain/source/kv-layout.js';
import { gitStore } from '../../src/git/index.js';
import { silentLog } from '../../src/runtime/log.js';
import { systemClock } from '../../src/runtime/system-clock.js';
import { SCHEDULER_KINDS } from '../../src/schedulers/registry.js';
import {
  promoteWorker,
  type PromoteResult,
  type PromoteWorkerOptions,
} from '../../src/workers/promote/index.js';
import { GitSandbox } from './git-sandbox.js';
import { MemoryKv, MemoryLock } from './memory-kv.js';
import { MemoryLedger } from './memory-ledger.js';

const signal = new AbortController().signal;
const layout = kvLayout('towline/', 'production');
export const AUTHOR = { name: 'Towline', email: 'towline@localhost' };
export const MODELS = new Map(
  [...SCHEDULER_KINDS].map(([name, { model }]) => [name, { model, context: { settings: {} } }]),
);

/** A real bare repository with an environment `production`, and promoters that work on it. */
export class PromoteWorld {
  readonly sandbox = new GitSandbox();
  readonly kv = new MemoryKv();
  readonly ledger = new MemoryLedger();
  readonly #stores: { close(): Promise<void> }[] = [];

  constructor(files: Record<string, string>) {
    this.sandbox.write(files);
    this.sandbox.commit('Begin');
    this.sandbox.push();
  }

  async close(): Promise<void> {
    await Promise.all(this.#stores.map((store) => store.close()));
    this.sandbox.remove();
  }

  /** A copy of its own of the repository, as a promoter on another machine has one. */
  store(name = 'copies'): ReturnType<typeof gitStore> {
    const made = gitStore({
      location: `file://${this.sandbox.bare}`,
      storeDir: `${this.sandbox.root}/${name}`,
      author: AUTHOR,
      log: silentLog(),
    });
    this.#stores.push(made);
    return made;
  }

  worker(more: Partial<PromoteWorkerOptions> = {}): ReturnType<typeof promoteWorker> {
    return promoteWorker({
      environment: 'production',
      branch: 'main',
      layers: ['production'],
      policy: { rules: [{ newest: true }], pin: 'keep' },
      via: { by: 'push' },
      releasesPrefix: 'towline/releases/',
      repository: more.repository ?? this.store(),
      kv: this.kv,
      ledger: this.ledger,
      models: MODELS,
      author: AUTHOR,
      lockKey: kvKey(layout.lock('promote')),
      lock: new MemoryLock(this.kv),
      clock: systemClock,
      log: silentLog(),
      pollMs: 60_000,
      ...more,
    });
  }

  promote(more: Partial<PromoteWorkerOptions> = {}): Promise<PromoteResult> {
    return this.worker(more).once({ signal, trigger: 'test' });
  }

  async release(tag: string, more: Partial<Release> = {}): Promise<void> {
    const release = { image: 'shop/web', tag, by: 'ann', at: '2026-01-01T00:00:00Z', ...more };
    const value = Buffer.from(JSON.stringify(release));
    await this.kv.put(kvKey(`towline/releases/${release.image}`), value, { signal });
  }

  /** git in the bare repository. */
  bare(...args: string[]): string {
    return this.sandbox.git('--git-dir', this.sandbox.bare, ...args);
  }

  tip(branch = 'main'): string {
    return this.bare('rev-parse', branch);
  }

  subjects(branch = 'main'): string[] {
    return this.bare('log', '--format=%s', branch).split('\n');
  }
}

/** A ledger of another environment, in which an app runs an image. */
export async function ledgerWith(
  apps: Record<string, { image: string } & Partial<Pick<LedgerJob, 'outcome' | 'at'>>>,
): Promise<MemoryLedger> {
  const ledger = new MemoryLedger();
  const state = firstState('staging', 'a'.repeat(40) as Revision, [
    { folder: 'staging', tree: 'b'.repeat(40) as ObjectId },
  ]);
  const names = Object.entries(apps);
  const job = (id: string, more: Partial<LedgerJob>): LedgerJob => ({
    scheduler: 'marathon',
    kind: 'app',
    id,
    file: `marathon${id}.json`,
    revision: state.revision,
    outcome: 'applied',
    message: '',
    at: '2026-01-01T00:00:00.000Z',
    ...more,
  });
  await ledger.append(
    {
      phase: 'outcome',
      environment: 'staging',
      pass: '1',
      planDigest: '',
      revision: state.revision,
      trees: state.trees,
      trigger: 'test',
      actor: 'test',
      decisions: [],
      at: '2026-01-01T00:00:00.000Z',
      outcomes: [],
      state: {
        ...state,
        jobs: Object.fromEntries(
          names.map(([id, { image: _, ...more }]) => [`marathon:${id}`, job(id, more)]),
        ),
      },
      files: Object.fromEntries(
        names.map(([id, { image }]) => [`marathon${id}.json`, { id, container: { docker: { image } } }]),
      ),
    },
    undefined,
  );
  return ledger;
}
