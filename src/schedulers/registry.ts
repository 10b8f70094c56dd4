import type { SchedulerModel } from '../domain/job/scheduler-model.js';
import type { Clock } from '../ports/clock.js';
import type { Scheduler } from '../ports/scheduler.js';
import type { Log } from '../runtime/log.js';
import { chronosModel } from './chronos/model/index.js';
import { marathonModel } from './marathon/model/index.js';

/** What every driver is opened with. */
export interface SchedulerOptions {
  /** Name in the environment. */
  name: string;
  /** One or more addresses of the same scheduler. */
  urls: readonly string[];
  auth?: { user: string; password: string } | { token: string };
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
      open: async (o) => (await import('./marathon/driver/index.js')).marathonScheduler(o),
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
