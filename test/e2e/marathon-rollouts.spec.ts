import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { isObject, type JsonObject } from '../../src/domain/source/json.js';
import { marathonWorld, type MarathonWorld } from '../faults/marathon-world.js';
import { startHaproxy, type Backend, type HaproxyServer } from '../servers/haproxy.js';
import { withServer } from '../servers/index.js';

/**
 * A web server that goes on serving for a moment when it is told to end: routers learn of it later. `SICK`: it serves, and
 * says that it is not well.
 */
const PROGRAM = `
const server = require('node:http').createServer((request, response) => {
  const sick = process.env.SICK && request.url === '/health';
  setTimeout(() => response.writeHead(sick ? 503 : 200).end(process.env.VERSION), 5);
});
server.listen(Number(process.env.PORT0), '127.0.0.1');
process.on('SIGTERM', () => setTimeout(() => server.close(() => process.exit(0)).closeIdleConnections(), 1000));
`;

interface Seen {
  requests: number;
  failed: string[];
  versions: Set<string>;
}

withServer('haproxy', 'changing an app under load, through HAProxy', () => {
  let world: MarathonWorld;
  let haproxy: HaproxyServer;
  let folder: string;
  let open = true;
  let id = '';
  let seen: Seen = { requests: 0, failed: [], versions: new Set() };
  let loops: Promise<void>[] = [];

  /** What a router does: the healthy tasks of the app, and of the one beside it, as one service. */
  const routeAll = async (): Promise<void> => {
    let routed = '';
    while (open) {
      const apps = ((await world.raw('/v2/apps?embed=apps.tasks'))['apps'] as JsonObject[]).filter(
        (app) => app['id'] === id || (isObject(app['labels']) && app['labels']['TOWLINE_ROLLOUT_OF'] === id),
      );
      const backends = apps.flatMap((app) => (app['tasks'] as JsonObject[]).flatMap(healthy));
      const now = JSON.stringify(backends);
      if (now !== routed && backends.length > 0) await haproxy.route(backends);
      routed = now;
      await pause(40);
    }
  };
  const ask = async (): Promise<void> => {
    while (open) {
      const count = seen;
      const answer = await get(haproxy.url);
      count.requests += 1;
      if (answer.startsWith('v')) count.versions.add(answer);
      else count.failed.push(answer);
      await pause(4);
    }
  };
  const app = (version: string, more: JsonObject = {}, env: JsonObject = {}): JsonObject => ({
    id,
    cmd: `exec ${process.execPath} ${path.join(folder, 'server.cjs')}`,
    cpus: 0.1,
    mem: 32,
    instances: 3,
    env: { VERSION: version, ...env },
    portDefinitions: [{ port: 0, name: 'http' }],
    healthChecks: [
      {
        protocol: 'HTTP',
        path: '/health',
        portIndex: 0,
        intervalSeconds: 1,
        gracePeriodSeconds: 60,
        timeoutSeconds: 5,
      },
    ],
    taskKillGracePeriodSeconds: 20,
    ...more,
  });

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'tl-load-'));
    await writeFile(path.join(folder, 'server.cjs'), PROGRAM);
    world = await marathonWorld({ timeScale: 5 });
    haproxy = await startHaproxy();
  });
  afterAll(async () => {
    open = false;
    await Promise.all(loops);
    await haproxy.close();
    await world.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** Version 1 runs and is asked all the time; then the change; what a client saw of it. */
  const change = async (name: string, next: (of: string) => JsonObject, more: JsonObject = {}) => {
    id = `/load/${name}`;
    expect(await world.put(id, app('v1', more))).toMatchObject({ state: 'applied' });
    if (loops.length === 0) {
      loops = [routeAll()];
      await pause(500);
      loops.push(ask(), ask());
    }
    // What was asked before the service stood there belongs to no change.
    for (let calm = 0; calm < 20; await pause(20)) calm = (await get(haproxy.url)) === 'v1' ? calm + 1 : 0;
    seen = { requests: 0, failed: [], versions: new Set() };
    while (seen.requests < 20) await pause(20);
    const outcome = await world.put(id, next(id), { soakMs: 500, deadlineMs: 8000 });
    await pause(300);
    const result = { outcome, seen };
    const last = await get(haproxy.url);
    await world.remove(id);
    return { ...result, last };
  };

  it('a rolling update: no failed request, both versions seen, the new one stays', async () => {
    const { outcome, seen: saw, last } = await change('rolling', () => app('v2'));
    expect(outcome.state).toBe('applied');
    expect(saw.failed).toEqual([]);
    expect([...saw.versions].sort()).toEqual(['v1', 'v2']);
    expect(last).toBe('v2');
    expect(saw.requests).toBeGreaterThan(100);
  });

  it.each([
    ['canary', { TOWLINE_STRATEGY: 'canary', TOWLINE_CANARY_SHARE: '0.3' }],
    ['blue-green', { TOWLINE_STRATEGY: 'blue-green' }],
  ])('%s: no failed request, the new version takes over', async (name, labels) => {
    const { outcome, seen: saw, last } = await change(name, () => app('v2', { labels }), { labels });
    expect(outcome).toMatchObject({ state: 'applied', message: expect.stringContaining(`${name} good`) });
    expect(saw.failed).toEqual([]);
    expect([...saw.versions].sort()).toEqual(['v1', 'v2']);
    expect(last).toBe('v2');
  });

  it('a version that is not well: rolled back, no failed request, and nobody ever saw it', async () => {
    const { outcome, seen: saw, last } = await change('sick', () => app('v2', {}, { SICK: 'yes' }), {});
    expect(outcome.state).toBe('rolled-back');
    expect(saw.failed).toEqual([]);
    expect([...saw.versions]).toEqual(['v1']);
    expect(last).toBe('v1');
  });

  it('a version that crashes: rolled back, no failed request, and nobody ever saw it', async () => {
    const { outcome, seen: saw, last } = await change('crash', () => app('v2', { cmd: 'exit 3' }));
    expect(outcome.state).toBe('rolled-back');
    expect(saw.failed).toEqual([]);
    expect([...saw.versions]).toEqual(['v1']);
    expect(last).toBe('v1');
  });

  it('a canary that is not well: taken away, no failed request, and nobody ever saw it', async () => {
    const labels = { TOWLINE_STRATEGY: 'canary' };
    const sick = () => app('v2', { labels }, { SICK: 'yes' });
    const { outcome, seen: saw } = await change('sick-canary', sick, { labels });
    expect(outcome).toMatchObject({
      state: 'rolled-back',
      message: expect.stringContaining('was not touched'),
    });
    expect(saw.failed).toEqual([]);
    expect([...saw.versions]).toEqual(['v1']);
  });
});

function healthy(task: JsonObject): Backend[] {
  const results = Array.isArray(task['healthCheckResults'])
    ? task['healthCheckResults'].filter(isObject)
    : [];
  const [port] = Array.isArray(task['ports']) ? task['ports'] : [];
  const alive = results.length > 0 && results.every((result) => result['alive'] === true);
  return alive && typeof port === 'number' ? [{ name: `t${port}`, host: '127.0.0.1', port }] : [];
}

function get(url: string): Promise<string> {
  return new Promise((resolve) => {
    const request = http.get(url, { agent: false, timeout: 10_000 }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body += chunk));
      response.on('end', () =>
        resolve(response.statusCode === 200 ? body : `${response.statusCode} ${body}`),
      );
      response.on('error', (error) => resolve(String(error)));
    });
    request.on('timeout', () => request.destroy(new Error('timed out')));
    request.on('error', (error) => resolve(String(error)));
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
