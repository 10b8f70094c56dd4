import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { jobRef } from '../../src/domain/job/job-ref.js';
import type { ValidatedJob } from '../../src/domain/job/job.js';
import type { Change, ChangeAction, LiveJob } from '../../src/domain/plan/plan.js';
import type { JsonObject } from '../../src/domain/source/json.js';
import type { Scheduler } from '../../src/ports/scheduler.js';
import { silentLog } from '../../src/runtime/log.js';
import { systemClock } from '../../src/runtime/system-clock.js';
import { startChronosPart } from '../../src/sandbox/chronos/index.js';
import { fixedAddresses } from '../../src/schedulers/access/addresses.js';
import { chronosScheduler } from '../../src/schedulers/chronos/driver/index.js';
import { JSON_ANSWER, misbehavingProxy, PAGE, type MisbehavingProxy } from './misbehaving-proxy.js';

const signal = new AbortController().signal;

describe('changing Chronos through a network that loses and a proxy that lies', () => {
  let folder: string;
  let part: { url: string; close(): Promise<void> };
  let proxy: MisbehavingProxy;
  let scheduler: Scheduler;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'towline-chronos-driver-'));
    part = await startChronosPart({ dataDir: folder, host: '127.0.0.1', port: 0, log: silentLog() });
    proxy = await misbehavingProxy(() => part.url);
    scheduler = chronosScheduler({
      name: 'chronos',
      addresses: fixedAddresses([proxy.url]),
      clock: systemClock,
      log: silentLog(),
      pollMs: 20,
    });
  });
  afterEach(() => {
    proxy.react = () => 'pass';
    proxy.seen.length = 0;
  });
  afterAll(async () => {
    await scheduler.close();
    await proxy.close();
    await part.close();
    await rm(folder, { recursive: true, force: true });
  });

  const daily = (name: string, more: JsonObject = {}): JsonObject => ({
    name,
    command: 'true',
    schedule: 'R/2099-01-01T03:00:00Z/P1D',
    ...more,
  });
  const child = (name: string, ...parents: string[]): JsonObject => ({ name, command: 'true', parents });
  const liveOf = async (id: string): Promise<LiveJob | undefined> =>
    (await scheduler.observe({ signal })).find((job) => job.id === id);
  const change = (action: ChangeAction, id: string, spec?: JsonObject, live?: LiveJob): Change => {
    const kind = spec?.['parents'] === undefined ? (live?.kind ?? 'scheduled') : 'dependent';
    const desired = { ref: jobRef('chronos', id), scheduler: 'chronos', kind, id, spec };
    return {
      ref: jobRef('chronos', id),
      scheduler: 'chronos',
      kind,
      id,
      action,
      ...(spec === undefined ? {} : { desired: desired as unknown as ValidatedJob }),
      ...(live === undefined ? {} : { live }),
      fields: [],
      reason: '',
      drift: false,
      unresolved: false,
      after: [],
    };
  };
  const apply = (each: Change, deadlineMs = 2000) =>
    scheduler.apply(each, {
      environment: 'test',
      deadlineMs,
      soakMs: 0,
      noOffersMs: 1000,
      maxTaskFailures: 3,
      onFailure: 'rollback',
      force: false,
      signal,
    });
  const put = async (spec: JsonObject, deadlineMs?: number) => {
    const id = String(spec['name']);
    const live = await liveOf(id);
    proxy.seen.length = 0;
    return apply(change(live === undefined ? 'create' : 'update', id, spec, live), deadlineMs);
  };
  const remove = async (id: string) => apply(change('delete', id, undefined, await liveOf(id)));
  const writes = () => proxy.seen.filter(({ method }) => method !== 'GET' && method !== 'HEAD');
  const raw = async (name: string): Promise<JsonObject | undefined> =>
    ((await (await fetch(`${part.url}/v1/scheduler/jobs`)).json()) as JsonObject[]).find(
      (j) => j['name'] === name,
    );

  it('posts a job once, and believes it only when Chronos shows it', async () => {
    expect(await put(daily('plain'))).toMatchObject({ state: 'applied', sent: daily('plain') });
    expect(writes().map(({ method, path: at }) => `${method} ${at}`)).toEqual(['POST /v1/scheduler/iso8601']);
    expect(await put(child('after', 'plain'))).toMatchObject({ state: 'applied' });
    expect(writes()[0]?.path).toBe('/v1/scheduler/dependency');
  });

  it('sends the counters of a job along when it changes', async () => {
    await put(daily('counted'));
    await fetch(`${part.url}/v1/scheduler/job/success/counted`, { method: 'PUT' });
    await put(daily('counted', { owner: 'a@example.com' }));
    expect(await raw('counted')).toMatchObject({ owner: 'a@example.com', successCount: 1 });
  });

  it('reads back after an answer that got lost, and posts nothing twice', async () => {
    proxy.react = ({ method }) => (method === 'POST' ? 'lose' : 'pass');
    expect(await put(daily('lost'))).toMatchObject({ state: 'applied' });
    expect(writes()).toHaveLength(1);
  });

  it('says that a job without its parents was taken and hidden', async () => {
    const outcome = await put(child('orphan', 'nobody'), 300);
    expect(outcome).toMatchObject({ state: 'failed', message: expect.stringMatching(/nobody.*ghost/) });
  });

  it.each([
    ['an HTML page with status 500', PAGE(500), 'failed'],
    ['a refusal', JSON_ANSWER(400, { status: '400', message: 'Cannot parse schedule' }), 'failed'],
    ['a proxy without a backend', PAGE(503), 'blocked'],
    ['a demand for a password', JSON_ANSWER(401, {}), 'blocked'],
  ] as const)('does not repeat a post that was answered with %s', async (_what, answer, state) => {
    proxy.react = ({ method }) => (method === 'POST' ? answer : 'pass');
    expect(await put(daily('refused'), 300)).toMatchObject({ state });
    expect(writes()).toHaveLength(1);
  });

  it('deletes leaf first only: a parent whose children are there is not deleted', async () => {
    await put(daily('parent'));
    await put(child('leaf', 'parent'));
    expect(await remove('parent')).toMatchObject({
      state: 'blocked',
      message: expect.stringContaining('leaf'),
    });
    expect(await remove('leaf')).toMatchObject({ state: 'applied' });
    expect(await remove('parent')).toMatchObject({ state: 'applied' });
    expect(await raw('parent')).toBeUndefined();
  });

  it('is content where a job that is to be deleted is gone already', async () => {
    await put(daily('gone'));
    const live = await liveOf('gone');
    await fetch(`${part.url}/v1/scheduler/job/gone`, { method: 'DELETE' });
    expect(await apply(change('delete', 'gone', undefined, live))).toMatchObject({ state: 'applied' });
  });

  it('takes no list for complete that two reads do not agree on, as after the election of a leader', async () => {
    let reads = 0;
    proxy.react = ({ path: at }) =>
      at === '/v1/scheduler/jobs' && reads++ === 0 ? JSON_ANSWER(200, []) : 'pass';
    expect((await scheduler.observe({ signal })).map(({ id }) => id)).toContain('plain');
    reads = 0;
    proxy.react = ({ path: at }) =>
      at === '/v1/scheduler/jobs' ? JSON_ANSWER(200, [{ name: `job-${reads++}`, command: 'x' }]) : 'pass';
    await expect(scheduler.observe({ signal })).rejects.toMatchObject({ code: 'chronos-unsteady' });
  });

  it.each([
    ['a page', PAGE(200)],
    ['an outage', PAGE(503)],
    ['an object', JSON_ANSWER(200, {})],
    ['a job without a name', JSON_ANSWER(200, [{ command: 'x' }])],
  ])('takes %s for no list at all', async (_what, answer) => {
    proxy.react = ({ path: at }) => (at === '/v1/scheduler/jobs' ? answer : 'pass');
    await expect(scheduler.observe({ signal })).rejects.toMatchObject({ kind: 'unavailable' });
  });
});
