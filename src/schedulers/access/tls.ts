import type { SchedulerTls } from '../../ports/scheduler.js';

/** TLS settings as undici's connections take them. */
export function tlsOptions(tls: SchedulerTls | undefined): object {
  if (tls === undefined) return {};
  const { ca, cert, key, serverName, verify } = tls;
  return {
    rejectUnauthorized: verify,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  };
}
