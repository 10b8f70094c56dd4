import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Scheduler, SchedulerTls } from '../../src/ports/scheduler.js';
import type { TowlineError } from '../../src/runtime/errors.js';
import { silentLog } from '../../src/runtime/log.js';
import { systemClock } from '../../src/runtime/system-clock.js';
import { fixedAddresses } from '../../src/schedulers/access/addresses.js';
import { chronosScheduler } from '../../src/schedulers/chronos/driver/index.js';
import { marathonScheduler } from '../../src/schedulers/marathon/driver/index.js';
import { Authority, type Certificate } from '../servers/certificates.js';
import { withServer } from '../servers/index.js';
import { chronosWorld, daily, type ChronosWorld } from './chronos-world.js';
import { marathonWorld, sleeper, type MarathonWorld } from './marathon-world.js';

const signal = new AbortController().signal;

withServer('openssl', 'a scheduler behind TLS', () => {
  let world: MarathonWorld;
  let chronos: ChronosWorld;
  let authority: Authority;
  let client: Certificate;
  let server: https.Server;
  let url: string;
  /** Common names of the clients that were let in, by the path that they asked for. */
  const clients = new Map<string, string>();
  const open: Scheduler[] = [];

  beforeAll(async () => {
    [world, chronos] = [await marathonWorld(), await chronosWorld()];
    authority = new Authority('Towline tests');
    const own = authority.issue('marathon.example');
    client = authority.issue('towline');
    // Answers those only who show a certificate of the same authority, and is Marathon for them.
    server = https.createServer({ ...own, ca: authority.cert, requestCert: true }, (request, response) => {
      const { path = '' } = { path: request.url ?? '' };
      clients.set(
        path.split('?')[0] ?? '',
        String((request.socket as TLSSocket).getPeerCertificate().subject.CN),
      );
      const inner = http.request(
        (path.startsWith('/v1/') ? chronos.url() : world.part.url) + path,
        { method: request.method, headers: request.headers },
        (answer) => {
          response.writeHead(answer.statusCode ?? 500, answer.headers);
          answer.pipe(response);
          response.on('close', () => answer.destroy());
        },
      );
      inner.on('error', () => response.destroy());
      request.pipe(inner);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }, 60_000);
  afterEach(async () => {
    await Promise.all(open.splice(0).map((scheduler) => scheduler.close()));
    clients.clear();
  });
  afterAll(async () => {
    server?.closeAllConnections();
    server?.close();
    await world?.close();
    await chronos?.close();
    authority?.remove();
  });

  const marathon = (tls?: SchedulerTls): Scheduler => {
    const scheduler = marathonScheduler({
      name: 'marathon',
      addresses: fixedAddresses([url]),
      ...(tls === undefined ? {} : { tls }),
      clock: systemClock,
      log: silentLog(),
      pollMs: 50,
    });
    open.push(scheduler);
    return scheduler;
  };
  const good = (): SchedulerTls => ({
    ca: authority.cert,
    ...client,
    serverName: 'marathon.example',
    verify: true,
  });

  it('is talked to with its own authority and a client certificate: reads, writes and events', async () => {
    const scheduler = marathon(good());
    const outcome = await scheduler.apply(world.change('create', '/tls', sleeper('/tls')), world.options());
    expect(outcome).toMatchObject({ state: 'applied' });
    expect((await scheduler.observe({ signal })).map(({ id }) => id)).toContain('/tls');
    expect(new Set(clients.values())).toEqual(new Set(['towline']));
    expect([...clients.keys()]).toEqual(expect.arrayContaining(['/v2/apps/tls', '/v2/events']));
  });

  it.each([
    ['an authority that nobody knows', () => ({ ...good(), ca: undefined }), /certificate/],
    ['another name', () => ({ ...good(), serverName: 'other.example' }), /other\.example/],
    [
      'no client certificate',
      () => ({ ca: authority.cert, serverName: 'marathon.example', verify: true }),
      /wants a client certificate/,
    ],
  ])('is not talked to with %s, and the reason is said', async (_what, tls, reason) => {
    const { ca, ...rest } = tls() as SchedulerTls;
    const reading = marathon({ ...rest, ...(ca === undefined ? {} : { ca }) }).observe({ signal });
    await expect(reading).rejects.toMatchObject({ kind: 'unavailable' });
    const error = (await reading.catch((thrown: unknown) => thrown)) as TowlineError;
    expect(`${error.message} ${error.help ?? ''}`).toMatch(reason);
    expect(clients.size).toBe(0);
  });

  it('is as good for a Chronos', async () => {
    const common = {
      name: 'chronos',
      addresses: fixedAddresses([url]),
      clock: systemClock,
      log: silentLog(),
    };
    const [known, stranger] = [
      chronosScheduler({ ...common, tls: good() }),
      chronosScheduler({ ...common, tls: { ...good(), serverName: 'other.example' } }),
    ];
    open.push(known, stranger);
    expect(await known.apply(chronos.change('create', 'tls', daily('tls')), world.options())).toMatchObject({
      state: 'applied',
    });
    expect(clients.get('/v1/scheduler/iso8601')).toBe('towline');
    await expect(stranger.observe({ signal })).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('is talked to unchecked where that is wanted', async () => {
    const { ca: _ca, ...rest } = good();
    expect(await marathon({ ...rest, serverName: 'any.example', verify: false }).observe({ signal })).toEqual(
      expect.any(Array),
    );
  });
});
