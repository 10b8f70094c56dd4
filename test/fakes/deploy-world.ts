import { EVERY_RULE } from '../../src/domain/job/validate/rule-policy.js';
import { jobRef } from '../../src/domain/job/job-ref.js';
import { parseStatus } from '../../src/domain/record/status.js';
import type { OrderVerb } from '../../src/domain/record/orders.js';
import type { Json } from '../../src/domain/source/json.js';
import { kvLayout } from '../../src/domain/source/kv-layout.js';
import { gateFactsOf } from '../../src/queries/gate-facts.js';
import { silentLog } from '../../src/runtime/log.js';
import { systemClock } from '../../src/runtime/system-clock.js';
import { deployWorker, type DeployWorkerOptions } from '../../src/workers/deploy/index.js';
import { giveOrder } from '../../src/workers/deploy/order.js';
import { mirrorWorker } from '../../src/workers/mirror/index.js';
import { LENIENT, noSecrets, plainModel } from '../builders/plan-input.js';
import { MemoryKv, MemoryLock } from './memory-kv.js';
import { MemoryLedger } from './memory-ledger.js';
import { MemoryRepository, type Files } from './memory-repository.js';
import { PlainScheduler } from './plain-scheduler.js';

const signal = new AbortController().signal;
export const layout = kvLayout('towline/', 'test');
export const JUDGING = {
  deadlineMs: 1000,
  soakMs: 0,
  noOffersMs: 1000,
  maxTaskFailures: 3,
  force: false,
} as const;
type Jobs = Record<string, Record<string, Json>>;

/** A mirrored environment with a scheduler in memory. */
export function deployWorld(more: Partial<DeployWorkerOptions> = {}) {
  const kv = new MemoryKv();
  const lock = new MemoryLock(kv);
  const ledger = new MemoryLedger();
  const scheduler = new PlainScheduler();
  const repository = new MemoryRepository();
  const common = { layout, kv, lock, clock: systemClock, log: silentLog(), pollMs: 60_000 };
  const { layers = ['jobs'] } = more;
  const mirror = mirrorWorker({
    ...common,
    branch: 'main',
    layers,
    repository,
    reconcileMs: 60_000,
    deletes: { maxCount: 1000, maxShare: 1, allowed: false },
  });
  const options: DeployWorkerOptions = {
    ...common,
    ledger,
    actor: 'ann@host',
    gateFacts: async ({ state }) => gateFactsOf(state, systemClock.now()),
    schedulers: [scheduler],
    models: new Map([['plain', { model: plainModel, context: { settings: {} } }]]),
    policy: LENIENT,
    rules: EVERY_RULE,
    layers,
    ignoreFields: [],
    secrets: noSecrets(),
    together: [],
    adopt: 'none',
    retry: 'none',
    deploy: { ...JUDGING, concurrency: 2, onFailure: 'rollback' },
    ...more,
  };
  return {
    options,
    kv,
    lock,
    ledger,
    scheduler,
    mirror,
    /** Commits these jobs, one file each, and mirrors them. */
    state: async (jobs: Jobs) => {
      const files = Object.entries(jobs).map(([id, spec]) => [
        `jobs/${id}.json`,
        JSON.stringify({ id, ...spec }),
      ]);
      const revision = repository.commit({ 'jobs/README': 'not a job', ...Object.fromEntries(files) });
      await mirror.once({ signal, trigger: 'test' });
      return revision;
    },
    /** Commits files as they are, and mirrors them. */
    commit: async (files: Files) => {
      repository.commit(files);
      await mirror.once({ signal, trigger: 'test' });
    },
    deploy: (how: { dryRun?: boolean } = {}) =>
      deployWorker(options).once({ signal, trigger: 'test', ...how }),
    order: (verb: OrderVerb, ...ids: string[]) =>
      giveOrder(
        { ledger, kv, layout, log: silentLog() },
        { verb, refs: ids.map((id) => jobRef('plain', id)), by: 'ann', at: '2026-01-01T00:00:00.000Z' },
        signal,
      ),
    daemon: (until: AbortSignal) => deployWorker(options).run({ signal: until }),
    status: async (id: string) => {
      const entry = await kv.get(layout.status('plain', id), { signal });
      return entry === undefined ? undefined : parseStatus(entry.value);
    },
    phases: () => ledger.entries.map(({ entry }) => entry.phase),
  };
}
