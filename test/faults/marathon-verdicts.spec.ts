import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../src/domain/source/json.js';
import type { ApplyOptions } from '../../src/ports/scheduler.js';
import { marathonWorld, sleeper, type MarathonWorld } from './marathon-world.js';

/** A second of a manifest lasts a twentieth of one here. */
const check = (more: JsonObject): JsonObject => ({
  healthChecks: [{ protocol: 'COMMAND', command: { value: 'false' }, intervalSeconds: 2, ...more }],
});
const LONG = { gracePeriodSeconds: 3000 };
const HTTP = { protocol: 'HTTP', path: '/', portIndex: 0, intervalSeconds: 2 };

interface Scenario {
  name: string;
  /** The new definition. */
  spec: JsonObject;
  message: RegExp;
  /** Without a check that says otherwise, running is good enough for Marathon to take the old tasks away. */
  unchecked?: boolean;
  options?: Partial<ApplyOptions>;
}

const SCENARIOS: readonly Scenario[] = [
  {
    name: 'a crash loop',
    spec: { cmd: 'echo no database >&2; exit 3', healthChecks: [{ ...HTTP, ...LONG }] },
    message:
      /^its tasks do not stay up: [3-9] ended, the last with TASK_FAILED on 127\.0\.0\.1: Command exited with status 3 \(log: \/var\/lib\/mesos\/slaves\/agent-\d\/frameworks\/.+\/executors\/.+\/runs\/latest\/stderr\)/,
  },
  {
    name: 'a crash loop some time after each start',
    spec: { cmd: 'sleep 0.2; exit 1' },
    message: /^its tasks do not stay up: [3-9] ended, the last with TASK_FAILED on .*status 1/,
    options: { soakMs: 1000 },
    unchecked: true,
  },
  {
    name: 'a loop of tasks that end with success',
    spec: { cmd: 'exit 0', healthChecks: [{ ...HTTP, ...LONG }] },
    message: /^its tasks do not stay up: [3-9] ended by themselves, without an error \(exit code 0\)/,
  },
  {
    name: 'no machine with room',
    spec: { mem: 1_000_000 },
    message: /^no offer fits: 3 of 3 offers lacked memory: needs 1000000 MiB/,
    options: { noOffersMs: 600 },
  },
  {
    name: 'a constraint that nothing meets',
    spec: { instances: 4, constraints: [['hostname', 'UNIQUE']] },
    message: /^no offer fits: 3 of 3 offers did not meet a constraint/,
    options: { noOffersMs: 600 },
  },
  {
    name: 'a health check that does not pass',
    spec: check(LONG),
    message:
      /^not done by the deadline: 0 of 2 healthy, 2 of the old version left; 2 unhealthy, 127\.0\.0\.1: Command exited with a status other than 0/,
    options: { deadlineMs: 1200 },
  },
  {
    name: 'tasks that Marathon kills for their health',
    spec: check({ gracePeriodSeconds: 1, intervalSeconds: 1, maxConsecutiveFailures: 1 }),
    message: /^its tasks do not stay up: [3-9] ended, the last with TASK_KILLED on .*health check failed/,
  },
  {
    name: 'a program that hangs before it listens',
    spec: { healthChecks: [{ ...HTTP, ...LONG }] },
    message:
      /^not done by the deadline: 0 of 2 healthy.*; 2 unhealthy, 127\.0\.0\.1: ConnectException: nothing answers on \d+/,
    options: { deadlineMs: 1200 },
  },
  {
    name: 'one that is never ready',
    spec: {
      portDefinitions: [{ port: 0, name: 'http-api' }],
      readinessChecks: [{ path: '/ready', intervalSeconds: 5, timeoutSeconds: 2 }],
    },
    message: /^not done by the deadline: 2 of 2 running, 0 ready, 2 of the old version left/,
    options: { deadlineMs: 1200 },
  },
];

