import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { until } from '../scenario/processes.js';
import type { ChronosUnderTest } from './chronos-under-test.js';
import { itOf } from './under-test.js';

interface Answer {
  status: number;
  text: string;
  json: unknown;
}

type Job = Record<string, unknown> & { name: string };

/** What Towline relies on in Chronos's API (3.x), the unpleasant parts included; holds for the sandbox and for a real one. */
export function chronosApiContract(under: ChronosUnderTest): void {
  describe("Chronos's API", () => {
    const it = itOf(under);
    const mark = `towline-contract-${randomBytes(4).toString('hex')}`;
    const call = async (
      method: string,
      path: string,
      body?: unknown,
      type = 'application/json',
    ): Promise<Answer> => {
      const answer = await fetch(`${under.url()}/v1/scheduler${path}`, {
        method,
        headers: { ...under.headers, ...(body === undefined ? {} : { 'content-type': type }) },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await answer.text();
      let json: unknown;
      try {
        json = JSON.parse(text);
      } catch {
        json = undefined;
      }
      return { status: answer.status, text, json };
    };
    const nameOf = (short: string): string => `${mark}-${short}`;
    const later = 'R/2099-01-01T03:00:00Z/P1D';
    const post = (short: string, more: object = {}, kind = 'iso8601') =>
      call('POST', `/${kind}`, {
        name: nameOf(short),
        command: 'true',
        ...(kind === 'iso8601' ? { schedule: later } : {}),
        ...more,
      });
    const listed = async (short: string): Promise<Job | undefined> =>
      ((await call('GET', '/jobs')).json as Job[]).find((job) => job.name === nameOf(short));
    const seen = (short: string, is: (job: Job) => boolean = () => true): Promise<Job> =>
      until(`${short} is as expected`, async () => {
        const job = await listed(short);
        return job !== undefined && is(job) && job;
      });

    beforeAll(async () => {
      expect((await fetch(`${under.url()}/ping`, { headers: under.headers })).status).toBe(200);
    });
    afterAll(async () => {
      // Leaves first: deleting a parent would rewrite its children.
      for (let left = 20; left > 0; left--) {
        const mine = ((await call('GET', '/jobs')).json as Job[]).filter((j) => j.name.startsWith(mark));
        if (mine.length === 0) return;
        const parents = new Set(mine.flatMap((j) => (j['parents'] as string[] | undefined) ?? []));
        for (const job of mine) if (!parents.has(job.name)) await call('DELETE', `/job/${job.name}`);
      }
    });

    it([], 'takes a scheduled job with 204 and no body, and fills defaults in', async () => {
      expect(await post('one')).toMatchObject({ status: 204, text: '' });
      expect(await seen('one')).toMatchObject({
        command: 'true',
        shell: true,
        retries: 2,
        concurrent: false,
        softError: false,
        arguments: [],
        environmentVariables: [],
        successCount: 0,
        lastSuccess: '',
      });
    });

    it([], 'drops keys that it does not know without a word', async () => {
      expect((await post('typo', { disable: true })).status).toBe(204);
      const job = await seen('typo');
      expect(job).not.toHaveProperty('disable');
      expect(job['disabled']).toBe(false);
    });

    it([], 'reads null as a word, not as an absent field', async () => {
      await post('nulls', { description: null, shell: null });
      expect(await seen('nulls')).toMatchObject({ description: 'null', shell: false });
    });

    it([], 'shows uris as fetch and fetch as uris in its list, and not in the single job', async () => {
      await post('files', { uris: ['http://localhost/a.tgz'] });
      const job = await seen('files');
      expect(job['fetch']).toMatchObject([{ uri: 'http://localhost/a.tgz' }]);
      const single = (await call('GET', `/job/${nameOf('files')}`)).json as Job;
      expect(single['fetch']).toEqual([]);
    });

    it([], 'replaces a job as a whole, its counters included', async () => {
      await post('counted', { successCount: 7, owner: 'somebody@example.com' });
      expect(await seen('counted')).toMatchObject({ successCount: 7 });
      await post('counted');
      expect(await seen('counted', (j) => j['successCount'] === 0)).toMatchObject({ owner: '' });
    });

    for (const [what, body, status] of [
      ['broken JSON', '{"name": ', 500],
      ['no name', { command: 'true', schedule: later }, 500],
      ['a dependent job at the other endpoint', { name: 'x', command: 'true', parents: ['y'] }, 500],
      ['a cron expression', { name: `${mark}-cron`, command: 'true', schedule: '0 3 * * *' }, 400],
      ['a name with a space', { name: `${mark} b`, command: 'true', schedule: later }, 400],
    ] as const)
      it([], `answers ${what} with an error that is permanent, whatever its number says`, async () => {
        expect((await call('POST', '/iso8601', body)).status).toBe(status);
      });

    it([], 'wants its content type', async () => {
      const body = JSON.stringify({ name: nameOf('plain'), command: 'true', schedule: later });
      expect((await call('POST', '/iso8601', body, 'text/plain')).status).toBe(415);
    });

    it([], 'answers 400, not 404, for a job that it does not have', async () => {
      expect((await call('GET', `/job/${nameOf('nobody')}`)).status).toBe(400);
      expect((await call('DELETE', `/job/${nameOf('nobody')}`)).status).toBe(400);
    });

    it(
      [],
      'takes a dependent job without its parent with 204, hides it, and shows it once the parent is there',
      async () => {
        expect((await post('child', { parents: [nameOf('late')] }, 'dependency')).status).toBe(204);
        expect(await listed('child')).toBeUndefined();
        await post('late');
        await seen('late');
        await seen('child');
        expect((await post('child', { parents: [nameOf('nobody')] }, 'dependency')).status).toBe(400);
        expect((await call('GET', '/graph/csv')).text).toContain(`link,${nameOf('late')},${nameOf('child')}`);
      },
    );

    it(
      ['tasks'],
      'moves the schedule on when a job runs, whoever started it, and then fires its children',
      async () => {
        await post('first', { schedule: 'R5/2099-01-01T03:00:00Z/P1D' });
        await seen('first');
        await post('second', { parents: [nameOf('first')] }, 'dependency');
        await seen('second');
        expect((await call('PUT', `/job/${nameOf('first')}`)).status).toBe(204);
        const after = await seen('first', (j) => j['successCount'] === 1);
        expect(after['schedule']).toMatch(/^R4\/2099-01-01T03:00:00\.000(Z|\+00:00)\/P1D$/);
        await seen('second', (j) => j['successCount'] === 1);
        const { jobs } = (await call('GET', '/jobs/summary')).json as { jobs: Job[] };
        expect(jobs.find((j) => j.name === nameOf('second'))).toMatchObject({
          status: 'success',
          schedule: '',
        });
      },
    );

    it(['tasks'], 'runs a job whose start lies in the past at once', async () => {
      await post('past', { schedule: 'R/2015-01-01T00:00:00Z/P1D' });
      const job = await seen('past', (j) => j['successCount'] === 1);
      expect(Date.parse(String(job['schedule']).split('/')[1] ?? '')).toBeGreaterThan(Date.now());
    });

    it(['tasks'], 'counts a failure after its retries', async () => {
      await post('fails', { command: 'false', retries: 0, schedule: 'R/2015-01-01T00:00:00Z/P1D' });
      expect(await seen('fails', (j) => j['errorCount'] === 1)).toMatchObject({
        successCount: 0,
        errorsSinceLastSuccess: 1,
      });
    });

    it(
      [],
      'turns the children of a scheduled job that is deleted into scheduled jobs, and takes things from them',
      async () => {
        await post('parent');
        await seen('parent');
        await post(
          'orphan',
          {
            parents: [nameOf('parent')],
            environmentVariables: [{ name: 'A', value: 'b' }],
            description: 'mine',
          },
          'dependency',
        );
        await seen('orphan');
        expect((await call('DELETE', `/job/${nameOf('parent')}`)).status).toBe(204);
        const orphan = await seen('orphan', (j) => j['schedule'] !== undefined);
        expect(orphan).toMatchObject({ environmentVariables: [], description: '' });
        expect(orphan).not.toHaveProperty('parents');
      },
    );

    it([], 'finds by part of a name, ten at most', async () => {
      const found = (await call('GET', `/jobs/search?name=${mark.toUpperCase()}`)).json as Job[];
      expect(found).toHaveLength(10);
    });
  });
}
