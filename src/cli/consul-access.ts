import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { ConsulAccess } from '../consul/index.js';
import { TowlineError } from '../runtime/errors.js';
import type { Io } from './io.js';
import type { Settings } from './settings.js';

/**
 * Certificates are read here once; everything else is passed on as it is. A path of the configuration is relative to its
 * folder, one of a variable to the working folder, as for Consul's own tools.
 */
export async function consulAccess(
  { config: { consul }, home }: Settings,
  { env, cwd }: Io,
): Promise<ConsulAccess> {
  const {
    address,
    token,
    auth,
    caCert,
    clientCert,
    clientKey,
    tlsServerName,
    verify,
    namespace,
    datacenter,
  } = consul;
  const read = async (file: string | undefined, variable: string): Promise<string | undefined> => {
    if (file === undefined) return undefined;
    const whole = path.resolve(file === env[variable] ? cwd : home, file);
    try {
      return await readFile(whole, 'utf8');
    } catch (cause) {
      throw new TowlineError('config-unreadable', 'invalid', `${whole} can't be read`, {
        cause,
        help: `It is named as a certificate or key for Consul, in towline.yaml or by ${variable}.`,
      });
    }
  };
  const [ca, cert, key] = await Promise.all([
    read(caCert, 'CONSUL_CACERT'),
    read(clientCert, 'CONSUL_CLIENT_CERT'),
    read(clientKey, 'CONSUL_CLIENT_KEY'),
  ]);
  const tls = {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(tlsServerName === undefined ? {} : { servername: tlsServerName }),
    rejectUnauthorized: verify,
  };
  return {
    address,
    tls,
    ...(token === undefined ? {} : { token }),
    ...(auth === undefined ? {} : { auth }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(datacenter === undefined ? {} : { datacenter }),
  };
}
