import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../src/domain/source/json.js';
import { until } from '../scenario/processes.js';
import { child, chronosWorld, daily, type ChronosWorld } from './chronos-world.js';
import { JSON_ANSWER, PAGE } from './misbehaving-proxy.js';

const signal = new AbortController().signal;

describe('changing Chronos through a network that loses and a proxy that lies', () => {
  let world: ChronosWorld;

  beforeAll(async () => {
    world = await chronosWorld();
    expect(await world.put(daily('plain'))).toMatchObject({ state: 'applied' });
  });
  afterEach(() => {
    world.proxy.react = () => 'pass';
    world.proxy.seen.length = 0;
  });
  afterAll(() => world.close());

  const posts = () => world.writes().map(({ method, path }) => `${method} ${path}`);

  it('posts a job once, believes it only when Chronos shows it, and says when it runs next', async () => {
    expect(await world.put(daily('one'))).toMatchObject({
      state: 'applied',
      message: 'Chronos has it as sent; its next run is then 2099-01-01T03:00:00Z',
      sent: daily('one'),
      httpStatus: 204,
    });
    expect(posts()).toEqual(['POST /v1/scheduler/iso8601']);
    expect(await world.put(child('after', 'one'))).toMatchObject({ state: 'applied' });
    expect(posts()).toEqual(['POST /v1/scheduler/dependency']);
  });

  it('sends the counters of a job along when it changes', async () => {
    await world.put(daily('counted'));
    await fetch(`${world.url()}/v1/scheduler/job/success/counted`, { method: 'PUT' });
    await world.put(daily('counted', { owner: 'a@example.com' }));
    expect(await world.raw('counted')).toMatchObject({ owner: 'a@example.com', successCount: 1 });
  });

  it('puts on record what Git states of a schedule that was sent from a later moment on', async () => {
    const past = daily('past', { schedule: 'R5/2020-01-01T03:00:00Z/P1D' });
    const outcome = await world.put(past);
    expect(outcome).toMatchObject({ state: 'applied', stated: { schedule: past['schedule'] } });
    expect(String(outcome.sent?.['schedule'])).toMatch(/^R5\/20[2-9]\d-\d\d-\d\dT03:00:00.000Z\/P1D$/);
  });

  it('reads back after an answer that got lost, and posts nothing twice', async () => {
    world.proxy.react = ({ method }) => (method === 'POST' ? 'lose' : 'pass');
    const outcome = await world.put(daily('lost'));
    expect(outcome).toMatchObject({ state: 'applied' });
    // Nobody knows what it was answered with.
    expect(outcome).not.toHaveProperty('httpStatus');
    expect(posts()).toHaveLength(1);
  });

  it('leaves it to the next pass where a request got lost on its way', async () => {
    world.proxy.react = ({ method }) => (method === 'POST' ? 'drop' : 'pass');
    expect(await world.put(daily('dropped'), { deadlineMs: 300 })).toMatchObject({
      state: 'blocked',
      message: expect.stringContaining('nothing came of it'),
    });
    expect(posts()).toHaveLength(1);
  });

  it('does not know what became of a job while Chronos is away after it was sent', async () => {
    let sent = false;
    world.proxy.react = ({ method }) => {
      sent ||= method === 'POST';
      return sent ? 'drop' : 'pass';
    };
    expect(await world.put(daily('away'), { deadlineMs: 300 })).toMatchObject({ state: 'unknown' });
  }, 30_000);

  it('sends no job whose parents are not listed: it would be stored, and never be seen or deleted', async () => {
    const outcome = await world.put(child('orphan', 'nobody'));
    expect(outcome).toMatchObject({ state: 'blocked', message: expect.stringContaining('nobody') });
    expect(outcome).not.toHaveProperty('httpStatus');
    expect(posts()).toEqual([]);
  });

  it.each([
    [
      'a refusal',
      JSON_ANSWER(400, { status: '400', message: 'Cannot parse schedule' }),
      'failed',
      /Cannot parse/,
    ],
    ['a stack trace', PAGE(500), 'failed', /\(500\)/],
    ['an error whose words a standby dropped', { status: 500, body: '' }, 'failed', /standby/],
    [
      'an error whose words a standby dropped, and whose length it kept',
      { status: 400, body: '', headers: { 'content-length': '100' } },
      'failed',
      /\(400\)/,
    ],
    [
      'a standby that has lost its leader',
      { status: 500, body: '<html>Error proxying</html>' },
      'blocked',
      /500/,
    ],
    ['a proxy without a backend', PAGE(503), 'blocked', /503/],
    ['a demand for a password', JSON_ANSWER(401, {}), 'blocked', /401/],
    ['a wrong version', { status: 404, body: '' }, 'blocked', /404/],
  ] as const)('does not repeat a post that was answered with %s', async (_what, answer, state, message) => {
    world.proxy.react = ({ method }) => (method === 'POST' ? answer : 'pass');
    const outcome = await world.put(daily('refused'), { deadlineMs: 300 });
    expect(outcome).toMatchObject({
      state,
      message: expect.stringMatching(message),
      httpStatus: typeof answer === 'object' ? answer.status : undefined,
    });
    expect(posts()).toHaveLength(1);
  });

  it('takes an answer that came from a standby for what it is when the job is there', async () => {
    world.proxy.react = ({ method }) =>
      method === 'POST' ? { status: 500, body: 'Error proxying', after: 'pass' } : 'pass';
    expect(await world.put(daily('done-anyway'))).toMatchObject({ state: 'applied' });
    expect(posts()).toHaveLength(1);
  });

  it('deletes leaf first only: a parent whose children are there is not deleted', async () => {
    await world.put(daily('parent'));
    await world.put(child('leaf', 'parent'));
    expect(await world.remove('parent')).toMatchObject({
      state: 'blocked',
      message: expect.stringContaining('leaf'),
    });
    expect(await world.remove('leaf')).toMatchObject({ state: 'applied' });
    expect(await world.remove('parent')).toMatchObject({ state: 'applied' });
    expect(await world.raw('parent')).toBeUndefined();
  });

  it('deletes nothing while the graph in memory has children of it that are gone', async () => {
    await world.put(daily('haunted'));
    world.proxy.react = ({ path }) =>
      path.endsWith('/graph/csv')
        ? { status: 200, body: 'node,haunted,fresh,idle\nlink,haunted,no-more' }
        : 'pass';
    expect(await world.remove('haunted')).toMatchObject({
      state: 'blocked',
      message: expect.stringContaining('started again'),
    });
    expect(await world.raw('haunted')).toBeDefined();
  });

  it.each(['lose', 'drop'] as const)('reads back after a deletion that the network %ss', async (reaction) => {
    await world.put(daily('leaving'));
    world.proxy.react = ({ method }) => (method === 'DELETE' ? reaction : 'pass');
    const outcome = await world.remove('leaving');
    expect(outcome.state).toBe(reaction === 'lose' ? 'applied' : 'blocked');
    world.proxy.react = () => 'pass';
    await world.remove('leaving');
  });

  it('is content where a job that is to be deleted is gone already', async () => {
    await world.put(daily('gone'));
    const live = await world.live('gone');
    await fetch(`${world.url()}/v1/scheduler/job/gone`, { method: 'DELETE' });
    expect(await world.apply(world.change('delete', 'gone', undefined, live))).toMatchObject({
      state: 'applied',
    });
  });

  it('creates nothing over a job that came into being meanwhile: a new plan is due', async () => {
    const change = world.change('create', 'rival', daily('rival'));
    await world.put(daily('rival', { owner: 'other@example.com' }));
    world.proxy.seen.length = 0;
    expect(await world.apply(change)).toMatchObject({ state: 'blocked', replan: true });
    expect(posts()).toEqual([]);
  });
});

