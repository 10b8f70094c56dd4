import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { silentLog } from '../../src/runtime/log.js';
import { startChronosPart } from '../../src/sandbox/chronos/index.js';
import { until } from '../scenario/processes.js';
import { chronosApiContract } from './chronos-api.contract.js';
import { chronosDriverContract } from './chronos-driver.contract.js';
import { realChronos, type Ability } from './chronos-under-test.js';
import { sandboxUnderTest } from './under-test.js';

// Known before tests are named, so that the name of one that is skipped says why.
const real = await realChronos(process.env);

describe('the Chronos of the sandbox', () => {
  let folder: string;
  let part: { url: string; close(): Promise<void> };
  const start = () => startChronosPart({ dataDir: folder, host: '127.0.0.1', port: 0, log: silentLog() });
  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'towline-chronos-'));
    part = await start();
  });
  afterAll(async () => {
    await part.close();
    await rm(folder, { recursive: true, force: true });
  });
  const under = sandboxUnderTest<Ability>(() => part.url);
  chronosApiContract(under);
  chronosDriverContract(under);

  const post = (kind: string, job: object) =>
    fetch(`${part.url}/v1/scheduler/${kind}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ command: 'true', ...job }),
    });
  const names = async (): Promise<string[]> =>
    ((await (await fetch(`${part.url}/v1/scheduler/jobs`)).json()) as { name: string }[]).map((j) => j.name);

  it('keeps its jobs over a restart', async () => {
    await post('iso8601', { name: 'kept', schedule: 'R/2099-01-01T03:00:00Z/P1D' });
    await until('it is listed', async () => (await names()).includes('kept'));
    await part.close();
    part = await start();
    // As a new leader does.
    expect(await names()).toEqual([]);
    await until('it is listed again', async () => (await names()).includes('kept'));
  });

  // Not in the contract: it would end a real one for good.
  it('dies of a job that is its own parent, as the real one does', async () => {
    expect((await post('dependency', { name: 'loop', parents: ['loop'] })).status).toBe(204);
    await until('it is dead', async () => {
      const answer = await fetch(`${part.url}/v1/scheduler/jobs`);
      return answer.status === 500 && answer.headers.get('content-type')?.includes('html') === true;
    });
  });
});

if (real === undefined) {
  describe('a real Chronos', () => {
    it.skip('(SKIPPED: set TOWLINE_TEST_CHRONOS_URL to one that may be played with)', () => undefined);
  });
} else {
  describe('a real Chronos', () => {
    chronosApiContract(real);
    chronosDriverContract(real);
  });
}
