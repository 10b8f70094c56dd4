import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { jobRef } from '../../src/domain/job/job-ref.js';
import type { ValidatedJob } from '../../src/domain/job/job.js';
import type { Change, ChangeAction, LiveJob } from '../../src/domain/plan/plan.js';
import type { JsonObject } from '../../src/domain/source/json.js';
import type { ApplyOptions, Scheduler } from '../../src/ports/scheduler.js';
import { silentLog } from '../../src/runtime/log.js';
import { systemClock } from '../../src/runtime/system-clock.js';
import { startMarathonPart, type RunningPart } from '../../src/sandbox/marathon/index.js';
import { marathonScheduler } from '../../src/schedulers/marathon/driver/index.js';
import { JSON_ANSWER, misbehavingProxy, PAGE, type MisbehavingProxy } from './misbehaving-proxy.js';

const signal = new AbortController().signal;

describe('changing Marathon through a network that loses and a proxy that lies', () => {
  let folder: string;
  let part: RunningPart;
  let proxy: MisbehavingProxy;
  let scheduler: Scheduler;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'towline-driver-'));
    part = await startMarathonPart({
      dataDir: folder,
      host: '127.0.0.1',
      port: 0,
      log: silentLog(),
      timeScale: 20,
    });
    proxy = await misbehavingProxy(() => part.url);
    scheduler = marathonScheduler({
      name: 'marathon',
      urls: [proxy.url],
      auth: { user: 'towline', password: 'secret' },
      clock: systemClock,
      log: silentLog(),
      pollMs: 50,
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

  const sleeper = (id: string, more: JsonObject = {}): JsonObject => ({
    id,
    cmd: 'exec sleep 1000',
    cpus: 0.01,
    mem: 16,
    instances: 1,
    ...more,
  });
  const liveOf = async (id: string): Promise<LiveJob | undefined> =>
    (await scheduler.observe({ signal })).find((job) => job.id === id);
  const change = (action: ChangeAction, id: string, spec?: JsonObject, live?: LiveJob): Change => ({
    ref: jobRef('marathon', id),
    scheduler: 'marathon',
    kind: 'app',
    id,
    action,
    ...(spec === undefined
      ? {}
      : {
          desired: {
            ref: jobRef('marathon', id),
            scheduler: 'marathon',
            kind: 'app',
            id,
            spec,
          } as ValidatedJob,
        }),
    ...(live === undefined ? {} : { live }),
    fields: [],
    reason: '',
    drift: false,
    unresolved: false,
    after: [],
  });
  const options = (more: Partial<ApplyOptions> = {}): ApplyOptions => ({
    environment: 'test',
    deadlineMs: 20_000,
    onFailure: 'rollback',
    force: false,
    signal,
    ...more,
  });
  const put = async (id: string, spec: JsonObject, more: Partial<ApplyOptions> = {}) => {
    const live = await liveOf(id);
    return scheduler.apply(change(live === undefined ? 'create' : 'update', id, spec, live), options(more));
  };
  const writes = () => proxy.seen.filter(({ method }) => method !== 'GET' && method !== 'HEAD');
  const rawApp = async (id: string) =>
    ((await (await fetch(`${part.url}/v2/apps${id}`)).json()) as { app: JsonObject }).app;

  it('replaces as a whole, says so to Marathon, marks what it owns, and waits until it runs', async () => {
    const outcome = await put('/plain', sleeper('/plain', { env: { A: '1' } }));
    expect(outcome).toMatchObject({
      state: 'applied',
      version: expect.any(String),
      deploymentId: expect.any(String),
    });
    await put('/plain', sleeper('/plain'));
    expect(writes().map(({ path: at }) => at)).toEqual([
      '/v2/apps/plain?partialUpdate=false&force=false',
      '/v2/apps/plain?partialUpdate=false&force=false',
    ]);
    const app = await rawApp('/plain');
    expect(app['labels']).toEqual({ TOWLINE_ENVIRONMENT: 'test' });
    expect(app['env'] ?? {}).toEqual({});
    expect(writes()[0]?.headers.authorization).toBe(`Basic ${btoa('towline:secret')}`);
  });

  it('reads back after an answer that got lost, and sends nothing twice', async () => {
    proxy.react = ({ method }) => (method === 'PUT' ? 'lose' : 'pass');
    expect(await put('/lost', sleeper('/lost'))).toMatchObject({ state: 'applied' });
    expect(writes()).toHaveLength(1);
  });

  it.each([503, 502, 504])('tries again after a %d that had no effect', async (status) => {
    let times = 0;
    proxy.react = ({ method }) => (method === 'PUT' && times++ === 0 ? PAGE(status) : 'pass');
    expect(await put('/page', sleeper('/page', { env: { S: String(status) } }))).toMatchObject({
      state: 'applied',
    });
    expect(times).toBe(2);
  });

  it('gives up on a proxy that always answers with its page, without claiming anything', async () => {
    proxy.react = ({ method }) => (method === 'PUT' ? PAGE(503) : 'pass');
    const outcome = await put('/never', sleeper('/never'), { deadlineMs: 10_000 });
    expect(outcome).toMatchObject({ state: 'blocked', message: expect.stringContaining('503') });
    expect(writes().length).toBeLessThanOrEqual(4);
    expect(await liveOf('/never')).toBeUndefined();
  });

  it('waits for a foreign deployment that holds the lock, unforced', async () => {
    let times = 0;
    const locked = JSON_ANSWER(409, {
      message: 'App is locked by one or more deployments.',
      deployments: [{ id: 'foreign' }],
    });
    proxy.react = ({ method }) => (method === 'PUT' && times++ < 2 ? locked : 'pass');
    expect(await put('/locked', sleeper('/locked'))).toMatchObject({ state: 'applied' });
    expect(writes().every(({ path: at }) => at.endsWith('force=false'))).toBe(true);
    times = 0;
    expect(await put('/locked', sleeper('/locked', { env: { A: '1' } }), { force: true })).toMatchObject({
      state: 'applied',
    });
    expect(writes().at(-1)?.path).toContain('force=true');
  });

  it('says what was wrong with a definition that Marathon refuses, and does not repeat it', async () => {
    const refusal = JSON_ANSWER(422, {
      message: 'Object is not valid',
      details: [{ path: '/upgradeStrategy', errors: ['must be between 0 and 1'] }],
    });
    proxy.react = ({ method }) => (method === 'PUT' ? refusal : 'pass');
    expect(await put('/bad', sleeper('/bad'))).toMatchObject({
      state: 'failed',
      message: 'Marathon rejected it (422): Object is not valid: /upgradeStrategy: must be between 0 and 1',
    });
    expect(writes()).toHaveLength(1);
  });

  it('holds a change that it has no right to make', async () => {
    proxy.react = ({ method }) =>
      method === 'PUT' ? JSON_ANSWER(401, { message: 'Invalid credentials' }) : 'pass';
    expect(await put('/denied', sleeper('/denied'))).toMatchObject({ state: 'blocked' });
    expect(writes()).toHaveLength(1);
  });

  it('holds a change whose job was changed by somebody else since the plan was made', async () => {
    await put('/raced', sleeper('/raced'));
    const live = await liveOf('/raced');
    await put('/raced', sleeper('/raced', { env: { BY: 'another' } }));
    proxy.seen.length = 0;
    const late = change('update', '/raced', sleeper('/raced', { env: { BY: 'the plan' } }), live);
    expect(await scheduler.apply(late, options())).toMatchObject({ state: 'blocked' });
    expect(writes()).toEqual([]);
  });

  it('puts back what ran before when the new definition does not stay up, and proves that it runs', async () => {
    await put('/crash', sleeper('/crash', { env: { GOOD: 'yes' } }));
    const outcome = await put('/crash', sleeper('/crash', { cmd: 'echo no database >&2; exit 3' }));
    expect(outcome).toMatchObject({
      state: 'rolled-back',
      message: expect.stringMatching(/do not stay up.*status 3.*what ran before runs again/),
    });
    const app = await rawApp('/crash');
    expect(app).toMatchObject({
      cmd: 'exec sleep 1000',
      env: { GOOD: 'yes' },
      tasksRunning: 1,
      deployments: [],
    });
  });

  it('sees a task that ends by itself with success as a failure of a service', async () => {
    const outcome = await put('/ends', sleeper('/ends', { cmd: 'exit 0' }), { onFailure: 'leave' });
    expect(outcome).toMatchObject({ state: 'failed', message: expect.stringContaining('exit code 0') });
    await scheduler.apply(
      change('delete', '/ends', undefined, await liveOf('/ends')),
      options({ force: true }),
    );
  });

  it('waits for a task that runs at first and ends a moment later', async () => {
    const outcome = await put('/soon', sleeper('/soon', { cmd: 'sleep 0.9; exit 0' }), {
      onFailure: 'leave',
    });
    expect(outcome).toMatchObject({ state: 'failed' });
    await scheduler.apply(
      change('delete', '/soon', undefined, await liveOf('/soon')),
      options({ force: true }),
    );
  });

  it('takes a new app away again that never becomes healthy', async () => {
    const sick = sleeper('/sick', {
      healthChecks: [
        { protocol: 'COMMAND', command: { value: 'false' }, gracePeriodSeconds: 300, intervalSeconds: 5 },
      ],
    });
    const outcome = await put('/sick', sick, { deadlineMs: 1500 });
    expect(outcome).toMatchObject({
      state: 'rolled-back',
      message: expect.stringMatching(/0 of 1 tasks are healthy.*it was new and was deleted again/),
    });
  });

  it('says which resource no agent offers', async () => {
    const outcome = await put('/huge', sleeper('/huge', { mem: 1_000_000 }), { deadlineMs: 1500 });
    expect(outcome).toMatchObject({ message: expect.stringContaining('too little memory') });
  });

  it('deletes without forcing, and is content where somebody was quicker', async () => {
    await put('/gone', sleeper('/gone'));
    const live = await liveOf('/gone');
    expect(await scheduler.apply(change('delete', '/gone', undefined, live), options())).toMatchObject({
      state: 'applied',
    });
    expect(writes().at(-1)).toMatchObject({ method: 'DELETE', path: '/v2/apps/gone?force=false' });
    expect(await scheduler.apply(change('delete', '/gone', undefined, live), options())).toMatchObject({
      state: 'applied',
      message: 'it was gone already',
    });
  });

  it.each(['/v2/apps', '/v2/groups', '/v2/pods', '/v2/deployments'])(
    'takes no list for complete when %s could not be read',
    async (at) => {
      proxy.react = (request) => (request.path.startsWith(at) ? PAGE(503) : 'pass');
      await expect(scheduler.observe({ signal })).rejects.toMatchObject({ kind: 'unavailable' });
    },
  );

  it.each([
    ['a page in place of the list', PAGE(200)],
    ['an object without the list', JSON_ANSWER(200, {})],
    ['a list of something else', JSON_ANSWER(200, { apps: [1] })],
    ['an app without an id', JSON_ANSWER(200, { apps: [{ cmd: 'x' }] })],
  ])('takes %s for no answer', async (_what, answer) => {
    proxy.react = (request) => (request.path === '/v2/apps' ? answer : 'pass');
    await expect(scheduler.observe({ signal })).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('never sends what a group holds, only what the group itself says', async () => {
    const group: Change = {
      ...change('update', '/set'),
      kind: 'group',
      desired: {
        ref: jobRef('marathon', '/set'),
        scheduler: 'marathon',
        kind: 'group',
        id: '/set',
        spec: { id: '/set', dependencies: ['/plain'], apps: [{ id: 'a' }], groups: [] },
      } as unknown as ValidatedJob,
    };
    await put('/set/a', sleeper('/set/a'));
    proxy.seen.length = 0;
    expect(await scheduler.apply(group, options())).toMatchObject({ state: 'applied' });
    expect(JSON.parse(writes()[0]?.body ?? '')).toEqual({ id: '/set', dependencies: ['/plain'] });
    expect(await liveOf('/set/a')).toBeDefined();
  });
});