describe('a list of jobs', () => {
  let world: ChronosWorld;
  beforeAll(async () => {
    world = await chronosWorld();
    await world.put(daily('plain'));
  });
  afterEach(() => {
    world.proxy.react = () => 'pass';
  });
  afterAll(() => world.close());

  it('is not complete that two reads do not agree on, as after the election of a leader', async () => {
    let reads = 0;
    world.proxy.react = ({ path: at }) =>
      at === '/v1/scheduler/jobs' && reads++ === 0 ? JSON_ANSWER(200, []) : 'pass';
    expect((await world.scheduler.observe({ signal })).map(({ id }) => id)).toContain('plain');
    reads = 0;
    world.proxy.react = ({ path: at }) =>
      at === '/v1/scheduler/jobs' ? JSON_ANSWER(200, [{ name: `job-${reads++}`, command: 'x' }]) : 'pass';
    await expect(world.scheduler.observe({ signal })).rejects.toMatchObject({ code: 'chronos-unsteady' });
  });

  it.each([
    ['a page', PAGE(200)],
    ['an outage', PAGE(503)],
    ['an object', JSON_ANSWER(200, {})],
    ['a job without a name', JSON_ANSWER(200, [{ command: 'x' }])],
  ])(
    'is not %s',
    async (_what, answer) => {
      world.proxy.react = ({ path: at }) => (at === '/v1/scheduler/jobs' ? answer : 'pass');
      await expect(world.scheduler.observe({ signal })).rejects.toMatchObject({ kind: 'unavailable' });
    },
    30_000,
  );
});

