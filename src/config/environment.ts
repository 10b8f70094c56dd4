import type { Diagnostic } from '../domain/source/diagnostic.js';
import type { ConsulConfig } from './config.js';

export type Env = Readonly<Record<string, string | undefined>>;

/** Reads environment variables and secret files, and collects what is wrong with them instead of throwing. */
export class Reader {
  readonly diagnostics: Diagnostic[] = [];

  constructor(
    readonly env: Env,
    readonly readSecret: (name: string) => Promise<string>,
  ) {}

  /** An empty variable counts as not set. */
  text(name: string): string | undefined {
    const value = this.env[name];
    return value === undefined || value === '' ? undefined : value;
  }

  number(name: string): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const number = Number(value);
    if (Number.isFinite(number) && number > 0) return number;
    this.fail(name, `"${value}" is no number above 0`, 'Write it as 60 or 0.5.');
    return undefined;
  }

  oneOf(name: string, value: string | undefined, allowed: readonly string[]): string | undefined {
    if (value === undefined || allowed.includes(value)) return value;
    this.fail(name, `"${value}" is not known`, `Use one of: ${allowed.join(', ')}.`);
    return undefined;
  }

  /** An address with scheme, host and port, whatever of it was left out. Sockets are refused: there is no TLS and no port. */
  address(name: string, value: string, tls: boolean): string {
    if (value.startsWith('unix://')) {
      this.fail(name, 'Unix sockets are not supported', 'Give Consul an HTTP address on loopback.');
      return 'http://127.0.0.1:8500';
    }
    const text = /^[a-z]+:\/\//i.test(value) ? value : `${tls ? 'https' : 'http'}://${value}`;
    const parsed = URL.canParse(text) ? new URL(text) : undefined;
    if (parsed === undefined || !/^https?:$/.test(parsed.protocol)) {
      this.fail(name, `"${value}" is no HTTP address`, 'Write it as http://HOST:PORT.');
      return 'http://127.0.0.1:8500';
    }
    if (parsed.username !== '' || parsed.password !== '') {
      this.fail(
        name,
        'it holds a user or password',
        'Use CONSUL_HTTP_AUTH or a token instead: addresses are printed and logged.',
      );
    }
    return `${parsed.protocol}//${parsed.host}${parsed.pathname.replace(/\/+$/, '')}`;
  }

  async secretFile(name: string): Promise<string | undefined> {
    try {
      return await this.readSecret(name);
    } catch (error) {
      this.fail(
        name,
        `the file can't be read (${error instanceof Error ? error.message : String(error)})`,
        'Check its path and permissions.',
      );
      return undefined;
    }
  }

  fail(name: string, message: string, fix: string): void {
    this.diagnostics.push({
      code: 'config/variable',
      severity: 'error',
      message: `${name}: ${message}`,
      fix,
      place: { file: name },
    });
  }
}

/** Consul's own variables, as every other tool understands them. */
export async function consulFromEnvironment(reader: Reader): Promise<Partial<ConsulConfig>> {
  const tls = flag(reader, 'CONSUL_HTTP_SSL') ?? false;
  const address = reader.text('CONSUL_HTTP_ADDR');
  const tokenFile = reader.text('CONSUL_HTTP_TOKEN_FILE');
  const token =
    reader.text('CONSUL_HTTP_TOKEN') ??
    (tokenFile === undefined ? undefined : await reader.secretFile(tokenFile));
  const verify = flag(reader, 'CONSUL_HTTP_SSL_VERIFY');
  const text = (name: string, key: keyof ConsulConfig): Partial<ConsulConfig> => {
    const value = reader.text(name);
    return value === undefined ? {} : { [key]: value };
  };
  return {
    ...(address === undefined ? {} : { address: reader.address('CONSUL_HTTP_ADDR', address, tls) }),
    ...(token === undefined ? {} : { token }),
    ...(verify === undefined ? {} : { verify }),
    ...text('CONSUL_HTTP_AUTH', 'auth'),
    ...text('CONSUL_CACERT', 'caCert'),
    ...text('CONSUL_CLIENT_CERT', 'clientCert'),
    ...text('CONSUL_CLIENT_KEY', 'clientKey'),
    ...text('CONSUL_TLS_SERVER_NAME', 'tlsServerName'),
    ...text('CONSUL_NAMESPACE', 'namespace'),
  };
}

function flag(reader: Reader, name: string): boolean | undefined {
  const value = reader.text(name)?.toLowerCase();
  if (value === undefined) return undefined;
  if (['1', 't', 'true'].includes(value)) return true;
  if (['0', 'f', 'false'].includes(value)) return false;
  reader.fail(name, `"${value}" is neither true nor false`, 'Use true or false.');
  return undefined;
}
