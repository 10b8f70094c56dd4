import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../src/domain/source/json.js';
import { until } from '../scenario/processes.js';
import { child, chronosWorld, daily, type ChronosWorld } from './chronos-world.js';
import { PAGE } from './misbehaving-proxy.js';

describe('runs that are asked for', () => {
  let world: ChronosWorld;

  beforeAll(async () => {
    world = await chronosWorld();
  });
  afterEach(() => {
    world.proxy.react = () => 'pass';
    world.proxy.seen.length = 0;
  });
  afterAll(() => world.close());

  const smoked = (name: string, command: string, more: JsonObject = {}): JsonObject =>
    daily(name, { command, retries: 0, runOnDeploy: true, ...more });
  const calls = (): string[] =>
    world.writes().map(({ method, path }) => `${method} ${path.split('?')[0] ?? ''}`);
  const act = async (action: 'trigger' | 'kill', id: string, args?: string) => {
    const live = await world.live(id);
    world.proxy.seen.length = 0;
    return world.apply({
      ...world.change(action, id, undefined, live),
      ...(args === undefined ? {} : { args }),
    });
  };
  const running = async (id: string): Promise<string> => {
    const { jobs } = (await (await fetch(`${world.url()}/v1/scheduler/jobs/summary`)).json()) as {
      jobs: { name: string; state: string }[];
    };
    return jobs.find(({ name }) => name === id)?.state ?? '';
  };

  describe('of a job that is to be tried when it changes', () => {
    it('make the change good when they succeed, and Chronos never sees the wish', async () => {
      const outcome = await world.put(smoked('good', 'true'));
      expect(outcome).toMatchObject({
        state: 'applied',
        message: expect.stringContaining('smoke run succeeded'),
      });
      expect(outcome.sent).not.toHaveProperty('runOnDeploy');
      expect(calls()).toEqual(['POST /v1/scheduler/iso8601', 'PUT /v1/scheduler/job/good']);
      expect(await world.raw('good')).toMatchObject({ successCount: 1 });
    });

    it('take a new job back when they fail', async () => {
      expect(await world.put(smoked('bad', 'false'))).toMatchObject({
        state: 'rolled-back',
        message: expect.stringContaining('failed; it is deleted again'),
      });
      expect(await world.raw('bad')).toBeUndefined();
    });

    it('put back what was there before when they fail, with its schedule and what it has lived through', async () => {
      const ten = { schedule: 'R10/2099-01-01T03:00:00Z/P1D' };
      await world.put(smoked('edited', 'true', ten));
      const before = await world.raw('edited');
      const outcome = await world.put(smoked('edited', 'false', { ...ten, owner: 'new@example.com' }));
      expect(outcome).toMatchObject({ state: 'rolled-back', message: expect.stringContaining('is back') });
      const after = await world.raw('edited');
      expect(after).toMatchObject({ command: 'true', owner: '', successCount: 1, errorCount: 1 });
      // The smoke runs have used up two of its ten repeats, and nothing else has changed.
      expect([before?.['schedule'], after?.['schedule']].map((text) => String(text).split('/')[0])).toEqual([
        'R9',
        'R8',
      ]);
      expect(outcome.sent).toMatchObject({ command: 'true' });
    });

    it('leave a change where it stands when that is wanted', async () => {
      expect(await world.put(smoked('left', 'false'), { onFailure: 'leave' })).toMatchObject({
        state: 'failed',
      });
      expect(await world.raw('left')).toMatchObject({ command: 'false' });
    });

    it('are none of a job that is disabled', async () => {
      expect(await world.put(smoked('off', 'false', { disabled: true }))).toMatchObject({
        state: 'applied',
        message: expect.stringContaining('not run: it is disabled'),
      });
    });

    it('wait for a run that goes on, and are given up with the time for them', async () => {
      await world.put(daily('busy', { command: 'sleep 1.5' }));
      await fetch(`${world.url()}/v1/scheduler/job/busy`, { method: 'PUT' });
      await until('it runs', async () => (await running('busy')) === '1 running');
      expect(await world.put(smoked('busy', 'sleep 0.1'))).toMatchObject({ state: 'applied' });
      expect(await world.put(smoked('busy', 'sleep 60'), { deadlineMs: 500 })).toMatchObject({
        state: expect.stringMatching(/rolled-back|failed/),
        message: expect.stringContaining('did not end within'),
      });
    }, 30_000);

    it('are not started a second time where nobody knows whether they were', async () => {
      world.proxy.react = ({ method }) => (method === 'PUT' ? 'lose' : 'pass');
      expect(await world.put(smoked('silent', 'true'))).toMatchObject({ state: 'unknown' });
      expect(calls().filter((call) => call.startsWith('PUT'))).toHaveLength(1);
    });
  });

  it('start at once, with arguments after those of the job', async () => {
    await world.put(daily('asked', { command: 'test', arguments: ['x'] }));
    expect(await act('trigger', 'asked', '= x')).toMatchObject({
      state: 'applied',
      message: 'it ran, and succeeded',
    });
    expect(world.writes().map(({ path }) => path)).toEqual(['/v1/scheduler/job/asked?arguments=%3D%20x']);
    await world.put(child('below', 'asked'));
    expect(await act('trigger', 'below')).toMatchObject({ state: 'applied' });
  });

  it('say so where Chronos would drop them without a word', async () => {
    await world.put(daily('off-by-hand', { disabled: true }));
    expect(await act('trigger', 'off-by-hand')).toMatchObject({
      state: 'failed',
      message: 'not run: it is disabled',
    });
    expect(calls()).toEqual([]);
  });

  it.each(['lose', 'drop'] as const)('are sent once, also where the network %ss them', async (reaction) => {
    await world.put(daily('once-only'));
    world.proxy.react = ({ method }) => (method === 'PUT' ? reaction : 'pass');
    expect(await act('trigger', 'once-only')).toMatchObject({
      state: 'failed',
      message: expect.stringContaining('nobody knows'),
    });
    expect(calls()).toHaveLength(1);
  });

  it('are not called dropped where a standby answers in the place of Chronos', async () => {
    await world.put(daily('proxied'));
    world.proxy.react = ({ method }) => (method === 'PUT' ? PAGE(503) : 'pass');
    expect(await act('trigger', 'proxied')).toMatchObject({
      message: expect.stringContaining('nobody knows'),
    });
  });

  it('end when that is asked for, and the job stays', async () => {
    await world.put(daily('long', { command: 'exec sleep 60', retries: 0 }));
    expect(await act('trigger', 'long')).toMatchObject({ state: 'applied', message: 'it is 1 running' });
    expect(await act('kill', 'long')).toMatchObject({ state: 'applied', message: 'none of its tasks runs' });
    expect(await running('long')).toBe('idle');
    expect(await world.raw('long')).toBeDefined();
  });
});
