import { randomBytes } from 'node:crypto';
import { asking, authorization, type UnderTest } from './under-test.js';

/** What not every Chronos can do. */
export type Ability = 'contract' | 'tasks';

export type ChronosUnderTest = UnderTest<Ability>;

/** How long a job may take that does nothing. */
const RUN_MS = 60_000;

/**
 * A real Chronos, by TOWLINE_TEST_CHRONOS_URL and, where it wants them, _USER and _PASSWORD. What it is and can do is found
 * out before any test is named; whether jobs run there is found out by a job that does nothing.
 */
export async function realChronos(
  env: NodeJS.ProcessEnv,
  runMs = RUN_MS,
): Promise<ChronosUnderTest | undefined> {
  const given = env['TOWLINE_TEST_CHRONOS_URL'];
  if (given === undefined) return undefined;
  const url = given.replace(/\/+$/, '');
  const headers = authorization(env, 'CHRONOS');
  const lacks = new Map<Ability, string>();
  const ask = asking(url, headers);
  try {
    const jobs = await ask('/v1/scheduler/jobs');
    if (jobs.ok) {
      if (!(await runsJobs(ask, runMs)))
        lacks.set('tasks', `a job that does nothing did not run there within ${runMs / 1000} s`);
    } else if ((await ask('/scheduler/jobs')).ok)
      lacks.set('contract', 'it is Chronos 2.x, and this holds from 3.0 on');
    else throw new Error(`/v1/scheduler/jobs answers ${jobs.status}`);
  } catch (error) {
    // A Chronos that was asked for and is not there is no reason to skip.
    throw new Error(`the Chronos at TOWLINE_TEST_CHRONOS_URL can't be tested: ${String(error)}`, {
      cause: error,
    });
  }
  return { url: () => url, headers, lacks, limitMs: 300_000 };
}

async function runsJobs(
  ask: (path: string, init?: RequestInit) => Promise<Response>,
  runMs: number,
): Promise<boolean> {
  const name = `towline-contract-probe-${randomBytes(4).toString('hex')}`;
  const posted = await ask('/v1/scheduler/iso8601', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name, command: 'true', schedule: 'R1/2015-01-01T00:00:00Z/PT1H' }),
  });
  if (!posted.ok) throw new Error(`a job is answered with ${posted.status}`);
  const until = Date.now() + runMs;
  try {
    while (Date.now() < until) {
      const found = await ask(`/v1/scheduler/job/${name}`);
      const job = found.ok ? ((await found.json()) as { successCount?: number }) : {};
      if ((job.successCount ?? 0) > 0) return true;
      await new Promise((resolve) => setTimeout(resolve, Math.min(500, runMs / 10)));
    }
    return false;
  } finally {
    await ask(`/v1/scheduler/job/${name}`, { method: 'DELETE' });
  }
}
