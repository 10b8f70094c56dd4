import { httpAddress } from './address.js';
import type { ConsulConfig } from './config.js';
import { DEFAULTS } from './defaults.js';
import type { Settings } from './settings.js';

const LOGIN = 'Use CONSUL_HTTP_AUTH, CONSUL_HTTP_TOKEN or a token file instead.';

/**
 * How Consul is reached: its own variables mean what they mean to Consul's own tools. CONSUL_HTTP_SSL makes any address
 * https, a token file wins over a token.
 */
export async function consulConfig(settings: Settings): Promise<ConsulConfig> {
  const tls = settings.flag('CONSUL_HTTP_SSL') ?? false;
  const given = settings.text('/consul/address', 'CONSUL_HTTP_ADDR') ?? {
    value: DEFAULTS.consul.address,
    origin: { at: '/consul/address' },
  };
  const address = httpAddress(settings, given, { scheme: tls ? 'https' : 'http', login: LOGIN });
  const optional = (
    name: 'caCert' | 'clientCert' | 'clientKey' | 'tlsServerName' | 'namespace' | 'datacenter',
    variable?: string,
  ): Partial<ConsulConfig> => {
    const found = settings.text(`/consul/${name}`, variable);
    return found === undefined ? {} : { [name]: found.value };
  };
  const token = await tokenOf(settings);
  const auth = settings.variable('CONSUL_HTTP_AUTH');
  const prefix = settings.text('/consul/prefix', 'TOWLINE_CONSUL_PREFIX')?.value ?? DEFAULTS.consul.prefix;
  const config: ConsulConfig = {
    address: (address ?? DEFAULTS.consul.address).replace(/^http:/, tls ? 'https:' : 'http:'),
    ...(token === undefined ? {} : { token }),
    ...(auth === undefined ? {} : { auth: auth.value }),
    ...optional('caCert', 'CONSUL_CACERT'),
    ...optional('clientCert', 'CONSUL_CLIENT_CERT'),
    ...optional('clientKey', 'CONSUL_CLIENT_KEY'),
    ...optional('tlsServerName', 'CONSUL_TLS_SERVER_NAME'),
    ...optional('namespace', 'CONSUL_NAMESPACE'),
    ...optional('datacenter'),
    verify: settings.boolean('/consul/verify', 'CONSUL_HTTP_SSL_VERIFY') ?? DEFAULTS.consul.verify,
    prefix: prefix.endsWith('/') ? prefix : `${prefix}/`,
  };
  checkTls(config, settings);
  return config;
}

async function tokenOf(settings: Settings): Promise<string | undefined> {
  const fileVariable = settings.variable('CONSUL_HTTP_TOKEN_FILE');
  if (fileVariable !== undefined) return settings.secret(fileVariable);
  return (
    settings.variable('CONSUL_HTTP_TOKEN')?.value ??
    (await settings.secret(settings.text('/consul/tokenFile')))
  );
}

function checkTls({ address, caCert, clientCert, clientKey }: ConsulConfig, settings: Settings): void {
  if ((clientCert === undefined) !== (clientKey === undefined)) {
    const [there, missing] =
      clientKey === undefined ? ['clientCert', 'clientKey'] : ['clientKey', 'clientCert'];
    const variable = missing === 'clientKey' ? 'CONSUL_CLIENT_KEY' : 'CONSUL_CLIENT_CERT';
    settings.problem(
      { at: `/consul/${there}` },
      'a client certificate and its key belong together',
      `Add ${missing}, or set ${variable}.`,
    );
  }
  const folder = settings.variable('CONSUL_CAPATH');
  if (folder !== undefined && caCert === undefined && address.startsWith('https:'))
    settings.problem(
      folder.origin,
      'a folder of certificates is not supported',
      'Use CONSUL_CACERT with one file.',
    );
}
