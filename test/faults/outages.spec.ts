import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { rename } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { appsOf, idle, openWorld, type World } from '../e2e/world.js';
import { until, type Running } from '../scenario/processes.js';
import { withServer } from '../servers/index.js';

type Mode = 'pass' | '503' | 'page' | 'locked' | 'lost';

/** A proxy in front of Marathon that misbehaves on demand. */
async function proxyTo(target: () => string): Promise<{ url: string; mode: Mode; close(): Promise<void> }> {
  const proxy = { url: '', mode: 'pass' as Mode, close: async () => void server.close() };
  const server = http.createServer((request, response) => {
    const write = request.method !== 'GET' && request.method !== 'HEAD';
    if (proxy.mode === '503')
      return void response
        .writeHead(503, { 'content-type': 'text/html' })
        .end('<html><body>Service Unavailable</body></html>');
    if (proxy.mode === 'page')
      return void response
        .writeHead(200, { 'content-type': 'text/html' })
        .end('<html><body>Please log in</body></html>');
    if (proxy.mode === 'locked' && write)
      return void response.writeHead(409, { 'content-type': 'application/json' }).end(
        JSON.stringify({
          message: 'App is locked by one or more deployments.',
          deployments: [{ id: 'foreign' }],
        }),
      );
    const onward = http.request(
      `${target()}${request.url ?? ''}`,
      { method: request.method, headers: request.headers },
      (answer) => {
        // The request arrives, its answer does not.
        if (proxy.mode === 'lost' && write) return void response.destroy();
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  proxy.close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return proxy;
}

withServer('consul', 'an outage', () => {
  let world: World;
  let proxy: Awaited<ReturnType<typeof proxyTo>>;
  let real = '';
  let daemon: Running;
  let version = 0;

  beforeAll(async () => {
    proxy = await proxyTo(() => real);
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
    async (mode, message) => {
      const mark = daemon.output().length;
      proxy.mode = mode;
      const wanted = await change();
      if (mode === 'locked') await until('the pass is waiting', async () => since(mark).includes('applying'));
      else await until('it says what is wrong', async () => message.test(since(mark)), { limitMs: 90_000 });
      proxy.mode = 'pass';
      await arrives(wanted);
    },
    180_000,
  );

  it('that swallows the answer of a write is read back: the change is sent once', async () => {
    const before = (await appsOf(real)).find((app) => app.id === '/web')?.versions ?? 0;
    proxy.mode = 'lost';
    const wanted = await change();
    await arrives(wanted);
    proxy.mode = 'pass';
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
    await until('it says what is wrong', async () => /there is no job repository/.test(since(mark)), {
      limitMs: 60_000,
    });
    const once = await world.towline('mirror', '--dry-run');
    expect(once.code).toBe(1);
    expect(once.stderr).toMatch(/there is no job repository/);
    await rename(`${world.bare}.away`, world.bare);
    await arrives(await change());
  }, 180_000);
});