describe('a leader that is lost', () => {
  let world: ChronosWorld;
  beforeAll(async () => {
    world = await chronosWorld({ loadMs: 1000 });
  });
  afterAll(() => world.close());

  const counted = async (id: string): Promise<unknown> => {
    const job = await until(`${id} is listed`, () => world.raw(id));
    return job['successCount'];
  };

  it('leaves a list behind that shows nothing, from which nothing is created or called gone', async () => {
    await world.put(daily('kept', { successCount: 7 }));
    const live = await world.live('kept');
    // The plan was made from the empty list of a leader that has not loaded its jobs.
    await world.fail(500);
    const create = world.apply(world.change('create', 'kept', daily('kept')));
    expect(await create).toMatchObject({ state: 'blocked', replan: true });
    await world.fail(500);
    expect(await world.apply(world.change('delete', 'kept', undefined, live))).toMatchObject({
      state: 'applied',
      message: 'deleted',
    });
    await world.fail(10);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await world.raw('kept')).toBeUndefined();
  }, 30_000);

  it('is waited for where its list has shrunk, so that no plan is made of it', async () => {
    await world.put(daily('still-there'));
    expect(await world.live('still-there')).toBeDefined();
    await world.fail(500);
    expect((await world.scheduler.observe({ signal })).map(({ id }) => id)).toContain('still-there');
  }, 30_000);

  it('in the middle of a graph: what was done is kept, the rest follows, and no counter is lost', async () => {
    const graph = [
      daily('root', { successCount: 3 }),
      child('middle', 'root'),
      child('low', 'middle'),
      child('leaf', 'low'),
    ];
    for (const spec of graph.slice(0, 2)) await world.put(spec);
    const edited = graph.map((spec): JsonObject => ({ ...spec, owner: 'new@example.com' }));
    const changes = [];
    for (const spec of edited) {
      const id = String(spec['name']);
      const live = await world.live(id);
      changes.push(world.change(live === undefined ? 'create' : 'update', id, spec, live));
    }
    // Away after the second job was taken, before it could say so; back with an empty list that fills up later.
    let failing: Promise<void> | undefined;
    world.proxy.react = ({ method, body }) => {
      if (method !== 'POST' || failing !== undefined || !body.includes('"middle"')) return 'pass';
      failing = new Promise((resolve) => setTimeout(resolve, 20)).then(() => world.fail(300));
      return 'lose';
    };
    const outcomes = [];
    for (const change of changes) outcomes.push(await world.apply(change));
    await failing;
    world.proxy.react = () => 'pass';
    // Whatever could not be done is done by the next pass, which looks anew.
    for (const [at, spec] of edited.entries())
      if (outcomes[at]?.state !== 'applied')
        expect(await world.put(spec)).toMatchObject({ state: 'applied' });
    for (const spec of edited)
      expect(await world.raw(String(spec['name']))).toMatchObject({ owner: 'new@example.com' });
    expect(await counted('root')).toBe(3);
    expect(outcomes.map(({ state }) => state)).not.toContain('failed');
  }, 60_000);
});