describe('judging a new version that does not come up', () => {
  let world: MarathonWorld;
  let count = 0;

  beforeAll(async () => {
    world = await marathonWorld({ timeScale: 20 });
  });
  afterEach(() => {
    world.proxy.react = () => 'pass';
  });
  afterAll(() => world.close());

  /** Two tasks of a good version, then the new one; whether a task of the good one was there all the time is watched. */
  const roll = async (spec: JsonObject, options: Partial<ApplyOptions>) => {
    const id = `/verdict/app-${++count}`;
    const good = sleeper(id, { instances: 2, env: { GOOD: 'yes' } });
    expect(await world.put(id, good)).toMatchObject({ state: 'applied' });
    const version = (await world.rawApp(id))['version'];
    let fewest = 2;
    let rolling = true;
    const watching = (async () => {
      while (rolling) {
        const { tasks, env } = await world.rawApp(id);
        const old = tasks.filter((task) => task['version'] === version).length;
        if ((env as JsonObject | undefined)?.['GOOD'] !== 'yes') fewest = Math.min(fewest, old);
        await new Promise((resolve) => setTimeout(resolve, 15));
      }
    })();
    const outcome = await world.put(id, { ...sleeper(id, { instances: 2 }), ...spec }, options);
    rolling = false;
    await watching;
    return { id, outcome, fewest, version };
  };

  it.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))(
    '%s: what ran before runs again, and never stopped to',
    async (_name, { spec, message, options = {}, unchecked = false }) => {
      const { id, outcome, fewest } = await roll(spec, options);
      expect(outcome.state).toBe('rolled-back');
      expect(outcome.message).toMatch(message);
      expect(outcome.message).toMatch(/; what ran before runs again$/);
      if (!unchecked) expect(fewest).toBe(2);
      const app = await world.rawApp(id);
      expect(app).toMatchObject({ env: { GOOD: 'yes' }, instances: 2, tasksRunning: 2, deployments: [] });
      await world.remove(id);
    },
  );

  it.each(
    SCENARIOS.filter(({ unchecked }) => unchecked !== true).map(
      (scenario) => [scenario.name, scenario] as const,
    ),
  )(
    '%s, with the policy to hold: stopped where it stands, the old tasks go on',
    async (_name, { spec, message, options = {} }) => {
      const { id, outcome, fewest, version } = await roll(spec, { ...options, onFailure: 'hold' });
      expect(outcome.state).toBe('failed');
      expect(outcome.message).toMatch(message);
      expect(outcome.message).toMatch(/; stopped where it stands/);
      expect(fewest).toBe(2);
      const { tasks, deployments } = await world.rawApp(id);
      expect(deployments).toEqual([]);
      expect(tasks.filter((task) => task['version'] === version)).toHaveLength(2);
      await world.remove(id);
    },
  );

  it('with the policy to leave, Marathon goes on trying', async () => {
    const { id, outcome } = await roll(
      { cmd: 'exit 1', healthChecks: [{ ...HTTP, ...LONG }] },
      { onFailure: 'leave' },
    );
    expect(outcome.state).toBe('failed');
    expect((await world.rawApp(id)).deployments).toHaveLength(1);
    await world.remove(id);
  });

  it.each([
    ['a failure', 'exit 1', /ended/],
    ['success', 'exit 0', /without an error \(exit code 0\)/],
  ])('sees a loop of tasks that end at once with %s also without any event', async (_name, cmd, message) => {
    const blind = await marathonWorld({ timeScale: 20 });
    blind.proxy.react = ({ path }) => (path.startsWith('/v2/events') ? { status: 404, body: '' } : 'pass');
    try {
      const outcome = await blind.put('/blind', sleeper('/blind', { cmd }));
      expect(outcome).toMatchObject({ state: 'rolled-back', message: expect.stringMatching(message) });
    } finally {
      await blind.close();
    }
  });

  it('takes what is new away again', async () => {
    const outcome = await world.put('/verdict/new', sleeper('/verdict/new', { cmd: 'exit 1' }));
    expect(outcome).toMatchObject({
      state: 'rolled-back',
      message: expect.stringMatching(/; it was new and was deleted again$/),
    });
    expect(await world.liveOf('/verdict/new')).toBeUndefined();
  });

  it('forgets a failure of the time before, which Marathon keeps', async () => {
    await world.put('/verdict/once', sleeper('/verdict/once', { cmd: 'exit 1' }), { onFailure: 'leave' });
    expect(await world.put('/verdict/once', sleeper('/verdict/once'))).toMatchObject({ state: 'applied' });
    expect((await world.rawApp('/verdict/once'))['lastTaskFailure']).toBeDefined();
    await world.remove('/verdict/once');
  });

  it('waits for the soak time, in which a task that ends is noticed', async () => {
    const outcome = await world.put('/verdict/soak', sleeper('/verdict/soak', { cmd: 'sleep 0.8; exit 1' }), {
      soakMs: 1500,
      onFailure: 'leave',
    });
    expect(outcome).toMatchObject({ state: 'failed' });
    await world.remove('/verdict/soak');
  });

  it('judges pods likewise, and puts back the one before', async () => {
    const pod = (shell: string): JsonObject => ({
      id: '/verdict/pod',
      containers: [{ name: 'main', resources: { cpus: 0.01, mem: 16 }, exec: { command: { shell } } }],
    });
    expect(await world.put('/verdict/pod', pod('exec sleep 1000'))).toMatchObject({ state: 'applied' });
    const outcome = await world.put('/verdict/pod', pod('echo bad >&2; exit 4'));
    expect(outcome).toMatchObject({
      state: 'rolled-back',
      message: expect.stringMatching(/^its tasks do not stay up: .*status 4.*what ran before runs again$/),
    });
    const scaled = { ...pod('exec sleep 1000'), scaling: { kind: 'fixed', instances: 3 } };
    const live = await world.liveOf('/verdict/pod');
    expect(
      await world.scheduler.apply(world.change('scale', '/verdict/pod', scaled, live), world.options()),
    ).toMatchObject({ state: 'applied', message: '3 of 3 stable' });
    await world.remove('/verdict/pod');
  });
});
