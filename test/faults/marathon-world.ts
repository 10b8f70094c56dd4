import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Change, ChangeAction, LiveJob } from '../../src/domain/plan/plan.js';
import type { Outcome } from '../../src/domain/record/outcome.js';
import type { JsonObject } from '../../src/domain/source/json.js';
import type { ApplyOptions, Scheduler, SchedulerAuth } from '../../src/ports/scheduler.js';
import { silentLog } from '../../src/runtime/log.js';
import { systemClock } from '../../src/runtime/system-clock.js';
import { startMarathonPart, type RunningPart } from '../../src/sandbox/marathon/index.js';
import { fixedAddresses } from '../../src/schedulers/access/addresses.js';
import { marathonScheduler } from '../../src/schedulers/marathon/driver/index.js';
import { applyOptions, changeOf } from '../builders/change.js';
import { misbehavingProxy, type MisbehavingProxy, type Seen } from './misbehaving-proxy.js';

const signal = new AbortController().signal;

/** The real driver, a proxy that misbehaves on demand, and the sandbox's Marathon behind it. */
export interface MarathonWorld {
  part: RunningPart;
  proxy: MisbehavingProxy;
  scheduler: Scheduler;
  /** Requests that were meant to change something. */
  writes(): Seen[];
  liveOf(id: string): Promise<LiveJob | undefined>;
  change(action: ChangeAction, id: string, spec?: JsonObject, live?: LiveJob): Change;
  options(more?: Partial<ApplyOptions>): ApplyOptions;
  /** Creates or updates an app by what is live, as a plan would. */
  put(id: string, spec: JsonObject, more?: Partial<ApplyOptions>): Promise<Outcome>;
  remove(id: string): Promise<Outcome>;
  /** Straight from the sandbox. */
  raw(at: string): Promise<JsonObject>;
  rawApp(id: string): Promise<JsonObject & { tasks: JsonObject[]; deployments: JsonObject[] }>;
  close(): Promise<void>;
}

export async function marathonWorld({
  timeScale = 20,
  auth = { user: 'towline', password: 'secret' },
  urls = (proxy: string) => [proxy],
}: {
  timeScale?: number;
  auth?: SchedulerAuth;
  urls?: (proxy: string) => string[];
} = {}): Promise<MarathonWorld> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'towline-marathon-'));
  const part = await startMarathonPart({
    dataDir: folder,
    host: '127.0.0.1',
    port: 0,
    log: silentLog(),
    timeScale,
  });
  const proxy = await misbehavingProxy(() => part.url);
  const scheduler = marathonScheduler({
    name: 'marathon',
    addresses: fixedAddresses(urls(proxy.url)),
    auth,
    clock: systemClock,
    log: silentLog(),
    pollMs: 50,
  });
  const world: MarathonWorld = {
    part,
    proxy,
    scheduler,
    writes: () => proxy.seen.filter(({ method }) => method !== 'GET' && method !== 'HEAD'),
    liveOf: async (id) => (await scheduler.observe({ signal })).find((job) => job.id === id),
    change: (action, id, spec, live) => {
      const kind = spec?.['containers'] === undefined && live?.kind !== 'pod' ? 'app' : 'pod';
      return changeOf(action, { scheduler: 'marathon', kind, id, spec, live });
    },
    options: (more = {}) => applyOptions({ deadlineMs: 20_000, soakMs: 300, noOffersMs: 10_000, ...more }),
    put: async (id, spec, more = {}) => {
      const live = await world.liveOf(id);
      const change = world.change(live === undefined ? 'create' : 'update', id, spec, live);
      return scheduler.apply(change, world.options(more));
    },
    remove: async (id) => {
      const change = world.change('delete', id, undefined, await world.liveOf(id));
      return scheduler.apply(change, world.options({ force: true }));
    },
    raw: async (at) => (await (await fetch(`${part.url}${at}`)).json()) as JsonObject,
    rawApp: async (id) =>
      (await world.raw(`/v2/apps${id}`))['app'] as Awaited<ReturnType<MarathonWorld['rawApp']>>,
    close: async () => {
      await scheduler.close();
      await proxy.close();
      await part.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return world;
}

export const sleeper = (id: string, more: JsonObject = {}): JsonObject => ({
  id,
  cmd: 'exec sleep 1000',
  cpus: 0.01,
  mem: 16,
  instances: 1,
  ...more,
});
