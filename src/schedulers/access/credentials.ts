import { createPrivateKey, createSign } from 'node:crypto';
import { request, type Dispatcher } from 'undici';
import { isObject, type Json } from '../../domain/source/json.js';
import type { SchedulerAuth } from '../../ports/scheduler.js';
import { TowlineError } from '../../runtime/errors.js';
import { withTimeout } from '../../runtime/abort.js';

/** What goes into the Authorization header, and what is done when it is no longer taken. */
export interface Credentials {
  /** Undefined: none is needed. */
  header(signal: AbortSignal): Promise<string | undefined>;
  /** A server answered 401 to this header. True where another one can be had now. */
  refused(header: string | undefined): boolean;
}

/** A login is good for some days; before its end it is renewed by itself. */
const RENEW_BEFORE_MS = 60_000;
const LOGIN_MS = 15_000;
/** A login that the same server refuses at once is not tried again for so long. */
const PAUSE_MS = 10_000;

export function credentialsOf(
  auth: SchedulerAuth | undefined,
  { dispatcher, now }: { dispatcher: Dispatcher; now: () => number },
): Credentials {
  if (auth === undefined) return fixed(undefined);
  if ('token' in auth) return fixed(`token=${auth.token}`);
  if ('login' in auth) return new Login(auth.login, dispatcher, now);
  return fixed(`Basic ${Buffer.from(`${auth.user}:${auth.password}`).toString('base64')}`);
}

function fixed(header: string | undefined): Credentials {
  return { header: () => Promise.resolve(header), refused: () => false };
}

type LoginSettings = Extract<SchedulerAuth, { login: unknown }>['login'];

/**
 * A login at DC/OS: by a service account (a signed token that says who it is) or a password. The answer is a token that
 * goes with every request and ends some day.
 */
class Login implements Credentials {
  #current: { header: string; until: number } | undefined;
  #pending: Promise<string> | undefined;
  #renewedAt = -Infinity;

  constructor(
    readonly settings: LoginSettings,
    readonly dispatcher: Dispatcher,
    readonly now: () => number,
  ) {}

  async header(signal: AbortSignal): Promise<string> {
    if (this.#current !== undefined && this.#current.until > this.now()) return this.#current.header;
    // Requests side by side share one login.
    this.#pending ??= this.#login(signal).finally(() => (this.#pending = undefined));
    return this.#pending;
  }

  refused(header: string | undefined): boolean {
    if (header !== this.#current?.header) return true;
    if (this.now() - this.#renewedAt < PAUSE_MS) return false;
    this.#current = undefined;
    return true;
  }

  async #login(signal: AbortSignal): Promise<string> {
    const { url, uid } = this.settings;
    const proof =
      'privateKey' in this.settings
        ? { uid, token: signed(uid, this.settings.privateKey, this.now()) }
        : { uid, password: this.settings.password };
    const answer = await request(url, {
      method: 'POST',
      dispatcher: this.dispatcher,
      signal: withTimeout(signal, LOGIN_MS),
      headers: { 'content-type': 'application/json', accept: 'application/json' },
      body: JSON.stringify(proof),
    }).catch((cause: unknown) => {
      signal.throwIfAborted();
      throw new TowlineError('scheduler-login', 'unavailable', `the login at ${url} does not answer`, {
        cause,
        help: 'Check login.url of the scheduler.',
      });
    });
    const text = await answer.body.text();
    const token = tokenIn(text);
    if (answer.statusCode !== 200 || token === undefined)
      throw new TowlineError(
        'scheduler-login',
        answer.statusCode >= 500 ? 'unavailable' : 'refused',
        `the login of "${uid}" at ${url} was answered ${answer.statusCode}`,
        { help: 'Check login.uid and its private key or password.' },
      );
    const header = `token=${token}`;
    this.#renewedAt = this.now();
    this.#current = { header, until: endOf(token) - RENEW_BEFORE_MS };
    return header;
  }
}

function tokenIn(text: string): string | undefined {
  try {
    const value = JSON.parse(text) as Json;
    return isObject(value) && typeof value['token'] === 'string' ? value['token'] : undefined;
  } catch {
    return undefined;
  }
}

/** A JSON Web Token (RS256) that says who logs in; good for five minutes. */
function signed(uid: string, privateKey: string, now: number): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'RS256', typ: 'JWT' })}.${part({ uid, exp: Math.floor(now / 1000) + 300 })}`;
  try {
    const key = createPrivateKey(privateKey);
    return `${text}.${createSign('RSA-SHA256').update(text).sign(key, 'base64url')}`;
  } catch (cause) {
    throw new TowlineError('scheduler-login', 'invalid', `the private key of "${uid}" can't be used`, {
      cause,
      help: 'It is an RSA key in PEM form, as dcos security org service-accounts keypair makes it.',
    });
  }
}

/** When a token says that it ends, in ms since the epoch; one that says nothing is good until it is refused. */
function endOf(token: string): number {
  const [, payload = ''] = token.split('.');
  try {
    const value = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Json;
    return isObject(value) && typeof value['exp'] === 'number' ? value['exp'] * 1000 : Infinity;
  } catch {
    return Infinity;
  }
}
