import { afterAll, beforeAll, expect, it } from '@jest/globals';
import path from 'node:path';
import { consulKvStore } from '../../src/consul/index.js';
import { kvJson, kvKey, kvLayout } from '../../src/domain/source/kv-layout.js';
import { silentLog } from '../../src/runtime/log.js';
import { withServer } from '../servers/index.js';
import { idle, openWorld, type World } from './world.js';

const signal = new AbortController().signal;
const layout = kvLayout('towline/', 'test');

withServer('consul', 'an audit from the command line', () => {
  let world: World;
  let store: ReturnType<typeof consulKvStore>;
  const bundle = (): string => path.join(world.folder, 'test.bundle');

  beforeAll(async () => {
    world = await openWorld();
    store = consulKvStore({ address: world.consul.url, log: silentLog() });
    await world.write({ 'jobs/web.json': idle('/web'), 'jobs/api.json': idle('/api') });
    await world.push('Two apps');
    for (const command of ['mirror', 'deploy']) {
      const { code, stderr } = await world.towline(command, '--once');
      if (code !== 0) throw new Error(stderr);
    }
    const [commit, sequence] = [
      await world.git('ls-remote', world.bare, 'refs/heads/ledger/test'),
      await world.git(
        '--git-dir',
        world.bare,
        'log',
        '-1',
        '--format=%(trailers:key=Towline-Sequence,valueonly)',
        'ledger/test',
      ),
    ];
    const anchor = {
      version: 1,
      branch: 'ledger/test',
      commit: commit.split('\t')[0],
      sequence: Number(sequence),
      at: '',
    };
    await store.put(layout.ledger, kvJson(anchor), { signal });
  }, 120_000);
  afterAll(async () => {
    await store?.close();
    await world?.close();
  }, 60_000);

  it('ends with 0 where all links hold, and takes it along in one file', async () => {
    const online = await world.towline('audit', 'verify', 'test');
    expect(online).toMatchObject({ code: 0, stdout: expect.stringContaining('whole: ') });
    const made = await world.towline('audit', 'bundle', 'test', '--out', bundle());
    expect(made).toMatchObject({ code: 0 });
    const offline = await world.towline('audit', 'verify', '--bundle', bundle(), '--output', 'json');
    expect(offline.code).toBe(0);
    expect(JSON.parse(offline.stdout)).toMatchObject([{ findings: [], counts: { values: 2, live: 2 } }]);
  }, 120_000);

  it('ends with 4 and names the layer where one does not', async () => {
    await store.put(kvKey(`${layout.config}web.json`), Buffer.from('{}'), { signal });
    const online = await world.towline('audit', 'verify');
    expect(online).toMatchObject({
      code: 4,
      stdout: expect.stringContaining('broken kv value at towline/test/config/web.json'),
    });
    expect(await world.towline('audit', 'verify', '--bundle', bundle())).toMatchObject({ code: 0 });
    await world.towline('audit', 'bundle', 'test', '--out', bundle());
    const offline = await world.towline('audit', 'verify', '--all', '--bundle', bundle(), '--output', 'json');
    expect(offline.code).toBe(4);
    expect(JSON.parse(offline.stdout)).toMatchObject([{ findings: [{ layer: 'kv value' }] }]);
  }, 120_000);

  it('ends with 1 where it can not look', async () => {
    expect(await world.towline('audit', 'verify', '--bundle', world.configFile)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('it is no git bundle'),
    });
  });
});
