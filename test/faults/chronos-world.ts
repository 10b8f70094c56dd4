import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Change, ChangeAction, LiveJob } from '../../src/domain/plan/plan.js';
import type { Outcome } from '../../src/domain/record/outcome.js';
import type { JsonObject } from '../../src/domain/source/json.js';
import type { ApplyOptions, Scheduler } from '../../src/ports/scheduler.js';
import { silentLog } from '../../src/runtime/log.js';
import { systemClock } from '../../src/runtime/system-clock.js';
import { startChronosPart } from '../../src/sandbox/chronos/index.js';
import { fixedAddresses } from '../../src/schedulers/access/addresses.js';
import { chronosScheduler, type ChronosOptions } from '../../src/schedulers/chronos/driver/index.js';
import { applyOptions, changeOf } from '../builders/change.js';
import { misbehavingProxy, type MisbehavingProxy, type Seen } from './misbehaving-proxy.js';

const signal = new AbortController().signal;

/** A Chronos behind a proxy that misbehaves on demand, and the driver that talks to it. */
export interface ChronosWorld {
  proxy: MisbehavingProxy;
  scheduler: Scheduler;
  /** Chronos itself, past the proxy. */
  url(): string;
  /** Ends it; the next one starts with an empty list, as a new leader does, and keeps it for `loadingMs`. */
  fail(loadingMs?: number): Promise<void>;
  live(id: string): Promise<LiveJob | undefined>;
  raw(id: string): Promise<JsonObject | undefined>;
  change(action: ChangeAction, id: string, spec?: JsonObject, live?: LiveJob): Change;
  apply(change: Change, more?: Partial<ApplyOptions>): Promise<Outcome>;
  /** Creates or changes a job by what is live now. */
  put(spec: JsonObject, more?: Partial<ApplyOptions>): Promise<Outcome>;
  remove(id: string): Promise<Outcome>;
  writes(): Seen[];
  close(): Promise<void>;
}

export async function chronosWorld(
  options: Partial<ChronosOptions> & { urls?: (proxy: string) => string[] } = {},
): Promise<ChronosWorld> {
  const { urls = (url: string) => [url], ...more } = options;
  const folder = await mkdtemp(path.join(os.tmpdir(), 'towline-chronos-world-'));
  const start = (tickMs: number) =>
    startChronosPart({ dataDir: folder, host: '127.0.0.1', port: 0, log: silentLog(), tickMs });
  let part = await start(10);
  const proxy = await misbehavingProxy(() => part.url);
  const scheduler = chronosScheduler({
    name: 'chronos',
    addresses: fixedAddresses(urls(proxy.url)),
    clock: systemClock,
    log: silentLog(),
    pollMs: 20,
    loadMs: 100,
    ...more,
  });
  const world: ChronosWorld = {
    proxy,
    scheduler,
    url: () => part.url,
    fail: async (loadingMs = 10) => {
      await part.close();
      part = await start(loadingMs);
    },
    live: async (id) => (await scheduler.observe({ signal })).find((job) => job.id === id),
    raw: async (id) =>
      ((await (await fetch(`${part.url}/v1/scheduler/jobs`)).json()) as JsonObject[]).find(
        (job) => job['name'] === id,
      ),
    change: (action, id, spec, live) => {
      const kind = spec?.['parents'] === undefined ? (live?.kind ?? 'scheduled') : 'dependent';
      return changeOf(action, { scheduler: 'chronos', kind, id, spec, live });
    },
    apply: (change, given) => scheduler.apply(change, applyOptions(given)),
    put: async (spec, given) => {
      const id = String(spec['name']);
      const live = await world.live(id);
      proxy.seen.length = 0;
      return world.apply(world.change(live === undefined ? 'create' : 'update', id, spec, live), given);
    },
    remove: async (id) => world.apply(world.change('delete', id, undefined, await world.live(id))),
    writes: () => proxy.seen.filter(({ method }) => method !== 'GET' && method !== 'HEAD'),
    close: async () => {
      await scheduler.close();
      await proxy.close();
      await part.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return world;
}

/** A job that does not run by itself in any test. */
export const daily = (name: string, more: JsonObject = {}): JsonObject => ({
  name,
  command: 'true',
  schedule: 'R/2099-01-01T03:00:00Z/P1D',
  ...more,
});

export const child = (name: string, ...parents: string[]): JsonObject => ({ name, command: 'true', parents });
