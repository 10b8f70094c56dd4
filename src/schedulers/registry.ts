import type { SchedulerModel } from '../domain/job/scheduler-model.js';
import type { Clock } from '../ports/clock.js';
import type { Addresses, Scheduler, SchedulerAuth, SchedulerTls } from '../ports/scheduler.js';
import type { Log } from '../runtime/log.js';
import { chronosModel } from './chronos/model/index.js';
import { marathonModel } from './marathon/model/index.js';

/** What every driver is opened with. */
export interface SchedulerOptions {
  /** Name in the environment. */
  name: string;
  addresses: Addresses;
  auth?: SchedulerAuth;
  tls?: SchedulerTls;
  /** Facts about the server, as configured. */
  settings: Readonly<Record<string, string>>;
  clock: Clock;
  log: Log;
}

export interface SchedulerKind {
  model: SchedulerModel;
  /** Loads the driver and opens it; no call is made before the first method. */
  open(options: SchedulerOptions): Promise<Scheduler>;
}

/** All schedulers that Towline knows: one line each. */
export const SCHEDULER_KINDS: ReadonlyMap<string, SchedulerKind> = new Map<string, SchedulerKind>([
  [
    'marathon',
    {
      model: marathonModel,
      open: async ({ settings: { mesosWorkDir }, ...o }) =>
        (await import('./marathon/driver/index.js')).marathonScheduler({
          ...o,
          ...(mesosWorkDir === undefined ? {} : { mesosWorkDir }),
        }),
    },
  ],
  [
    'chronos',
    {
      model: chronosModel,
      open: async (o) => (await import('./chronos/driver/index.js')).chronosScheduler(o),
    },
  ],
]);
