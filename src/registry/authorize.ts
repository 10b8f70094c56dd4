import { isObject, type Json } from '../domain/source/json.js';
import type { RegistryLogin } from '../ports/image-registry.js';
import { TowlineError } from '../runtime/errors.js';
import { registerSecret } from '../runtime/redact.js';
import { ask, type Answer } from './http.js';

interface Challenged {
  login: RegistryLogin | undefined;
  /** The registry that asks. */
  host: string;
  repository: string;
  insecure: readonly string[];
  timeoutMs: number;
  signal: AbortSignal;
}

const TOKEN_BYTES = 256 * 1024;

/**
 * What to answer a registry that asks who one is (`WWW-Authenticate`): the login itself, or a token that is fetched with it.
 * Undefined where it asks for a login and there is none. A token is asked for reading one repository only.
 */
export async function authorize(challenge: string, challenged: Challenged): Promise<string | undefined> {
  const { login, host } = challenged;
  const [, scheme = '', rest = ''] = /^\s*([A-Za-z]+)\s*(.*)$/s.exec(challenge) ?? [];
  if (scheme.toLowerCase() === 'basic')
    return login?.kind === 'password' ? `Basic ${basic(login)}` : undefined;
  if (scheme.toLowerCase() !== 'bearer') throw garbled(host, 'asks for a login in a way that nobody knows');
  const { realm, service } = parametersOf(rest);
  const url = realmOf(realm, challenged);
  const answer = await tokenAnswer(url, service, challenged);
  if (answer.status === 401 || answer.status === 403 || answer.status === 400)
    throw new TowlineError(
      'registry-denied',
      'refused',
      `${url.host} gives no token for ${host}${answer.said === '' ? `: it answered ${answer.status}` : `: ${answer.said}`}`,
      { help: `Log in with docker login ${host}, or let Docker's config.json name a credential helper.` },
    );
  if (answer.status !== 200)
    throw new TowlineError(
      'registry-unavailable',
      'unavailable',
      `${url.host} answered ${answer.status} instead of a token for ${host}`,
      { help: 'Run this again later.' },
    );
  const token = tokenIn(answer.body);
  if (token === undefined) throw garbled(host, 'sends to a place that gives no token');
  registerSecret(token);
  return `Bearer ${token}`;
}

function tokenAnswer(url: URL, service: string | undefined, challenged: Challenged): Promise<Answer> {
  const { login, repository, timeoutMs, signal } = challenged;
  const scope = `repository:${repository}:pull`;
  const common = { limit: TOKEN_BYTES, timeoutMs, signal };
  if (login?.kind === 'identity-token')
    return ask(url.href, {
      ...common,
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body: new URLSearchParams({
        grant_type: 'refresh_token',
        refresh_token: login.token,
        client_id: 'towline',
        scope,
        ...(service === undefined ? {} : { service }),
      }).toString(),
    });
  if (service !== undefined) url.searchParams.set('service', service);
  url.searchParams.set('scope', scope);
  return ask(url.href, {
    ...common,
    method: 'GET',
    headers: {
      accept: 'application/json',
      ...(login === undefined ? {} : { authorization: `Basic ${basic(login)}` }),
    },
  });
}

/** Where tokens are had. A login is not sent in plain, but to a registry that is itself asked in plain. */
function realmOf(realm: string | undefined, { host, insecure }: Challenged): URL {
  let url: URL;
  try {
    url = new URL(realm ?? '');
  } catch {
    throw garbled(host, 'does not say where tokens are had');
  }
  const own = ['localhost', '[::1]'].includes(url.hostname) || /^127(\.\d{1,3}){3}$/.test(url.hostname);
  const plain = url.protocol === 'http:' && (own || insecure.includes(url.host));
  if ((url.protocol !== 'https:' && !plain) || url.username !== '' || url.password !== '')
    throw garbled(host, 'sends to a place where a login is not safe');
  return url;
}

/** `realm="…",service="…"`. */
function parametersOf(text: string): { realm?: string; service?: string } {
  const found = new Map<string, string>();
  for (const [, name = '', quoted, bare] of text.matchAll(/([A-Za-z_]+)\s*=\s*(?:"([^"]*)"|([^\s,"]+))/g))
    found.set(name.toLowerCase(), quoted ?? bare ?? '');
  const [realm, service] = [found.get('realm'), found.get('service')];
  return { ...(realm === undefined ? {} : { realm }), ...(service === undefined ? {} : { service }) };
}

function tokenIn(body: Uint8Array): string | undefined {
  let value: Json;
  try {
    value = JSON.parse(new TextDecoder().decode(body)) as Json;
  } catch {
    return undefined;
  }
  if (!isObject(value)) return undefined;
  const token = value['token'] ?? value['access_token'];
  // It becomes a header: nothing in it may end one.
  return typeof token === 'string' && /^[\u0021-\u007e]+$/.test(token) ? token : undefined;
}

function basic({ username, password }: Extract<RegistryLogin, { kind: 'password' }>): string {
  return Buffer.from(`${username}:${password}`).toString('base64');
}

function garbled(host: string, what: string): TowlineError {
  return new TowlineError('registry-garbled', 'refused', `the registry ${host} ${what}`, {
    help: 'Check that a registry is what answers there; a proxy between may change its answers.',
  });
}
