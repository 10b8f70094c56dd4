import { consulKvStore, consulLock } from '../../../src/consul/index.js';
import { EVERY_RULE } from '../../../src/domain/job/validate/rule-policy.js';
import { kvLayout } from '../../../src/domain/source/kv-layout.js';
import { gitStore } from '../../../src/git/index.js';
import { gitLedger } from '../../../src/ledger/index.js';
import type { Lock } from '../../../src/ports/lock.js';
import { gateFactsOf } from '../../../src/queries/gate-facts.js';
import { silentLog } from '../../../src/runtime/log.js';
import { systemClock } from '../../../src/runtime/system-clock.js';
import { fixedAddresses } from '../../../src/schedulers/access/addresses.js';
import { chronosScheduler } from '../../../src/schedulers/chronos/driver/index.js';
import { chronosModel } from '../../../src/schedulers/chronos/model/index.js';
import { marathonScheduler } from '../../../src/schedulers/marathon/driver/index.js';
import { marathonModel } from '../../../src/schedulers/marathon/model/index.js';
import { deployWorker } from '../../../src/workers/deploy/index.js';
import { LENIENT, noSecrets } from '../../builders/plan-input.js';
import { watched, type Points } from './points.js';

/** Where everything is that a deployer of the crash test works with. */
export interface Places {
  location: string;
  storeDir: string;
  consulUrl: string;
  marathonUrl: string;
  chronosUrl: string;
}

export const layout = kvLayout('towline/', 'test');
export const LEDGER = 'ledger/test';
export const author = { name: 'Towline', email: 'towline@localhost' };

/** The real deployer with the real ledger, drivers, KV store and lock, all of whose waits are points. */
export function openDeployer(places: Places, points: Points) {
  const log = silentLog();
  const consul = { address: places.consulUrl, log };
  const kv = consulKvStore(consul);
  const lock = consulLock({ ...consul, ttlSeconds: 10 });
  const store = gitStore({ location: places.location, storeDir: places.storeDir, author, log });
  const ledger = gitLedger({
    store: watched(store, 'git', points),
    branch: LEDGER,
    environment: 'test',
    author,
  });
  const common = { clock: systemClock, log, pollMs: 10 };
  const schedulers = [
    marathonScheduler({ ...common, name: 'marathon', addresses: fixedAddresses([places.marathonUrl]) }),
    chronosScheduler({
      ...common,
      name: 'chronos',
      addresses: fixedAddresses([places.chronosUrl]),
      loadMs: 0,
    }),
  ];
  const worker = deployWorker({
    layout,
    kv: watched(kv, 'kv', points),
    lock: watchedLock(lock, points),
    ledger: watched(ledger, 'ledger', points),
    actor: 'ann@host',
    gateFacts: async ({ state }) => gateFactsOf(state, systemClock.now()),
    schedulers: schedulers.map((scheduler) => watched(scheduler, scheduler.name, points)),
    models: new Map([
      ['marathon', { model: marathonModel, context: { settings: {} } }],
      ['chronos', { model: chronosModel, context: { settings: {} } }],
    ]),
    policy: LENIENT,
    rules: EVERY_RULE,
    layers: ['jobs'],
    ignoreFields: [],
    together: [],
    adopt: 'none',
    retry: 'none',
    secrets: noSecrets(),
    deploy: {
      deadlineMs: 5000,
      soakMs: 0,
      // What has no machine is known to have none at once.
      noOffersMs: 0,
      maxTaskFailures: 3,
      force: false,
      concurrency: 2,
      onFailure: 'rollback',
    },
    clock: systemClock,
    log,
    pollMs: 60_000,
  });
  return {
    worker,
    ledger,
    close: async (): Promise<void> => {
      for (const each of [...schedulers, kv, lock, store]) await each.close();
    },
  };
}

function watchedLock(lock: Lock, points: Points): Lock {
  const all = watched(lock, 'lock', points);
  return {
    acquire: async (key, waiting) => watched(await all.acquire(key, waiting), 'held', points),
    tryAcquire: async (key, waiting) => {
      const held = await all.tryAcquire(key, waiting);
      return held === undefined ? undefined : watched(held, 'held', points);
    },
  };
}
