import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { child, chronosWorld, daily, type ChronosWorld } from './chronos-world.js';
import { JSON_ANSWER, misbehavingProxy, type MisbehavingProxy } from './misbehaving-proxy.js';

const signal = new AbortController().signal;

describe('a Chronos of the second generation', () => {
  let world: ChronosWorld;
  let renewed = false;
  beforeAll(async () => {
    world = await chronosWorld();
    // 2.x has another prefix, no single jobs and no summary.
    world.proxy.react = ({ method, path }) => {
      if (renewed) return path.startsWith('/v1/') ? 'pass' : { status: 404, body: '' };
      const known = path.startsWith('/scheduler/') && !path.includes('summary');
      return known && !(method === 'GET' && path.startsWith('/scheduler/job/'))
        ? 'pass'
        : { status: 404, body: '' };
    };
    world.proxy.rewrite = (path) => (renewed ? path : `/v1${path}`);
  });
  afterAll(() => world.close());

  it('is found by its prefix, and spoken to in its own way', async () => {
    expect(await world.put(daily('old'))).toMatchObject({ state: 'applied' });
    expect(await world.put(child('older', 'old'))).toMatchObject({ state: 'applied' });
    expect(await world.put(daily('old', { owner: 'a@example.com' }))).toMatchObject({ state: 'applied' });
    expect(await world.scheduler.describe({ signal })).toMatchObject({ version: '2.x' });
    expect(await world.scheduler.tasks('old', { signal })).toEqual([]);
    expect(await world.remove('older')).toMatchObject({ state: 'applied' });
  });

  it('is found again when it was renewed meanwhile', async () => {
    renewed = true;
    expect((await world.scheduler.observe({ signal })).map(({ id }) => id)).toEqual(['old']);
    expect(await world.scheduler.describe({ signal })).toMatchObject({ version: '3.x' });
  });
});

describe('several addresses of a Chronos', () => {
  const worlds: ChronosWorld[] = [];
  const proxies: MisbehavingProxy[] = [];
  afterAll(async () => {
    await Promise.all(worlds.map((world) => world.close()));
    await Promise.all(proxies.map((proxy) => proxy.close()));
  });
  const standby = async (target: () => string): Promise<MisbehavingProxy> => {
    const proxy = await misbehavingProxy(target);
    proxies.push(proxy);
    return proxy;
  };
  const open = async (...args: Parameters<typeof chronosWorld>): Promise<ChronosWorld> => {
    const world = await chronosWorld(...args);
    worlds.push(world);
    return world;
  };

  it('are tried in order: one that is down costs nothing', async () => {
    const world = await open({ urls: (proxy) => ['http://127.0.0.1:1', proxy] });
    expect(await world.put(daily('second'))).toMatchObject({ state: 'applied' });
  });

  it('are sent on to each other, as old standbys do, and nowhere else', async () => {
    let leader = '';
    const first = await standby(() => leader);
    const world = await open({ urls: (proxy) => [first.url, proxy] });
    leader = world.url();
    let target = world.proxy.url;
    first.react = ({ path }) => ({ status: 307, body: '', headers: { location: target + path } });
    expect(await world.put(daily('sent-on'))).toMatchObject({ state: 'applied' });
    expect(world.writes()).toHaveLength(1);
    target = 'http://elsewhere.example';
    await expect(world.scheduler.observe({ signal })).rejects.toMatchObject({ code: 'chronos-elsewhere' });
  });

  it('are asked one after the other while a standby has no leader', async () => {
    let leader = '';
    const first = await standby(() => leader);
    const world = await open({ urls: (proxy) => [first.url, proxy] });
    leader = world.url();
    first.react = () => ({ status: 500, body: '<html>Error proxying</html>' });
    await expect(world.scheduler.observe({ signal })).resolves.toEqual([]);
  });

  it('are let in with a password, which stands in no error', async () => {
    const world = await open({ auth: { user: 'towline', password: 'tow-secret' } });
    const good = `Basic ${Buffer.from('towline:tow-secret').toString('base64')}`;
    world.proxy.react = ({ headers }) => (headers.authorization === good ? 'pass' : JSON_ANSWER(401, {}));
    expect(await world.put(daily('let-in'))).toMatchObject({ state: 'applied' });
    world.proxy.react = () => JSON_ANSWER(401, {});
    const refused = await world.scheduler.observe({ signal }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'chronos-denied' });
    expect(String(refused)).not.toContain('tow-secret');
  });

  it('are below a path, whatever stands before it', async () => {
    const world = await open({ urls: (proxy) => [`${proxy}/service/chronos/`] });
    world.proxy.rewrite = (path) => path.replace('/service/chronos', '');
    expect(await world.put(daily('below'))).toMatchObject({ state: 'applied' });
  });
});
