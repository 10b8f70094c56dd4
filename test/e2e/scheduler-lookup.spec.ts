import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import type { LookupConfig } from '../../src/config/config.js';
import { schedulerAccess } from '../../src/cli/scheduler-access.js';
import type { Addresses } from '../../src/ports/scheduler.js';
import { silentLog } from '../../src/runtime/log.js';
import { systemClock } from '../../src/runtime/system-clock.js';
import { startMarathonPart, type RunningPart } from '../../src/sandbox/marathon/index.js';
import { startChronosPart } from '../../src/sandbox/chronos/index.js';
import { chronosScheduler } from '../../src/schedulers/chronos/driver/index.js';
import { marathonScheduler } from '../../src/schedulers/marathon/driver/index.js';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { until } from '../scenario/processes.js';
import { freePorts, startConsul, withServer, type ConsulServer } from '../servers/index.js';

const signal = new AbortController().signal;

withServer('consul', 'a scheduler that is looked up', () => {
  let consul: ConsulServer;
  let dns: string;
  let folder: string;
  const parts: RunningPart[] = [];
  const closers: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    const [port = 0] = await freePorts(1);
    consul = await startConsul({ dnsPort: port });
    dns = `127.0.0.1:${port}`;
    folder = await mkdtemp(path.join(os.tmpdir(), 'towline-lookup-'));
    for (const name of ['one', 'two'])
      parts.push(
        await startMarathonPart({
          dataDir: path.join(folder, name),
          host: '127.0.0.1',
          port: 0,
          log: silentLog(),
        }),
      );
  }, 90_000);
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
    for (const id of ['one', 'two']) await agent(`service/deregister/${id}`).catch(() => undefined);
  });
  afterAll(async () => {
    await Promise.all(parts.map((part) => part.close()));
    await consul?.close();
    await rm(folder, { recursive: true, force: true });
  });

  const agent = async (at: string, body?: object): Promise<void> => {
    const answer = await fetch(`${consul.url}/v1/agent/${at}`, {
      method: 'PUT',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(await answer.text());
  };
  const portOf = ({ url }: { url: string }): number => Number(new URL(url).port);
  /** Both instances, each with a check that says how it is. */
  const register = async (health: Record<'one' | 'two', 'pass' | 'fail'>): Promise<void> => {
    for (const [n, name] of (['one', 'two'] as const).entries()) {
      const part = parts[n];
      if (part === undefined) throw new Error('no such part');
      await agent('service/register', {
        ID: name,
        Name: 'marathon',
        Tags: ['tcp', name],
        Address: '127.0.0.1',
        Port: portOf(part),
        Check: { CheckID: `check-${name}`, TTL: '600s' },
      });
      await agent(`check/${health[name]}/check-${name}`);
    }
  };
  const addresses = async (lookup: Partial<LookupConfig>): Promise<Addresses> => {
    const { addresses: found } = await schedulerAccess(
      {
        name: 'marathon',
        kind: 'marathon',
        urls: [],
        settings: {},
        lookup: { by: 'consul', name: 'marathon', scheme: 'http', path: '', ...lookup },
      },
      async () => ({ address: consul.url }),
      closers,
    );
    return found;
  };

  it('is where its passing instances are in Consul, those with a tag, with the path before the API', async () => {
    await register({ one: 'pass', two: 'fail' });
    expect(await (await addresses({})).list(signal)).toEqual([parts[0]?.url]);
    await agent('check/pass/check-two');
    const all = await until('Consul tells both', async () => {
      const found = await (await addresses({})).list(signal);
      return found.length === 2 && found;
    });
    expect([...all].sort()).toEqual(parts.map(({ url }) => url).sort());
    expect(await (await addresses({ tag: 'two', path: '/service/marathon' })).list(signal)).toEqual([
      `${parts[1]?.url}/service/marathon`,
    ]);
    expect(await (await addresses({ name: 'none' })).list(signal)).toEqual([]);
  }, 60_000);

  it('is where its SRV record says, also where only a DNS of its own knows the names', async () => {
    await register({ one: 'pass', two: 'fail' });
    const srv = {
      by: 'srv',
      name: '_marathon._tcp.service.consul',
      servers: [dns],
    } satisfies Partial<LookupConfig>;
    const found = await until('the DNS knows it', async () => (await addresses(srv)).list(signal));
    expect(found).toEqual([parts[0]?.url]);
    const nobody = await addresses({ ...srv, name: '_none._tcp.service.consul' });
    await expect(nobody.list(signal)).rejects.toMatchObject({
      code: 'scheduler-lookup',
      kind: 'unavailable',
    });
    const stopped = AbortSignal.abort(new DOMException('enough', 'AbortError'));
    await expect(nobody.list(stopped)).rejects.toThrow('enough');
  }, 60_000);

  it('may be a Chronos', async () => {
    const chronos = await startChronosPart({
      dataDir: path.join(folder, 'chronos'),
      host: '127.0.0.1',
      port: 0,
      log: silentLog(),
    });
    closers.push(() => chronos.close());
    const service = {
      ID: 'one',
      Name: 'chronos',
      Tags: ['tcp'],
      Address: '127.0.0.1',
      Port: portOf(chronos),
    };
    await agent('service/register', service);
    const name = '_chronos._tcp.service.consul';
    const lookedUp = await addresses({ by: 'srv', name, servers: [dns] });
    await until('the DNS knows it', async () => (await lookedUp.list(signal)).length === 1);
    const scheduler = chronosScheduler({
      name: 'chronos',
      addresses: lookedUp,
      clock: systemClock,
      log: silentLog(),
    });
    closers.unshift(() => scheduler.close());
    expect(await scheduler.describe({ signal })).toMatchObject({
      version: '3.x',
      facts: { url: chronos.url },
    });
  }, 60_000);

  it('is looked up anew when it does not answer any more', async () => {
    await register({ one: 'pass', two: 'fail' });
    const scheduler = marathonScheduler({
      name: 'marathon',
      addresses: await addresses({}),
      clock: systemClock,
      log: silentLog(),
    });
    closers.push(() => scheduler.close());
    expect(await scheduler.describe({ signal })).toMatchObject({ facts: { url: parts[0]?.url } });
    await parts[0]?.close();
    await register({ one: 'fail', two: 'pass' });
    const now = await until('it is found again', async () => {
      const { facts } = await scheduler.describe({ signal });
      return facts as { url: string };
    });
    expect(now.url).toBe(parts[1]?.url);
  }, 60_000);
});
