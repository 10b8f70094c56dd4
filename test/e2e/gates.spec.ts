import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { readFile, writeFile } from 'node:fs/promises';
import type { GateReport } from '../../src/queries/gates.js';
import { withServer } from '../servers/index.js';
import { appsOf, idle, openWorld, type World } from './world.js';

const CLOSED =
  "{ name: shop, from: '2020-01-01T00:00', to: '2099-01-01T00:00', zone: Europe/Berlin, jobs: ['/shop/*'] }";
const TO_COME = "{ name: to-come, from: '2098-12-30T12:00', to: '2099-01-02T00:00', zone: UTC }";

withServer('consul', 'gates', () => {
  let world: World;
  let plain: string;

  beforeAll(async () => {
    world = await openWorld();
    plain = await readFile(world.configFile, 'utf8');
    await world.write({
      'jobs/web.json': idle('/shop/web'),
      'jobs/front.json': idle('/front', { dependencies: ['/shop/web'] }),
      'jobs/db.json': idle('/db'),
    });
    await world.push('Begin');
    await world.towline('mirror', '--once');
  }, 60_000);
  afterAll(() => world?.close(), 60_000);

  const gates = (text: string): Promise<void> =>
    writeFile(world.configFile, text === '' ? plain : `${plain}gates: ${text}\n`);
  const run = async (...args: string[]): Promise<{ code: number; text: string }> => {
    const { code, stdout, stderr } = await world.towline('--log-level', 'warn', ...args);
    return { code, text: stdout + stderr };
  };
  const ids = async (): Promise<string[]> => (await appsOf(world.marathonUrl)).map(({ id }) => id).sort();

  it('a window that can’t be read stops everything, with its place', async () => {
    await gates("{ freezes: [{ name: a, from: 'Fri 16:00', to: 'Mon', zone: UTC }] }");
    const { code, text } = await run('gates');
    expect({ code, text }).toMatchObject({
      code: 1,
      text: expect.stringMatching(/towline\.yaml:\d+:\d+: "Mon" is no time of a window/),
    });
  }, 60_000);

  it('towline gates says what is held, and until when, before anything is deployed', async () => {
    await gates(`{ freezes: [${CLOSED}, ${TO_COME}] }`);
    const { code, text } = await run('gates');
    expect({ code, text }).toMatchObject({ code: 3 });
    expect(text).toMatch(/^test at [0-9a-f]{10,} \(plan [0-9a-f]{12}\)$/m);
    expect(text).toMatch(/ {2}held {8}freeze shop {2}marathon:\/shop\/web\n/);
    expect(text).toContain('opens Fri 2099-01-02 01:00 Europe/Berlin (2099-01-02T00:00:00Z)');
    expect(text).toMatch(/ {2}open {8}freeze to-come\n/);
    expect(text).toContain('closes Tue 2098-12-30 12:00 UTC (2098-12-30T12:00:00Z)');
    const json = await world.towline('gates', 'test', '--output', 'json');
    const [report] = JSON.parse(json.stdout) as GateReport[];
    expect(report?.gates.find(({ name }) => name === 'shop')).toMatchObject({
      gate: 'freeze',
      state: 'held',
      refs: ['marathon:/shop/web'],
    });
    expect(await ids()).toEqual([]);
  }, 60_000);

  it('a freeze holds its jobs and what depends on them; the others are deployed, and all of it is on record', async () => {
    const first = await run('deploy', '--once');
    expect({ ...first, ids: await ids() }).toMatchObject({ code: 3, ids: ['/db'] });
    expect(first.text).toContain('frozen by "shop" until');
    const status = await run('status');
    expect(status.text).toMatch(/blocked +marathon:\/front .*waits for marathon:\/shop\/web/);
    await world.git('fetch', '-q', 'origin', 'ledger/test');
    const message = await world.git('log', '-1', '--format=%B', 'FETCH_HEAD');
    expect(message).toMatch(/^Towline-Gate: held freeze shop \(1 job\): frozen by "shop" until/m);
    // Nothing is new in the next pass, so nothing is written.
    const again = await run('deploy', '--once');
    expect(again.code).toBe(3);
    await world.git('fetch', '-q', 'origin', 'ledger/test');
    expect(await world.git('log', '-1', '--format=%B', 'FETCH_HEAD')).toBe(message);
  }, 60_000);

  it('towline plan prints what gates say; once the window is gone everything goes', async () => {
    const planned = await run('plan');
    expect(planned).toMatchObject({ code: 3, text: expect.stringContaining('held by freeze shop, 1 job:') });
    await gates('');
    expect(await run('gates')).toMatchObject({
      code: 0,
      text: expect.stringMatching(/ {2}open {8}prune \*/),
    });
    expect(await run('deploy', '--once')).toMatchObject({ code: 0 });
    expect(await ids()).toEqual(['/db', '/front', '/shop/web']);
  }, 60_000);
});
