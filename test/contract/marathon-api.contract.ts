import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { until } from '../scenario/processes.js';
import type { MarathonUnderTest } from './marathon-under-test.js';
import { itOf } from './under-test.js';

interface Answer {
  status: number;
  json: unknown;
  headers: Headers;
}

/** What Towline relies on in Marathon's API, the unpleasant parts included; holds for the sandbox and for a real one. */
export function marathonApiContract(under: MarathonUnderTest): void {
  const { url, headers, limitMs } = under;
  describe("Marathon's API", () => {
    const it = itOf(under);
    const root = `/towline-contract-${randomBytes(4).toString('hex')}`;
    const sleep = (more: object = {}) => ({
      cmd: 'exec sleep 1000',
      cpus: 0.01,
      mem: 16,
      instances: 1,
      ...more,
    });
    const call = async (method: string, path: string, body?: unknown): Promise<Answer> => {
      const answer = await fetch(`${url()}${path}`, {
        method,
        headers: { ...headers, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await answer.text();
      let json: unknown;
      try {
        json = JSON.parse(text);
      } catch {
        json = undefined;
      }
      return { status: answer.status, json, headers: answer.headers };
    };
    const appOf = async (name: string) =>
      ((await call('GET', `/v2/apps${root}/${name}`)).json as { app: unknown }).app as Record<
        string,
        unknown
      > & { tasks: { id: string; version: string; startedAt?: string }[] };
    const calm = (name: string, count = 1) =>
      waitUntil(`${name} runs`, async () => {
        const app = await appOf(name);
        return (
          (app['deployments'] as unknown[]).length === 0 &&
          app['tasksRunning'] === count &&
          app.tasks.length === count &&
          app
        );
      });
    const waitUntil: typeof until = (what, look) => until(what, look, { limitMs: limitMs * 0.9 });
    const put = (name: string, spec: object, query = 'partialUpdate=false') =>
      call('PUT', `/v2/apps${root}/${name}?${query}`, spec);

    beforeAll(async () => {
      if (!under.lacks.has('contract')) expect((await call('GET', '/ping')).status).toBe(200);
    });
    afterAll(async () => {
      if (!under.lacks.has('contract')) await call('DELETE', `/v2/groups${root}?force=true`);
    });

    it(['tasks'], 'creates by a full put, answers with a deployment, fills defaults in', async () => {
      const answer = await put('one', sleep());
      expect(answer.status).toBe(201);
      expect(answer.json).toMatchObject({ version: expect.any(String), deploymentId: expect.any(String) });
      expect(answer.headers.get('marathon-deployment-id')).toBe(
        (answer.json as { deploymentId: string }).deploymentId,
      );
      const app = await calm('one');
      expect(app).toMatchObject({
        id: `${root}/one`,
        instances: 1,
        networks: [{ mode: 'host' }],
        labels: {},
        backoffFactor: 1.15,
        killSelection: 'YOUNGEST_FIRST',
        upgradeStrategy: { minimumHealthCapacity: 1, maximumOverCapacity: 1 },
        version: (answer.json as { version: string }).version,
      });
      expect((app['portDefinitions'] as { port: number }[])[0]?.port).toBeGreaterThanOrEqual(10_000);
    });

    it(
      ['tasks'],
      'does nothing for the same definition again: a deployment id that is never seen, the same version, the same task',
      async () => {
        const before = await calm('one');
        const answer = await put('one', sleep());
        expect(answer.status).toBe(200);
        const after = await calm('one');
        expect(after['version']).toBe(before['version']);
        expect(after.tasks[0]?.id).toBe(before.tasks[0]?.id);
      },
    );

    it(
      ['tasks'],
      'keeps what a partial update does not name, which is the default; a full one replaces',
      async () => {
        await put('one', sleep({ labels: { a: '1' }, env: { E: '1' } }));
        await calm('one');
        await put('one', { labels: { b: '2' } }, 'x=y');
        expect(await calm('one')).toMatchObject({ labels: { b: '2' }, env: { E: '1' } });
        await put('one', sleep());
        const app = await calm('one');
        expect(app['labels']).toEqual({});
        expect(app['env'] ?? {}).toEqual({});
      },
    );

    it(['tasks'], 'restarts for every change but the number of instances', async () => {
      const before = await calm('one');
      await put('one', sleep({ instances: 2 }));
      const scaled = await calm('one', 2);
      expect(scaled.tasks.map((t) => t.id)).toContain(before.tasks[0]?.id);
      await put('one', sleep({ instances: 2, labels: { changed: 'yes' } }));
      const restarted = await waitUntil('the new version runs alone', async () => {
        const app = await calm('one', 2);
        return app.tasks.every((t) => !scaled.tasks.some((s) => s.id === t.id)) && app;
      });
      expect(restarted.tasks).toHaveLength(2);
    });

    it(['tasks'], 'locks an app while it deploys: 409 with the deployments, unless forced', async () => {
      const stuck = sleep({
        healthChecks: [
          { protocol: 'COMMAND', command: { value: 'false' }, gracePeriodSeconds: 300, intervalSeconds: 5 },
        ],
      });
      const first = await put('locked', stuck);
      expect(first.status).toBe(201);
      const refused = await put('locked', sleep());
      expect(refused.status).toBe(409);
      expect(refused.json).toMatchObject({
        message: expect.stringContaining('locked'),
        deployments: [{ id: (first.json as { deploymentId: string }).deploymentId }],
      });
      const listed = (await call('GET', '/v2/deployments')).json as { id: string; affectedApps: string[] }[];
      expect(listed.find((d) => d.affectedApps.includes(`${root}/locked`))).toBeDefined();
      expect((await put('locked', sleep(), 'partialUpdate=false&force=true')).status).toBe(200);
      await calm('locked');
    });

    it(
      ['tasks'],
      'never ends a deployment whose tasks crash; tells the last failure, and backs off',
      async () => {
        await put(
          'crash',
          sleep({
            cmd: 'echo no database; exit 3',
            healthChecks: [{ protocol: 'COMMAND', command: { value: 'true' } }],
          }),
        );
        const app = await waitUntil('it crashed', async () => {
          const now = await appOf('crash');
          return now['lastTaskFailure'] !== undefined && now;
        });
        expect(app['lastTaskFailure']).toMatchObject({
          appId: `${root}/crash`,
          state: 'TASK_FAILED',
          message: expect.stringContaining('3'),
          version: app['version'],
        });
        await call('DELETE', `/v2/apps${root}/crash?force=true`);
      },
    );

    it(
      ['tasks'],
      'answers bad bodies as it does: 400 for syntax, 422 for what is not valid, silence for unknown keys',
      async () => {
        expect(await put('bad', '{"id": ' as unknown as object)).toMatchObject({
          status: 400,
          json: { details: expect.any(String) },
        });
        expect(await put('bad', { instances: 'three', cmd: 'sleep 1' })).toMatchObject({
          status: 422,
          json: { message: 'Invalid JSON', details: [{ path: '/instances' }] },
        });
        expect(await put('bad', { cmd: 'sleep 1', args: ['x'] })).toMatchObject({
          status: 422,
          json: { message: 'Object is not valid' },
        });
        expect((await call('POST', '/v2/apps', { id: `${root}/UPPER`, cmd: 'sleep 1' })).status).toBe(422);
        await put('odd', sleep({ noSuchKey: 1 }));
        expect(await calm('odd')).not.toHaveProperty('noSuchKey');
        expect((await call('POST', '/v2/apps', { id: `${root}/odd`, cmd: 'sleep 1' })).status).toBe(409);
        expect((await call('GET', `/v2/apps${root}/nobody`)).status).toBe(404);
      },
    );

    it(['tasks'], 'destroys what a group put does not name, and keeps what it does not mention', async () => {
      await put('group/keep', sleep());
      await put('group/gone', sleep());
      await calm('group/keep');
      await calm('group/gone');
      expect((await call('PUT', `/v2/groups${root}/group`, { dependencies: [`${root}/one`] })).status).toBe(
        200,
      );
      expect((await appOf('group/gone'))['id']).toBe(`${root}/group/gone`);
      const { version: _version, ...keep } = await appOf('group/keep');
      for (const name of [
        'versionInfo',
        'tasks',
        'tasksStaged',
        'tasksRunning',
        'tasksHealthy',
        'tasksUnhealthy',
        'deployments',
        'lastTaskFailure',
      ])
        delete keep[name];
      await call('PUT', `/v2/groups${root}/group?force=true`, { apps: [keep] });
      await waitUntil(
        'the other one is gone',
        async () => (await call('GET', `/v2/apps${root}/group/gone`)).status === 404,
      );
      expect((await appOf('group/keep'))['id']).toBe(`${root}/group/keep`);
    });

    it(['tasks', 'events'], 'sends events to those who ask for them properly', async () => {
      expect(
        (await fetch(`${url()}/v2/events`, { headers: { ...headers, accept: 'application/json' } })).status,
      ).toBe(405);
      const stop = new AbortController();
      const stream = await fetch(`${url()}/v2/events?event_type=deployment_success`, {
        headers: { ...headers, accept: 'text/event-stream' },
        signal: stop.signal,
      });
      await put('evented', sleep());
      let text = '';
      for await (const chunk of stream.body as unknown as AsyncIterable<Uint8Array>) {
        text += Buffer.from(chunk).toString();
        if (text.includes('deployment_success')) break;
      }
      expect(text).toMatch(/event: deployment_success\r?\ndata: \{/);
      stop.abort();
    });

    it(['tasks', 'pods'], 'runs pods: created by post, replaced by put, deleted with 202', async () => {
      const pod = {
        id: `${root}/pod`,
        containers: [
          { name: 'a', resources: { cpus: 0.01, mem: 32 }, exec: { command: { shell: 'exec sleep 1000' } } },
        ],
      };
      expect((await call('HEAD', '/v2/pods')).status).toBe(200);
      expect(await call('POST', '/v2/pods', pod)).toMatchObject({
        status: 201,
        json: { id: `${root}/pod`, scaling: { kind: 'fixed', instances: 1 } },
      });
      await waitUntil(
        'the pod is stable',
        async () =>
          ((await call('GET', `/v2/pods${root}/pod::status`)).json as { status: string }).status === 'STABLE',
      );
      // A pod may be stable a moment before its deployment has ended, and until then it is locked.
      await waitUntil(
        'its deployment has ended',
        async () => !JSON.stringify((await call('GET', '/v2/deployments')).json).includes(`${root}/pod`),
      );
      expect((await call('PUT', `/v2/pods${root}/other`, pod)).status).toBe(400);
      const gone = await call('DELETE', `/v2/pods${root}/pod`);
      expect(gone.status).toBe(202);
      expect(gone.headers.get('marathon-deployment-id')).toBeTruthy();
      await waitUntil(
        'the pod is gone',
        async () => (await call('GET', `/v2/pods${root}/pod`)).status === 404,
      );
    });
  });
}
