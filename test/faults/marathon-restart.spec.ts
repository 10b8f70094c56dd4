import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { ApplyOptions } from '../../src/ports/scheduler.js';
import type { Outcome } from '../../src/domain/record/outcome.js';
import type { JsonObject } from '../../src/domain/source/json.js';
import { marathonWorld, sleeper, type MarathonWorld } from './marathon-world.js';

describe('restarting an app', () => {
  let world: MarathonWorld;
  let folder: string;
  beforeAll(async () => {
    world = await marathonWorld();
    folder = await mkdtemp(path.join(os.tmpdir(), 'towline-restart-'));
  });
  afterEach(() => {
    world.proxy.react = () => 'pass';
    world.proxy.seen.length = 0;
  });
  afterAll(async () => {
    await world.close();
    await rm(folder, { recursive: true, force: true });
  });

  const restart = async (
    id: string,
    spec: JsonObject,
    more: Partial<ApplyOptions> = {},
  ): Promise<Outcome> => {
    const live = await world.liveOf(id);
    return world.scheduler.apply(world.change('restart', id, spec, live), world.options(more));
  };
  const tasks = async (id: string): Promise<unknown[]> =>
    (await world.rawApp(id)).tasks.map((t) => t['id']).sort();

  it('replaces every task, changes nothing else, and is waited for', async () => {
    const spec = sleeper('/plain', { instances: 3 });
    await world.put('/plain', spec);
    const [before, app] = [await tasks('/plain'), await world.rawApp('/plain')];
    world.proxy.seen.length = 0;
    const outcome = await restart('/plain', spec);
    expect(outcome).toMatchObject({ action: 'restart', state: 'applied', version: expect.any(String) });
    expect(outcome.sent).toBeUndefined();
    expect(world.writes().map((write) => `${write.method} ${write.path}`)).toEqual([
      'POST /v2/apps/plain/restart?force=false',
    ]);
    const after = await tasks('/plain');
    expect(after).toHaveLength(3);
    expect(after.filter((id) => before.includes(id))).toEqual([]);
    const { version: _v, versionInfo: _i, tasks: _t, ...now } = await world.rawApp('/plain');
    const { version: _v2, versionInfo: _i2, tasks: _t2, ...then } = app;
    expect(now).toEqual(then);
  });

  it('is not sent twice where the answer was lost', async () => {
    const spec = sleeper('/lost');
    await world.put('/lost', spec);
    world.proxy.seen.length = 0;
    world.proxy.react = ({ method }) => (method === 'POST' ? 'lose' : 'pass');
    expect(await restart('/lost', spec)).toMatchObject({ state: 'applied' });
    expect(world.writes()).toHaveLength(1);
  });

  it('stops where it stands when the tasks do not come up again, so that the rest goes on', async () => {
    const may = path.join(folder, 'may-start');
    await writeFile(may, '');
    // Healthy is who could start. Without a check a task would count as soon as its process runs, and an old one would
    // be taken away for it.
    const started = path.join(folder, 'started-$PORT0');
    const spec = sleeper('/sick', {
      instances: 4,
      cmd: `test -e ${may} && touch ${started} && exec sleep 1000`,
      portDefinitions: [{ port: 0, name: 'http' }],
      healthChecks: [{ protocol: 'COMMAND', command: { value: `test -e ${started}` }, intervalSeconds: 1 }],
    });
    await world.put('/sick', spec);
    const before = await tasks('/sick');
    await rm(may);
    const outcome = await restart('/sick', spec, { onFailure: 'rollback' });
    expect(outcome).toMatchObject({
      state: 'failed',
      message: expect.stringMatching(/do not stay up.*stopped where it stands/),
    });
    expect((await world.rawApp('/sick')).deployments).toEqual([]);
    expect((await tasks('/sick')).filter((id) => before.includes(id))).toHaveLength(4);
  });

  it('is planned anew where somebody changed the app meanwhile', async () => {
    const spec = sleeper('/raced');
    await world.put('/raced', spec);
    const stale = await world.liveOf('/raced');
    await world.put('/raced', sleeper('/raced', { env: { A: '1' } }));
    world.proxy.seen.length = 0;
    expect(
      await world.scheduler.apply(world.change('restart', '/raced', spec, stale), world.options()),
    ).toMatchObject({
      state: 'blocked',
      replan: true,
    });
    expect(world.writes()).toEqual([]);
  });
});
