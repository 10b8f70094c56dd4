import { pointer } from '../domain/source/json.js';
import { httpAddress } from './address.js';
import type { LookupConfig, SchedulerConfig } from './config.js';
import { DEFAULTS } from './defaults.js';
import type { Settings, Sourced } from './settings.js';

/** What variables may say of a scheduler: `TOWLINE_ENVIRONMENT_PRODUCTION_MARATHON_URL`. */
export const PER_SCHEDULER = ['URL', 'USER', 'PASSWORD', 'TOKEN'] as const;

export function variableName(environment: string, scheduler: string, what: string): string {
  return `TOWLINE_ENVIRONMENT_${environment}_${scheduler}_${what}`.toUpperCase().replaceAll('-', '_');
}

export async function schedulerConfig(
  settings: Settings,
  environment: string,
  name: string,
): Promise<SchedulerConfig> {
  const at = (...rest: string[]): string => pointer('environments', environment, 'schedulers', name, ...rest);
  const variable = (what: (typeof PER_SCHEDULER)[number]): string => variableName(environment, name, what);
  const user = settings.text(at('user'), variable('USER'));
  const password =
    settings.variable(variable('PASSWORD'))?.value ??
    (await settings.secret(settings.text(at('passwordFile'))));
  const token =
    settings.variable(variable('TOKEN'))?.value ?? (await settings.secret(settings.text(at('tokenFile'))));
  if (user !== undefined && password === undefined && settings.text(at('passwordFile')) === undefined)
    settings.problem(
      user.origin,
      'the user has no password',
      `Add passwordFile, or set ${variable('PASSWORD')}.`,
    );
  if (user === undefined && password !== undefined)
    settings.problem(
      { at: at() },
      'the password has no user',
      `Add user, or set ${variable('USER')}.`,
      'key',
    );
  const named = settings.names(at('settings')).flatMap((key) => {
    const value = settings.text(at('settings', key));
    return value === undefined ? [] : [[key, value.value] as const];
  });
  return {
    name,
    kind: settings.text(at('kind'))?.value ?? name,
    urls: urlsOf(settings, environment, name),
    ...(await reached(settings, at)),
    ...(user === undefined ? {} : { user: user.value }),
    ...(password === undefined ? {} : { password }),
    ...(token === undefined ? {} : { token }),
    settings: Object.fromEntries(named),
  };
}

function urlsOf(settings: Settings, environment: string, name: string): string[] {
  const at = (...rest: string[]): string => pointer('environments', environment, 'schedulers', name, ...rest);
  const variable = settings.variable(variableName(environment, name, 'URL'));
  const single = settings.text(at('url'));
  const given: Sourced<string>[] =
    variable !== undefined
      ? variable.value.split(',').map((url) => ({ value: url.trim(), origin: variable.origin }))
      : single !== undefined
        ? [single]
        : settings.list(at('urls'));
  const login = `Use user and passwordFile, or set ${variableName(environment, name, 'PASSWORD')}.`;
  return given.flatMap((url) => {
    const address = httpAddress(settings, url, { login });
    return address === undefined ? [] : [address];
  });
}

type At = (...rest: string[]) => string;

/** How its addresses are found and its connections made, where that is said. */
async function reached(
  settings: Settings,
  at: At,
): Promise<Pick<SchedulerConfig, 'lookup' | 'login' | 'tls'>> {
  const [lookup, login, tls] = [
    lookupOf(settings, at),
    await loginOf(settings, at),
    await tlsOf(settings, at),
  ];
  return {
    ...(lookup === undefined ? {} : { lookup }),
    ...(login === undefined ? {} : { login }),
    ...(tls === undefined ? {} : { tls }),
  };
}

function lookupOf(settings: Settings, at: At): LookupConfig | undefined {
  for (const by of ['srv', 'consul'] as const) {
    const name = settings.text(at('lookup', by))?.value;
    if (name === undefined) continue;
    const tag = settings.text(at('lookup', 'tag'))?.value;
    const servers = settings.list(at('lookup', 'servers')).map(({ value }) => value);
    const path = settings.text(at('lookup', 'path'))?.value ?? DEFAULTS.lookup.path;
    return {
      by,
      name,
      ...(tag === undefined ? {} : { tag }),
      ...(servers.length === 0 ? {} : { servers }),
      scheme:
        settings.oneOf(['http', 'https'], settings.text(at('lookup', 'scheme'))) ?? DEFAULTS.lookup.scheme,
      path: path.replace(/\/+$/, ''),
    };
  }
  return undefined;
}

async function loginOf(settings: Settings, at: At): Promise<SchedulerConfig['login']> {
  const [given, uid] = [settings.text(at('login', 'url')), settings.text(at('login', 'uid'))];
  if (given === undefined || uid === undefined) return undefined;
  const url = httpAddress(settings, given, {
    login: 'The login has a uid and a privateKeyFile or passwordFile.',
  });
  const privateKey = await settings.secret(settings.text(at('login', 'privateKeyFile')));
  const password = await settings.secret(settings.text(at('login', 'passwordFile')));
  if (url === undefined) return undefined;
  if (privateKey !== undefined) return { url, uid: uid.value, privateKey };
  return password === undefined ? undefined : { url, uid: uid.value, password };
}

async function tlsOf(settings: Settings, at: At): Promise<SchedulerConfig['tls']> {
  const [ca, cert] = await Promise.all([pem(settings, at('caCert')), pem(settings, at('clientCert'))]);
  const key = await settings.secret(settings.text(at('clientKey')));
  const serverName = settings.text(at('tlsServerName'))?.value;
  const verify = settings.boolean(at('verify'));
  if ([ca, cert, key, serverName, verify].every((each) => each === undefined)) return undefined;
  return {
    verify: verify ?? true,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(serverName === undefined ? {} : { serverName }),
  };
}

async function pem(settings: Settings, at: string): Promise<string | undefined> {
  const file = settings.text(at);
  const bytes = file === undefined ? undefined : await settings.content(file);
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}
