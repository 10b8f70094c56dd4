import { Resolver } from 'node:dns/promises';
import { messageOf, TowlineError } from '../../runtime/errors.js';

/** Where one server of a service is. */
export interface SrvAddress {
  host: string;
  port: number;
}

/** How long one DNS server is waited for, and how often it is asked. */
const PATIENCE = { timeout: 3000, tries: 2 };

/**
 * The servers that an SRV record names: by priority, then by weight. `servers` (`ADDRESS` or `ADDRESS:PORT`) are asked
 * instead of the machine's own, also for the addresses of the names, which nobody else may know (Mesos-DNS, Consul).
 * Throws `unavailable` where there is no answer.
 */
export async function lookUpSrv(
  name: string,
  { servers = [], signal }: { servers?: readonly string[]; signal: AbortSignal },
): Promise<SrvAddress[]> {
  signal.throwIfAborted();
  const resolver = new Resolver(PATIENCE);
  const cancel = (): void => resolver.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    if (servers.length > 0) resolver.setServers([...servers]);
    const records = (await resolver.resolveSrv(name)).sort(
      (a, b) => a.priority - b.priority || b.weight - a.weight,
    );
    return await Promise.all(
      records.map(async ({ name: target, port }) => {
        const host = target.replace(/\.$/, '');
        return { host: servers.length === 0 ? host : await addressOf(host, resolver), port };
      }),
    );
  } catch (cause) {
    signal.throwIfAborted();
    throw new TowlineError(
      'scheduler-lookup',
      'unavailable',
      `the SRV record ${name} can't be looked up: ${messageOf(cause)}`,
      {
        cause,
        help: 'Check lookup.srv of the scheduler, and that the DNS that is asked knows it (lookup.servers).',
      },
    );
  } finally {
    signal.removeEventListener('abort', cancel);
  }
}

async function addressOf(host: string, resolver: Resolver): Promise<string> {
  const [four] = await resolver.resolve4(host).catch(() => []);
  if (four !== undefined) return four;
  const [six] = await resolver.resolve6(host).catch(() => []);
  // Perhaps the machine's own DNS knows it.
  return six ?? host;
}
