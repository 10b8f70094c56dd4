import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { marathonApiContract } from './marathon-api.contract.js';
import { marathonDriverContract } from './marathon-driver.contract.js';
import { realMarathon, type Ability } from './marathon-under-test.js';
import { sandboxUnderTest } from './under-test.js';
import { silentLog } from '../../src/runtime/log.js';
import { startMarathonPart, type RunningPart } from '../../src/sandbox/marathon/index.js';

// Known before tests are named, so that the name of one that is skipped says why.
const real = await realMarathon(process.env);

describe('the Marathon of the sandbox', () => {
  let folder: string;
  let part: RunningPart;
  const start = () =>
    startMarathonPart({ dataDir: folder, host: '127.0.0.1', port: 0, log: silentLog(), timeScale: 10 });
  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'towline-marathon-'));
    part = await start();
  });
  afterAll(async () => {
    await part.close();
    await rm(folder, { recursive: true, force: true });
  });
  const under = sandboxUnderTest<Ability>(() => part.url);
  marathonApiContract(under);
  marathonDriverContract(under);

  it('keeps definitions and goes on running them after a restart', async () => {
    const call = (method: string, at: string, body?: unknown) =>
      fetch(`${part.url}${at}`, {
        method,
        headers: { 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
    await call('PUT', '/v2/apps/kept?partialUpdate=false', {
      id: '/kept',
      cmd: 'exec sleep 100',
      cpus: 0.1,
      mem: 16,
      labels: { a: 'b' },
    });
    await part.close();
    part = await start();
    const { app } = (await (await call('GET', '/v2/apps/kept')).json()) as { app: { labels: object } };
    expect(app.labels).toEqual({ a: 'b' });
    for (let running = 0; running !== 1;)
      running = ((await (await call('GET', '/v2/apps/kept')).json()) as { app: { tasksRunning: number } }).app
        .tasksRunning;
    await call('DELETE', '/v2/apps/kept');
  });
});

if (real === undefined) {
  describe('a real Marathon', () => {
    it.skip('(SKIPPED: set TOWLINE_TEST_MARATHON_URL to one that may be played with)', () => undefined);
  });
} else {
  describe('a real Marathon', () => {
    marathonApiContract(real);
    marathonDriverContract(real);
  });
}
