import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Change } from '../../src/domain/plan/plan.js';
import type { JsonObject } from '../../src/domain/source/json.js';
import type { ApplyOptions } from '../../src/ports/scheduler.js';
import { PAGE } from './misbehaving-proxy.js';
import { marathonWorld, sleeper, type MarathonWorld } from './marathon-world.js';

describe('a second app beside the first', () => {
  let world: MarathonWorld;
  beforeAll(async () => {
    world = await marathonWorld();
  });
  afterAll(() => world.close());

  const ids = async (): Promise<string[]> =>
    ((await world.raw('/v2/apps'))['apps'] as { id: string }[]).map(({ id }) => id).sort();
  const labels = (more: JsonObject = {}): JsonObject => ({ labels: { TOWLINE_STRATEGY: 'canary', ...more } });

  /** Applies an update and tells which apps were ever there. */
  const update = async (id: string, spec: JsonObject, options: Partial<ApplyOptions> = {}) => {
    const seen = new Map<string, JsonObject>();
    let going = true;
    const watching = (async () => {
      while (going) {
        for (const app of (await world.raw('/v2/apps'))['apps'] as JsonObject[])
          if (String(app['id']).startsWith(`${id}-`)) seen.set(String(app['id']), app);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    })();
    const outcome = await world.put(id, spec, options);
    going = false;
    await watching;
    return { outcome, seen };
  };

  it('runs the new definition with a share of the instances first, then the first app is replaced and it goes', async () => {
    await world.put('/shop/web', sleeper('/shop/web', { instances: 5, ...labels() }));
    const { outcome, seen } = await update(
      '/shop/web',
      sleeper('/shop/web', { instances: 5, env: { V: '2' }, ...labels({ TOWLINE_CANARY_SHARE: '0.3' }) }),
    );
    expect(outcome).toMatchObject({ state: 'applied', message: 'canary good; 5 of 5 running' });
    const canary = seen.get('/shop/web-canary');
    expect(canary).toMatchObject({
      instances: 2,
      env: { V: '2' },
      labels: { TOWLINE_ROLLOUT_OF: '/shop/web', TOWLINE_ENVIRONMENT: 'test' },
    });
    expect(await ids()).toEqual(['/shop/web']);
    expect(await world.rawApp('/shop/web')).toMatchObject({ env: { V: '2' }, tasksRunning: 5 });
    expect(outcome.sent?.['env']).toEqual({ V: '2' });
    await world.remove('/shop/web');
  });

  it('is a whole second set for blue-green, joined for marathon-lb by an alternate port', async () => {
    const spec = (v: string): JsonObject =>
      sleeper('/bg', {
        instances: 2,
        env: { V: v, SERVICE_NAME: 'bg' },
        portDefinitions: [{ port: 10_104, name: 'http' }],
        labels: {
          TOWLINE_STRATEGY: 'blue-green',
          HAPROXY_DEPLOYMENT_GROUP: 'bg',
          HAPROXY_DEPLOYMENT_ALT_PORT: '10105',
        },
      });
    await world.put('/bg', spec('1'));
    const { outcome, seen } = await update('/bg', spec('2'));
    expect(outcome.state).toBe('applied');
    expect(seen.get('/bg-green')).toMatchObject({
      instances: 2,
      env: { SERVICE_NAME: 'bg' },
      portDefinitions: [{ port: 10_105 }],
      labels: {
        HAPROXY_APP_ID: '/bg',
        HAPROXY_0_PORT: '10104',
        HAPROXY_DEPLOYMENT_TARGET_INSTANCES: '2',
        HAPROXY_DEPLOYMENT_STARTED_AT: expect.stringMatching(/^\d{4}-/),
      },
    });
    expect((await world.rawApp('/bg'))['portDefinitions']).toMatchObject([{ port: 10_104 }]);
    await world.remove('/bg');
  });

  it('takes a bad canary away and never touches the app', async () => {
    await world.put('/bad', sleeper('/bad', { instances: 2, ...labels() }));
    const before = await world.rawApp('/bad');
    const { outcome } = await update('/bad', sleeper('/bad', { instances: 2, cmd: 'exit 7', ...labels() }));
    expect(outcome).toMatchObject({
      state: 'rolled-back',
      message: expect.stringMatching(
        /^canary failed: its tasks do not stay up: .*status 7.*; \/bad was not touched$/,
      ),
    });
    const after = await world.rawApp('/bad');
    expect(after['version']).toBe(before['version']);
    expect(after.tasks.map(({ id }) => id)).toEqual(before.tasks.map(({ id }) => id));
    expect(await ids()).toEqual(['/bad']);
    await world.remove('/bad');
  });

  it('goes on with a canary that a killed deployer left, and names a left one in what is live', async () => {
    await world.put('/left', sleeper('/left', { instances: 2, ...labels() }));
    const next = sleeper('/left', { instances: 2, env: { V: '2' }, ...labels() });
    const stop = new AbortController();
    const live = await world.liveOf('/left');
    const killed = world.scheduler
      .apply(
        world.change('update', '/left', next, live),
        world.options({ signal: stop.signal, soakMs: 60_000 }),
      )
      .catch((error: unknown) => error);
    while (!(await ids()).includes('/left-canary'));
    stop.abort();
    await killed;
    expect(await world.liveOf('/left-canary')).toMatchObject({
      beside: 'marathon:/left',
      ownerLabel: 'test',
    });
    expect(await world.put('/left', next)).toMatchObject({ state: 'applied' });
    expect(await ids()).toEqual(['/left']);
    await world.remove('/left');
  });

  it('is held where somebody else has an app of that name', async () => {
    await world.put('/named', sleeper('/named', labels()));
    await world.put('/named-canary', sleeper('/named-canary'));
    expect(await world.put('/named', sleeper('/named', { env: { V: '2' }, ...labels() }))).toMatchObject({
      state: 'blocked',
      message: expect.stringContaining('somebody else has one of that name'),
    });
    for (const id of ['/named', '/named-canary']) await world.remove(id);
  });
});

describe('apps that are changed together', () => {
  let world: MarathonWorld;
  beforeAll(async () => {
    world = await marathonWorld();
  });
  afterAll(() => world.close());

  const together = async (specs: readonly JsonObject[], options: Partial<ApplyOptions> = {}) => {
    const changes: Change[] = [];
    for (const spec of specs) {
      const live = await world.liveOf(String(spec['id']));
      changes.push(world.change(live === undefined ? 'create' : 'update', String(spec['id']), spec, live));
    }
    world.proxy.seen.length = 0;
    const { applyTogether } = world.scheduler;
    if (applyTogether === undefined) throw new Error('Marathon can');
    return applyTogether(changes, world.options(options));
  };

  it('are one request and one deployment', async () => {
    const outcomes = await together([sleeper('/set/a'), sleeper('/set/b', { dependencies: ['/set/a'] })]);
    expect(outcomes.map(({ state }) => state)).toEqual(['applied', 'applied']);
    expect(new Set(outcomes.map(({ deploymentId }) => deploymentId)).size).toBe(1);
    expect(world.writes().map(({ method, path }) => `${method} ${path}`)).toEqual([
      'PUT /v2/apps?partialUpdate=false&force=false',
    ]);
  });

  it('are all put back when one of them fails, what was new is gone again', async () => {
    await world.put('/set/other', sleeper('/set/other'));
    const outcomes = await together([
      sleeper('/set/a', { env: { V: '2' } }),
      sleeper('/set/b', { cmd: 'exit 5' }),
      sleeper('/set/new', { env: { V: '2' } }),
    ]);
    expect(outcomes.map(({ state }) => state)).toEqual(['rolled-back', 'rolled-back', 'rolled-back']);
    for (const { message } of outcomes)
      expect(message).toMatch(/^marathon:\/set\/b: its tasks do not stay up/);
    expect((await world.rawApp('/set/a'))['env'] ?? {}).toEqual({});
    expect(await world.rawApp('/set/b')).toMatchObject({ cmd: 'exec sleep 1000', tasksRunning: 1 });
    expect(await world.liveOf('/set/new')).toBeUndefined();
    expect(await world.liveOf('/set/other')).toBeDefined();
  });

  it('are none of them changed when one is not valid, and the message says which', async () => {
    const outcomes = await together([
      sleeper('/set/a', { env: { V: '3' } }),
      sleeper('/set/b', { cpus: 'many' }),
    ]);
    expect(outcomes.map(({ state }) => state)).toEqual(['failed', 'failed']);
    expect(outcomes[0]?.message).toBe(
      'marathon:/set/b: Marathon rejected it (422): web.yaml:7:3: /cpus: error.expected.jsnumber',
    );
    expect((await world.rawApp('/set/a'))['env'] ?? {}).toEqual({});
  });

  it('wait for a new plan when one of them was changed meanwhile', async () => {
    const live = await world.liveOf('/set/a');
    await world.put('/set/a', sleeper('/set/a', { env: { BY: 'another' } }));
    const late = world.change('update', '/set/a', sleeper('/set/a', { env: { BY: 'plan' } }), live);
    const other = world.change(
      'update',
      '/set/b',
      sleeper('/set/b', { env: { BY: 'plan' } }),
      await world.liveOf('/set/b'),
    );
    const outcomes = await world.scheduler.applyTogether?.([late, other], world.options());
    expect(outcomes?.map(({ state, replan }) => [state, replan])).toEqual([
      ['blocked', true],
      ['blocked', true],
    ]);
    expect((await world.rawApp('/set/b'))['env'] ?? {}).toEqual({});
  });
});

describe('groups that a deletion leaves empty', () => {
  let world: MarathonWorld;
  beforeAll(async () => {
    world = await marathonWorld();
  });
  afterAll(() => world.close());
  const groupsOf = async (): Promise<string> => JSON.stringify(await world.raw('/v2/groups'));

  it('go with it, up to one that still holds something', async () => {
    await world.put('/a/keep', sleeper('/a/keep'));
    await world.put('/a/b/c/app', sleeper('/a/b/c/app'));
    const outcome = await world.remove('/a/b/c/app');
    expect(outcome).toMatchObject({ state: 'applied', message: 'deleted, and the empty /a/b/c, /a/b' });
    expect(await groupsOf()).toContain('"/a"');
    expect(await groupsOf()).not.toContain('"/a/b"');
    expect(await world.liveOf('/a/keep')).toBeDefined();
  });

  it('stay where they can not be read just now; the deletion is done all the same', async () => {
    await world.put('/unread/app', sleeper('/unread/app'));
    const live = await world.liveOf('/unread/app');
    world.proxy.react = ({ path }) => (path.startsWith('/v2/groups/unread') ? PAGE(503) : 'pass');
    const outcome = await world.scheduler.apply(
      world.change('delete', '/unread/app', undefined, live),
      world.options(),
    );
    world.proxy.react = () => 'pass';
    expect(outcome).toMatchObject({ state: 'applied', message: 'deleted' });
  });

  it('stay where they have attributes of their own', async () => {
    await world.put('/own/app', sleeper('/own/app'));
    await fetch(`${world.part.url}/v2/groups/own`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ dependencies: ['/a'] }),
    });
    expect(await world.remove('/own/app')).toMatchObject({ state: 'applied', message: 'deleted' });
    expect(await groupsOf()).toContain('"/own"');
  });
});
