import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { ValidatedJob } from '../../src/domain/job/job.js';
import { jobRef } from '../../src/domain/job/job-ref.js';
import type { Change } from '../../src/domain/plan/plan.js';
import type { JsonObject } from '../../src/domain/source/json.js';
import type { Scheduler } from '../../src/ports/scheduler.js';
import { JSON_ANSWER, misbehavingProxy, PAGE, type MisbehavingProxy } from './misbehaving-proxy.js';
import { marathonWorld, sleeper, type MarathonWorld } from './marathon-world.js';

const signal = new AbortController().signal;

describe('changing Marathon through a network that loses and a proxy that lies', () => {
  let world: MarathonWorld;
  let scheduler: Scheduler;
  let proxy: MisbehavingProxy;
  const put: MarathonWorld['put'] = (...args) => world.put(...args);
  const change: MarathonWorld['change'] = (...args) => world.change(...args);
  const options: MarathonWorld['options'] = (...args) => world.options(...args);
  const liveOf: MarathonWorld['liveOf'] = (id) => world.liveOf(id);
  const rawApp: MarathonWorld['rawApp'] = (id) => world.rawApp(id);
  const writes = () => world.writes();

  beforeAll(async () => {
    world = await marathonWorld();
    ({ scheduler, proxy } = world);
  });
  afterEach(() => {
    proxy.react = () => 'pass';
    proxy.seen.length = 0;
  });
  afterAll(() => world.close());

  it('replaces as a whole, says so to Marathon, marks what it owns, and waits until it runs', async () => {
    const outcome = await put('/plain', sleeper('/plain', { env: { A: '1' } }));
    expect(outcome).toMatchObject({
      state: 'applied',
      version: expect.any(String),
      deploymentId: expect.any(String),
      httpStatus: 201,
    });
    expect(await put('/plain', sleeper('/plain'))).toMatchObject({ httpStatus: 200 });
    expect(writes().map(({ path: at }) => at)).toEqual([
      '/v2/apps/plain?partialUpdate=false&force=false',
      '/v2/apps/plain?partialUpdate=false&force=false',
    ]);
    const app = await rawApp('/plain');
    expect(app['labels']).toEqual({
      TOWLINE_ENVIRONMENT: 'test',
      TOWLINE_DIGEST: expect.stringMatching(/^[0-9a-f]{16}$/),
    });
    expect(app['env'] ?? {}).toEqual({});
    expect(writes()[0]?.headers.authorization).toBe(`Basic ${btoa('towline:secret')}`);
  });

  it('reads back after an answer that got lost, and sends nothing twice', async () => {
    proxy.react = ({ method }) => (method === 'PUT' ? 'lose' : 'pass');
    const outcome = await put('/lost', sleeper('/lost'));
    expect(outcome).toMatchObject({ state: 'applied' });
    // Nobody knows what it was answered with.
    expect(outcome).not.toHaveProperty('httpStatus');
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
    expect(outcome).toMatchObject({
      state: 'blocked',
      message: expect.stringContaining('503'),
      httpStatus: 503,
    });
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
      message: 'Marathon rejected it (422): web.yaml:7:3: /upgradeStrategy: must be between 0 and 1',
      httpStatus: 422,
    });
    expect(writes()).toHaveLength(1);
  });

  it('holds a change that it has no right to make', async () => {
    proxy.react = ({ method }) =>
      method === 'PUT' ? JSON_ANSWER(401, { message: 'Invalid credentials' }) : 'pass';
    expect(await put('/denied', sleeper('/denied'))).toMatchObject({ state: 'blocked', httpStatus: 401 });
    expect(writes()).toHaveLength(1);
  });

  it('holds a change whose job was changed by somebody else since the plan was made', async () => {
    await put('/raced', sleeper('/raced'));
    const live = await liveOf('/raced');
    await put('/raced', sleeper('/raced', { env: { BY: 'another' } }));
    proxy.seen.length = 0;
    const late = change('update', '/raced', sleeper('/raced', { env: { BY: 'the plan' } }), live);
    const outcome = await scheduler.apply(late, options());
    expect(outcome).toMatchObject({ state: 'blocked', replan: true });
    expect(outcome).not.toHaveProperty('httpStatus');
    expect(writes()).toEqual([]);
  });

  it('puts back what ran before when the new definition does not stay up, and proves that it runs', async () => {
    await put('/crash', sleeper('/crash', { env: { GOOD: 'yes' } }));
    const outcome = await put('/crash', sleeper('/crash', { cmd: 'echo no database >&2; exit 3' }));
    expect(outcome).toMatchObject({
      state: 'rolled-back',
      message: expect.stringMatching(/do not stay up.*status 3.*what ran before runs again/),
      httpStatus: 200,
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
      soakMs: 1500,
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
      message: expect.stringMatching(/0 of 1 healthy; 1 unhealthy.*it was new and was deleted again/),
    });
  });

  it('says which resource no agent offers', async () => {
    const outcome = await put('/huge', sleeper('/huge', { mem: 1_000_000 }), { deadlineMs: 1500 });
    expect(outcome).toMatchObject({
      message: expect.stringContaining('no offer fits: 3 of 3 offers lacked memory: needs 1000000 MiB'),
    });
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

  it('waits while the limit of running deployments is reached, which is a 403 that force does not help', async () => {
    let times = 0;
    const full = JSON_ANSWER(403, { message: 'Max number (100) of running deployments reached' });
    proxy.react = ({ method }) => (method === 'PUT' && times++ < 2 ? full : 'pass');
    expect(await put('/limit', sleeper('/limit'))).toMatchObject({ state: 'applied' });
    expect(times).toBe(3);
  });

  it('reads back when a standby gives up on a leader that goes on', async () => {
    proxy.react = ({ method }) =>
      method === 'PUT' ? { status: 500, body: 'Error proxying to leader', after: 'pass' } : 'pass';
    expect(await put('/standby', sleeper('/standby'))).toMatchObject({ state: 'applied' });
    expect(writes()).toHaveLength(1);
  });

  it('takes an answer cut off in the middle for none, and reads back', async () => {
    proxy.react = ({ method }) =>
      method === 'PUT' ? { status: 200, body: '{"versi', after: 'pass' } : 'pass';
    expect(await put('/cut', sleeper('/cut'))).toMatchObject({ state: 'applied' });
    expect(writes()).toHaveLength(1);
  });

  it('follows a redirect to another of its own addresses, with what it sends, and to no other', async () => {
    const second = await misbehavingProxy(() => world.part.url);
    const known = await marathonWorld({ urls: (first) => [first, second.url] });
    try {
      // The first sends everything on to the second, as a load balancer with a leader behind it does.
      known.proxy.react = ({ path }) => ({
        status: 307,
        body: '',
        headers: { location: `${second.url}${path}` },
      });
      expect(await known.put('/sent-on', sleeper('/sent-on'))).toMatchObject({ state: 'applied' });
      expect(second.seen.filter(({ method }) => method === 'PUT')).toHaveLength(1);
      expect(second.seen[0]?.headers.authorization).toBe(`Basic ${btoa('towline:secret')}`);
      second.seen.length = 0;
      proxy.react = ({ path }) => ({ status: 307, body: '', headers: { location: `${second.url}${path}` } });
      expect(await scheduler.apply(change('create', '/stray', sleeper('/stray')), options())).toMatchObject({
        state: 'blocked',
        message: expect.stringContaining('sends on to'),
      });
      expect(second.seen).toEqual([]);
    } finally {
      await known.close();
      await second.close();
    }
  });

  it('goes to the next address when one is not there, also for a write', async () => {
    const gone = await misbehavingProxy(() => world.part.url);
    await gone.close();
    const several = await marathonWorld({ urls: (living) => [gone.url, living] });
    try {
      expect(await several.put('/failover', sleeper('/failover'))).toMatchObject({ state: 'applied' });
      expect(several.writes()).toHaveLength(1);
    } finally {
      await several.close();
    }
  });

  it("takes its own unfinished deployment over, without being configured to, and no one else's", async () => {
    const stuck = {
      healthChecks: [{ protocol: 'COMMAND', command: { value: 'false' }, gracePeriodSeconds: 300 }],
    };
    await put('/own', sleeper('/own', stuck), { onFailure: 'leave', deadlineMs: 500 });
    expect((await rawApp('/own')).deployments).toHaveLength(1);
    expect(await put('/own', sleeper('/own'))).toMatchObject({ state: 'applied' });
    expect(writes().map(({ path }) => path.split('&')[1])).toEqual([
      'force=false',
      'force=false',
      'force=true',
    ]);
    // What somebody else put there, labels of ours included, is waited for.
    await fetch(`${world.part.url}/v2/apps/own?partialUpdate=false`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(
        sleeper('/own', { ...stuck, labels: (await rawApp('/own'))['labels'] ?? {}, env: { BY: 'hand' } }),
      ),
    });
    expect(await put('/own', sleeper('/own'), { deadlineMs: 1500 })).toMatchObject({
      state: 'blocked',
      message: expect.stringContaining('waited for another deployment'),
    });
  });

  it('scales an app that it adopted without restarting it, whatever its labels and checks are', async () => {
    const spec = sleeper('/adopted', {
      healthChecks: [{ protocol: 'TCP', maxConsecutiveFailures: 0, gracePeriodSeconds: 3000 }],
    });
    for (const [id, extra] of [
      ['/adopted/plain', {}],
      ['/adopted/ports', { portDefinitions: [{ port: 0, name: 'http' }] }],
      ['/adopted/limits', { resourceLimits: { cpus: 2 } }],
    ] as [string, JsonObject][]) {
      await fetch(`${world.part.url}/v2/apps${id}?partialUpdate=false`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...spec, id, ...extra }),
      });
      const before = await rawApp(id);
      const live = await liveOf(id);
      const outcome = await scheduler.apply(
        change('scale', id, { ...spec, id, ...extra, instances: 2 }, live),
        options({ deadlineMs: 100, onFailure: 'leave', force: true }),
      );
      expect(outcome.state).toMatch(/applied|failed/);
      const after = await rawApp(id);
      expect(after['instances']).toBe(2);
      const info = (app: typeof after) =>
        (app['versionInfo'] as { lastConfigChangeAt: string }).lastConfigChangeAt;
      expect(info(after)).toBe(info(before));
      await world.remove(id);
    }
  });

  it('does not take scaling down for tasks that do not stay up', async () => {
    await put('/less', sleeper('/less', { instances: 8 }));
    const live = await liveOf('/less');
    expect(await scheduler.apply(change('scale', '/less', sleeper('/less'), live), options())).toMatchObject({
      state: 'applied',
      message: '1 of 1 running',
    });
  });

  it('says that somebody else changed a job while it was deployed, and asks for a new plan', async () => {
    const slow = sleeper('/while', {
      healthChecks: [{ protocol: 'COMMAND', command: { value: 'false' }, gracePeriodSeconds: 3000 }],
    });
    const pending = put('/while', slow);
    while ((await fetch(`${world.part.url}/v2/apps/while`)).status !== 200);
    await fetch(`${world.part.url}/v2/apps/while?partialUpdate=false&force=true`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(sleeper('/while', { env: { BY: 'hand' } })),
    });
    expect(await pending).toMatchObject({ state: 'blocked', replan: true });
    expect((await rawApp('/while'))['env']).toEqual({ BY: 'hand' });
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
