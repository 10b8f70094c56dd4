import { it } from '@jest/globals';
import type { SchedulerAuth } from '../../src/ports/scheduler.js';

/** A server that a contract is run against. */
export interface UnderTest<Ability extends string> {
  url: () => string;
  /** What goes with every request, for example `authorization`. */
  headers: Readonly<Record<string, string>>;
  /** What it can not show, with the reason. */
  lacks: ReadonlyMap<Ability | 'contract', string>;
  /** How long a test may take. */
  limitMs: number;
}

/** A test that needs abilities; without them it is skipped, and its name says why. */
export type NeedingIt<Ability extends string> = (
  needs: readonly Ability[],
  title: string,
  test: () => Promise<void>,
) => void;

export function itOf<Ability extends string>({ lacks, limitMs }: UnderTest<Ability>): NeedingIt<Ability> {
  return (needs, title, test) => {
    const reasons = (['contract', ...needs] as const).flatMap((need) => lacks.get(need) ?? []);
    if (reasons.length === 0) it(title, test, limitMs);
    else it.skip(`${title} (SKIPPED: ${reasons.join('; ')})`, () => undefined);
  };
}

/** The sandbox lacks nothing. */
export function sandboxUnderTest<Ability extends string>(url: () => string): UnderTest<Ability> {
  return { url, headers: {}, lacks: new Map(), limitMs: 60_000 };
}

/** From TOWLINE_TEST_NAME_TOKEN, or _USER and _PASSWORD. */
export function authorization(env: NodeJS.ProcessEnv, name: string): Record<string, string> {
  const [token, user] = [env[`TOWLINE_TEST_${name}_TOKEN`], env[`TOWLINE_TEST_${name}_USER`]];
  if (token !== undefined) return { authorization: `token=${token}` };
  if (user === undefined) return {};
  const password = env[`TOWLINE_TEST_${name}_PASSWORD`] ?? '';
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
}

/** Requests below a URL, with what goes with each of them; one that is not answered soon has failed. */
export function asking(
  url: string,
  headers: Readonly<Record<string, string>>,
): (path: string, init?: RequestInit) => Promise<Response> {
  return (path, init = {}) =>
    fetch(url + path, {
      ...init,
      headers: { ...headers, ...(init.headers as Record<string, string> | undefined) },
      signal: AbortSignal.timeout(15_000),
    });
}

/** The credentials among them, for a driver. */
export function authOf({ headers }: UnderTest<string>): { auth?: SchedulerAuth } {
  const { authorization: given } = headers;
  if (given === undefined) return {};
  if (given.startsWith('token=')) return { auth: { token: given.slice('token='.length) } };
  const text = Buffer.from(given.slice('Basic '.length), 'base64').toString();
  const at = text.indexOf(':');
  return { auth: { user: text.slice(0, at), password: text.slice(at + 1) } };
}
