import { asking, authorization, type UnderTest } from './under-test.js';

export type MarathonUnderTest = UnderTest<Ability>;

/** What not every Marathon has, or lets everybody do. */
export type Ability = 'contract' | 'pods' | 'events' | 'tasks';

/**
 * A real Marathon, by TOWLINE_TEST_MARATHON_URL and, where it wants them, _USER and _PASSWORD or _TOKEN. What it is and has
 * is found out before any test is named.
 */
export async function realMarathon(env: NodeJS.ProcessEnv): Promise<MarathonUnderTest | undefined> {
  const given = env['TOWLINE_TEST_MARATHON_URL'];
  if (given === undefined) return undefined;
  const url = given.replace(/\/+$/, '');
  const headers = authorization(env, 'MARATHON');
  const lacks = new Map<Ability, string>();
  const under = { url: () => url, headers, lacks, limitMs: 300_000 };
  const ask = asking(url, headers);
  try {
    const info = await ask('/v2/info');
    if (!info.ok) throw new Error(`/v2/info answers ${info.status}`);
    const { version = '' } = (await info.json()) as { version?: string };
    if (!isAtLeast(version, [1, 5]))
      lacks.set('contract', `it is Marathon ${version}, and this holds from 1.5 on`);
    const pods = await ask('/v2/pods', { method: 'HEAD' });
    if (!pods.ok) lacks.set('pods', `it has no pods: HEAD /v2/pods answers ${pods.status}`);
    const stop = new AbortController();
    const events = await fetch(`${url}/v2/events`, {
      headers: { ...headers, accept: 'text/event-stream' },
      signal: stop.signal,
    });
    if (!events.ok) lacks.set('events', `it shows no events: /v2/events answers ${events.status}`);
    stop.abort();
    const framework = (await (await ask('/v2/info')).json()) as { frameworkId?: string | null };
    if ((framework.frameworkId ?? null) === null)
      lacks.set('tasks', 'it is not registered with a Mesos, so that no task runs');
  } catch (error) {
    // A Marathon that was asked for and is not there is no reason to skip.
    throw new Error(`the Marathon at TOWLINE_TEST_MARATHON_URL can't be tested: ${String(error)}`, {
      cause: error,
    });
  }
  return under;
}

function isAtLeast(version: string, [major, minor]: readonly [number, number]): boolean {
  const [has = 0, and = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  return has > major || (has === major && and >= minor);
}
