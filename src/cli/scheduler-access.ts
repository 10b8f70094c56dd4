import type { LookupConfig, SchedulerConfig } from '../config/config.js';
import type { ConsulAccess } from '../consul/index.js';
import type { Addresses, SchedulerAuth, SchedulerTls } from '../ports/scheduler.js';
import { systemClock } from '../runtime/system-clock.js';
import { lookUpSrv } from '../schedulers/access/srv.js';
import { fixedAddresses, lookedUpAddresses } from '../schedulers/access/addresses.js';

/** How a scheduler is reached, as configured. */
export async function schedulerAccess(
  { urls, lookup, login, user, password, token, tls }: SchedulerConfig,
  consul: () => Promise<ConsulAccess>,
  closers: (() => Promise<void>)[],
): Promise<{ addresses: Addresses; auth?: SchedulerAuth; tls?: SchedulerTls }> {
  const auth: SchedulerAuth | undefined =
    login !== undefined
      ? { login }
      : token !== undefined
        ? { token }
        : user !== undefined && password !== undefined
          ? { user, password }
          : undefined;
  return {
    addresses: lookup === undefined ? fixedAddresses(urls) : await lookedUp(lookup, consul, closers),
    ...(auth === undefined ? {} : { auth }),
    ...(tls === undefined ? {} : { tls }),
  };
}

async function lookedUp(
  { by, name, tag, servers, scheme, path }: LookupConfig,
  consul: () => Promise<ConsulAccess>,
  closers: (() => Promise<void>)[],
): Promise<Addresses> {
  const now = (): number => systemClock.now();
  const urlOf = ({ host, port }: { host: string; port: number }): string =>
    `${scheme}://${host.includes(':') ? `[${host}]` : host}:${port}${path}`;
  if (by === 'srv')
    return lookedUpAddresses(
      async (signal) =>
        (await lookUpSrv(name, { signal, ...(servers === undefined ? {} : { servers }) })).map(urlOf),
      now,
    );
  const { consulServices } = await import('../consul/index.js');
  const services = consulServices(await consul());
  closers.push(() => services.close());
  const passing = (signal: AbortSignal): ReturnType<typeof services.passing> =>
    services.passing(name, { signal, ...(tag === undefined ? {} : { tag }) });
  return lookedUpAddresses(async (signal) => (await passing(signal)).map(urlOf), now);
}
