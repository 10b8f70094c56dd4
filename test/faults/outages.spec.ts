import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { rename } from 'node:fs/promises';
import path from 'node:path';
import { appsOf, idle, openWorld, type World } from '../e2e/world.js';
import { until, type Running } from '../scenario/processes.js';
import { withServer } from '../servers/index.js';
import {
  JSON_ANSWER,
  misbehavingProxy,
  PAGE,
  type MisbehavingProxy,
  type Reaction,
  type Seen,
} from './misbehaving-proxy.js';

type Mode = 'pass' | '503' | 'page' | 'locked' | 'lost';

function reaction(mode: Mode, { method }: Seen): Reaction {
  const write = method !== 'GET' && method !== 'HEAD';
  if (mode === '503') return PAGE(503);
  if (mode === 'page')
    return {
      status: 200,
      headers: { 'content-type': 'text/html' },
      body: '<html><body>Please log in</body></html>',
    };
  if (mode === 'locked' && write)
    return JSON_ANSWER(409, {
      message: 'App is locked by one or more deployments.',
      deployments: [{ id: 'foreign' }],
    });
  return mode === 'lost' && write ? 'lose' : 'pass';
}

withServer('consul', 'an outage', () => {
  let world: World;
  let proxy: MisbehavingProxy;
  let mode: Mode = 'pass';
  let real = '';
  let daemon: Running;
  let version = 0;

  beforeAll(async () => {
    proxy = await misbehavingProxy(() => real);
    proxy.react = (request) => reaction(mode, request);
    world = await openWorld({ marathonUrl: proxy.url });
    real = world.realMarathonUrl;
    await world.write({ 'jobs/web.json': idle('/web', { env: { V: '0' } }), 'jobs/api.json': idle('/api') });
    await world.push('Two apps');
    daemon = await world.processes.start(
      process.execPath,
      [world.program, '--config', world.configFile, 'run', '--listen', '127.0.0.1:0'],
      { cwd: world.folder, logFile: path.join(world.folder, 'run.log') },
    );
    await until('both apps are deployed', async () => (await appsOf(real)).length === 2);
  }, 120_000);
  afterAll(async () => {
    await world?.close();
    await proxy?.close();
  }, 60_000);
  afterEach(async () => {
    // Whatever happened: nothing was deleted because of it, and the daemon lives.
    expect((await appsOf(real)).map((app) => app.id).sort()).toEqual(['/api', '/web']);
    expect(daemon.output()).not.toContain('this is a bug');
  });

  const change = async (): Promise<string> => {
    version += 1;
    await world.write({ 'jobs/web.json': idle('/web', { env: { V: String(version) } }) });
    await world.push(`Version ${version}`);
    return String(version);
  };
  const arrives = (wanted: string) =>
    until(
      `version ${wanted} is deployed`,
      async () => (await appsOf(real)).find((app) => app.id === '/web')?.env?.['V'] === wanted,
      { limitMs: 90_000 },
    );
  const since = (mark: number) => daemon.output().slice(mark);

  it.each<[Mode, RegExp]>([
    ['503', /Marathon answered 503[^"]*Service Unavailable/],
    ['page', /Marathon answered 200[^"]*Please log in/],
    ['locked', /App is locked/],
  ])(
    'of the scheduler (%s) is survived with a clear message',
    async (trouble, message) => {
      const mark = daemon.output().length;
      mode = trouble;
      const wanted = await change();
      if (trouble === 'locked')
        await until('the pass is waiting', async () => since(mark).includes('applying'));
      else await until('it says what is wrong', async () => message.test(since(mark)), { limitMs: 90_000 });
      mode = 'pass';
      await arrives(wanted);
    },
    180_000,
  );

  it('that swallows the answer of a write is read back: the change is sent once', async () => {
    const before = (await appsOf(real)).find((app) => app.id === '/web')?.versions ?? 0;
    mode = 'lost';
    const wanted = await change();
    await arrives(wanted);
    mode = 'pass';
    await until('it is on record', async () => (await world.towline('status', 'test')).code === 0, {
      limitMs: 60_000,
      pauseMs: 500,
    });
    expect((await appsOf(real)).find((app) => app.id === '/web')?.versions).toBe(before + 1);
  }, 180_000);

  it('of Consul is survived: it says so, waits, and goes on', async () => {
    const mark = daemon.output().length;
    await world.consul.stop();
    await until('it says what is wrong', async () => /Consul at [^"]* does not answer/.test(since(mark)), {
      limitMs: 60_000,
    });
    const wanted = await change();
    await world.consul.start();
    await arrives(wanted);
  }, 180_000);

  it('of the remote is survived: KV and jobs stay as they are', async () => {
    const mark = daemon.output().length;
    await rename(world.bare, `${world.bare}.away`);
    // The daemon looks every 60 seconds.
    await until('it says what is wrong', async () => /there is no job repository/.test(since(mark)), {
      limitMs: 90_000,
    });
    const once = await world.towline('mirror', '--dry-run');
    expect(once.code).toBe(1);
    expect(once.stderr).toMatch(/there is no job repository/);
    await rename(`${world.bare}.away`, world.bare);
    await arrives(await change());
  }, 180_000);
});
