import { afterAll, beforeAll, expect, it } from '@jest/globals';
import path from 'node:path';
import { until } from '../scenario/processes.js';
import { withServer } from '../servers/index.js';
import { appsOf, idle, openWorld, type World } from './world.js';

withServer('consul', 'a real consul watch', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
  }, 90_000);
  afterAll(() => world.close(), 60_000);

  it('whose handler is `towline handle` deploys a change, and outlives an edit by hand', async () => {
    const { consul, processes, folder, marathonUrl } = world;
    await world.write({ 'jobs/web.json': idle('/web') });
    await world.push('One app');
    const watch = await processes.start(
      consul.program,
      [
        'watch',
        `-http-addr=${consul.url}`,
        '-type=keyprefix',
        '-prefix=towline/test/',
        process.execPath,
        world.program,
        '--config',
        world.configFile,
        'handle',
        'test',
      ],
      { cwd: folder, logFile: path.join(folder, 'watch.log') },
    );
    expect((await world.towline('mirror', '--once')).code).toBe(0);
    await until('the handler deploys the app', async () =>
      (await appsOf(marathonUrl)).some((app) => app.id === '/web'),
    );

    await fetch(`${consul.url}/v1/kv/towline/test/config/web.json`, {
      method: 'PUT',
      body: idle('/web', { cmd: 'exec evil' }),
    });
    await until('the handler refuses', async () => watch.output().includes('mirror-tampered'));

    await world.write({ 'jobs/api.json': idle('/api') });
    await world.push('Another');
    expect((await world.towline('mirror', '--once')).stdout).toMatch(/mirrored/);
    await until('the handler deploys again', async () =>
      (await appsOf(marathonUrl)).some((app) => app.id === '/api'),
    );
    expect(watch.output()).not.toMatch(/this is a bug/);
    await watch.stop();
  }, 120_000);
});
