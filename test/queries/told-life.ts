import { parseJobRef, type JobRef } from '../../src/domain/job/job-ref.js';
import type { ChangeAction } from '../../src/domain/plan/plan.js';
import { ledgerFile, type LedgerEntry, type LedgerState } from '../../src/domain/record/ledger-entry.js';
import { firstState, orderEntry, type Order } from '../../src/domain/record/orders.js';
import type { Outcome, OutcomeState } from '../../src/domain/record/outcome.js';
import { nextSequence } from '../../src/domain/record/sequence.js';
import type { JsonObject } from '../../src/domain/source/json.js';
import type { ObjectId, Revision } from '../../src/domain/source/revision.js';
import type { LiveTask, Scheduler } from '../../src/ports/scheduler.js';
import type { CommitInfo } from '../../src/ports/job-repository.js';
import type { Models } from '../../src/queries/declared.js';
import { SCHEDULER_KINDS } from '../../src/schedulers/registry.js';
import { MemoryLedger } from '../fakes/memory-ledger.js';
import { MemoryRepository, type Files } from '../fakes/memory-repository.js';

/** What a pass did to a job, and what it sent where that is told. */
export interface Told {
  ref: string;
  action: ChangeAction;
  state?: OutcomeState;
  message?: string;
  sent?: JsonObject;
}

class ToldRepository extends MemoryRepository {
  readonly told = new Map<Revision, CommitInfo>();

  override async log(revision?: Revision): Promise<CommitInfo[]> {
    const known = revision === undefined ? undefined : this.told.get(revision);
    if (known === undefined) throw new Error(`bad object ${revision ?? ''}`);
    return [known];
  }
}

/** A scheduler that only tells which tasks run. */
function askedScheduler(name: string, tasks: readonly LiveTask[]): Scheduler {
  return {
    name,
    kind: name,
    observe: async () => [],
    apply: () => Promise.reject(new Error('nothing is deployed here')),
    tasks: async (id) => tasks.filter(({ jobId }) => jobId === id),
    describe: async () => ({ facts: {} }),
    close: async () => undefined,
  };
}

/** A life that a test writes down by hand: commits, passes and orders, each at a time of 2026-03-01. */
export class ToldLife {
  readonly ledger = new MemoryLedger();
  readonly repository = new ToldRepository();
  readonly models: Models = new Map(
    [...SCHEDULER_KINDS].map(([name, { model }]) => [name, { model, context: { settings: {} } }]),
  );
  readonly tasks: LiveTask[] = [];
  readonly schedulers = [...SCHEDULER_KINDS.keys()].map((name) => askedScheduler(name, this.tasks));
  #passes = 0;

  /** `09:10` as it stands on record. */
  at = (time: string): string => `2026-03-01T${time}:00.000Z`;

  commit(time: string, who: string, subject: string, files: Files): Revision {
    const revision = this.repository.commit(files);
    const author = { name: who, email: `${who}@example.org` };
    const told = { revision, parents: [], author, at: this.at(time), subject, body: '', trailers: [] };
    this.repository.told.set(revision, told);
    return revision;
  }

  /** A pass that ended; its entry. */
  async pass(time: string, revision: Revision, all: readonly Told[]): Promise<ObjectId> {
    const { commit, state } = await this.ledger.head();
    const pass = `p${++this.#passes}`;
    const outcomes = all.map((each) => this.#outcome(each, this.at(time)));
    const files: LedgerEntry['files'] = {};
    const jobs = { ...state?.jobs };
    for (const { ref, scheduler, kind, id, action, state: end, message, sent, version } of outcomes) {
      const path = ledgerFile(scheduler, kind, id);
      const file = sent === undefined ? jobs[ref]?.file : path;
      if (sent !== undefined) files[path] = sent;
      const job = { scheduler, kind, id, revision, outcome: end, message, action, pass, at: this.at(time) };
      jobs[ref] = {
        ...job,
        ...(file === undefined ? {} : { file }),
        ...(version === undefined ? {} : { version }),
      };
      if (action !== 'delete' || end !== 'applied') continue;
      delete jobs[ref];
      files[path] = null;
    }
    const base: LedgerState = state ?? firstState('production', revision, []);
    const entry: LedgerEntry = {
      phase: 'outcome',
      environment: 'production',
      pass,
      planDigest: `sha256:${pass}`,
      revision,
      trees: [],
      trigger: 'run',
      actor: 'towline@deploy-1',
      decisions: [],
      at: this.at(time),
      outcomes,
      state: { ...base, sequence: nextSequence(state), revision, pass, jobs },
      files,
    };
    return this.ledger.append(entry, commit);
  }

  async order(time: string, order: Omit<Order, 'at'>): Promise<ObjectId> {
    const { commit, state } = await this.ledger.head();
    const entry = state === undefined ? undefined : orderEntry({ ...order, at: this.at(time) }, state);
    if (entry === undefined) throw new Error('it would change nothing');
    return this.ledger.append(entry, commit);
  }

  #outcome({ ref, action, state = 'applied', message = 'healthy', sent }: Told, at: string): Outcome {
    const { scheduler = '', id = '' } = parseJobRef(ref) ?? {};
    const kind = scheduler === 'marathon' ? 'app' : 'scheduled';
    const common = {
      ref: ref as JobRef,
      scheduler,
      kind,
      id,
      action,
      state,
      message,
      startedAt: at,
      endedAt: at,
    };
    const version = scheduler === 'marathon' ? { version: `v${this.#passes}` } : {};
    return { ...common, ...version, ...(sent === undefined ? {} : { sent }) };
  }
}
