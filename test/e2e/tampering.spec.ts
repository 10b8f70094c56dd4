import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { withServer } from '../servers/index.js';
import { appsOf, idle, openWorld, type World } from './world.js';

withServer('consul', 'a mirrored key that is edited by hand', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
    await world.write({ 'jobs/web.json': idle('/web'), 'jobs/api.json': idle('/api') });
    await world.push('Two apps');
    expect((await world.towline('mirror', '--once')).code).toBe(0);
    expect((await world.towline('deploy', '--once')).code).toBe(0);
  }, 120_000);
  afterAll(() => world.close(), 60_000);

  const key = (name: string) => `${world.consul.url}/v1/kv/towline/test/config/${name}`;

  it.each([
    [
      'a value is changed',
      () => fetch(key('web.json'), { method: 'PUT', body: idle('/web', { cmd: 'exec something else' }) }),
    ],
    [
      'a value is changed and the flags are kept',
      () =>
        fetch(`${key('web.json')}?flags=${0x746f774c}`, {
          method: 'PUT',
          body: idle('/web', { cmd: 'exec something else' }),
        }),
    ],
    ['a key is deleted', () => fetch(key('api.json'), { method: 'DELETE' })],
    [
      'a key is added with the flags of the mirror',
      () => fetch(`${key('new.json')}?flags=${0x746f774c}`, { method: 'PUT', body: idle('/new') }),
    ],
  ])(
    'is refused and named by the deployer when %s, and healed by the mirror',
    async (_name, edit) => {
      const before = await appsOf(world.marathonUrl);
      await edit();
      const refused = await world.towline('deploy', '--once');
      expect(refused.code).toBe(1);
      expect(refused.stderr).toContain('mirror-tampered');
      expect(await appsOf(world.marathonUrl)).toEqual(before);
      const status = await world.towline('status', 'test');
      expect(status.code).toBe(3);
      expect(status.stdout).toContain('tampered');

      const healed = await world.towline('mirror', '--once');
      expect(healed.stdout).toMatch(/1 edited by hand/);
      const again = await world.towline('deploy', '--once');
      expect(again.code).toBe(0);
      expect(await appsOf(world.marathonUrl)).toEqual(before);
    },
    60_000,
  );

  it('leaves a key of somebody else alone', async () => {
    await fetch(key('note.txt'), { method: 'PUT', body: 'remember the milk' });
    expect((await world.towline('deploy', '--once')).code).toBe(0);
    expect((await world.towline('mirror', '--once')).stdout).toMatch(/1 foreign keys left alone/);
    expect((await fetch(key('note.txt'))).status).toBe(200);
  }, 60_000);
});
