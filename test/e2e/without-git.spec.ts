import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { withServer } from '../servers/index.js';
import type { Finished } from '../scenario/processes.js';
import { idle, openWorld, type World } from './world.js';

/** A slim container of a CI step: Node, the checkout, and no git. */
withServer('consul', 'a machine without git', () => {
  let world: World;
  let revision: string;
  let slim: string;

  beforeAll(async () => {
    world = await openWorld();
    slim = path.join(world.folder, 'slim');
    await mkdir(slim);
    await symlink(process.execPath, path.join(slim, 'node'));
    await world.write({ 'jobs/web.json': idle('/shop/web'), 'jobs/api.json': idle('/shop/api') });
    revision = await world.push('Begin');
    expect(await world.towline('deploy', '--wait')).toMatchObject({ code: 0 });
  }, 60_000);
  afterAll(() => world?.close(), 60_000);

  const towline = (...args: string[]): Promise<Finished> =>
    world.processes.run(process.execPath, [world.program, '--config', world.configFile, ...args], {
      cwd: world.work,
      env: { PATH: slim, TOWLINE_LOG_LEVEL: 'warn' },
    });

  it('judges manifests, plans, and tells what is on record, in the same words as with git', async () => {
    await world.write({ 'jobs/web.json': idle('/shop/web', { mem: 32 }) });
    const next = await world.push('Another size');
    for (const args of [
      ['validate'],
      ['plan'],
      ['plan', '--revision', `${next.slice(0, 12)}~1`],
      ['simulate', next],
      ['render', 'test', '/shop/web'],
      ['gates'],
      ['wait', revision],
      ['history'],
      ['why', '/shop/web'],
      ['blame', '/shop/web'],
      ['at', '2000-01-01'],
    ]) {
      const [usual, without] = [await world.towline(...args), await towline(...args)];
      expect({ args, ...without, stderr: '' }).toEqual({ args, ...usual, stderr: '' });
    }
    expect((await towline('plan')).stdout).toContain('/mem');
    expect((await towline('why', '/shop/web')).stdout).toContain(revision.slice(0, 7));
  }, 120_000);

  it('brings a commit into KV, and says that Git has no record of that', async () => {
    const { code, stderr } = await towline('mirror', '--once');
    expect({ code, said: stderr.includes('could not be put on record') }).toEqual({ code: 0, said: true });
    const ref = await fetch(`${world.consul.url}/v1/kv/towline/test/.ref?raw`);
    expect(await ref.text()).toContain(await world.git('rev-parse', 'HEAD'));
  }, 60_000);

  it('changes nothing that has to be on record first', async () => {
    const head = await world.git('ls-remote', world.bare);
    for (const args of [
      ['deploy', '--once'],
      ['scale', '/shop/web', '2'],
      ['pause', '/shop/web'],
    ]) {
      const { code, stderr } = await towline(...args);
      expect({ args, code, missing: stderr.includes('there is no git program here') }).toEqual({
        args,
        code: 1,
        missing: true,
      });
    }
    expect(await world.git('ls-remote', world.bare)).toBe(head);
    const app = await fetch(`${world.marathonUrl}/v2/apps/shop/web`);
    expect(await app.json()).toMatchObject({ app: { mem: 16 } });
  }, 60_000);
});
