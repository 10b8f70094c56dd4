import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { dockerContainers } from '../../src/docker/index.js';
import { containersContract } from '../../src/ports/containers.contract.js';
import { silentLog } from '../../src/runtime/log.js';
import { startSandbox, type Sandbox } from '../../src/sandbox/index.js';
import { until } from '../scenario/processes.js';
import { startDocker, type DockerServer } from '../servers/docker.js';
import { withServer } from '../servers/index.js';

it('says that no engine answers, and how to name one', async () => {
  const containers = dockerContainers({ host: 'unix:///nowhere/docker.sock' });
  await expect(containers.describe({ signal: AbortSignal.timeout(5000) })).rejects.toMatchObject({
    code: 'containers-unavailable',
    kind: 'unavailable',
    help: expect.stringContaining('DOCKER_HOST'),
  });
});

withServer('docker', 'a real Docker engine', () => {
  let server: DockerServer;
  const image = 'towline-test/app:1';
  beforeAll(async () => {
    server = await startDocker();
    await server.build(image);
    await server.build(
      'towline-test/site:1',
      'CMD ["/bin/sh","-c","mkdir -p /www; echo site 1 > /www/index.html; exec busybox httpd -f -p 80 -h /www"]',
    );
  }, 120_000);
  afterAll(async () => server.close(), 60_000);

  containersContract(() => ({ containers: dockerContainers({ host: server.host }), image }));

  describe('under the sandbox', () => {
    let folder: string;
    let sandbox: Sandbox;
    const start = async (): Promise<void> => {
      sandbox = await startSandbox({
        dataDir: folder,
        host: '127.0.0.1',
        ports: { consul: 0, marathon: 0, chronos: 0 },
        log: silentLog(),
        containers: dockerContainers({ host: server.host }),
      });
    };
    beforeAll(async () => {
      folder = await mkdtemp(path.join(os.tmpdir(), 'towline-docker-'));
      await start();
    });
    afterAll(async () => {
      await sandbox.close();
      await rm(folder, { recursive: true, force: true });
    }, 60_000);

    const call = async (url: string, method: string, body?: unknown): Promise<unknown> => {
      const answer = await fetch(url, {
        method,
        headers: { 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      return text === '' ? undefined : JSON.parse(text);
    };
    const put = (id: string, spec: object) =>
      call(`${sandbox.urls.marathon}/v2/apps${id}?partialUpdate=false`, 'PUT', {
        cpus: 0.1,
        mem: 32,
        ...spec,
      });
    const appOf = async (id: string) =>
      (
        (await call(`${sandbox.urls.marathon}/v2/apps${id}`, 'GET')) as {
          app: {
            deployments: unknown[];
            tasksHealthy: number;
            tasks: { id: string; ports: number[] }[];
            lastTaskFailure?: { message: string };
          };
        }
      ).app;
    const site = {
      container: {
        type: 'DOCKER',
        docker: { image: 'towline-test/site:1' },
        portMappings: [{ containerPort: 80, hostPort: 0, name: 'http' }],
      },
      networks: [{ mode: 'container/bridge' }],
      healthChecks: [{ protocol: 'HTTP', path: '/index.html', portIndex: 0, intervalSeconds: 1 }],
    };

    it("runs an app in its image, with the image's own entry point, behind its port mapping", async () => {
      await put('/site', site);
      const app = await until('it is healthy', async () => {
        const now = await appOf('/site');
        return now.tasksHealthy === 1 && now.deployments.length === 0 && now;
      });
      const page = await fetch(`http://127.0.0.1:${app.tasks[0]?.ports[0]}/index.html`);
      expect(await page.text()).toBe('site 1\n');
      const listed = await server.docker.listContainers({
        filters: { label: ['towline.sandbox.job=/site'] },
      });
      expect(listed).toHaveLength(1);
      await call(`${sandbox.urls.marathon}/v2/apps/site`, 'DELETE');
      await until(
        'its container is gone',
        async () =>
          (
            await server.docker.listContainers({
              all: true,
              filters: { label: ['towline.sandbox.job=/site'] },
            })
          ).length === 0,
      );
    });

    it('tells why an image can not be run, as the failure of the task', async () => {
      await put('/absent', {
        container: { type: 'DOCKER', docker: { image: 'localhost:1/no/such:image' } },
      });
      const app = await until('it failed', async () => {
        const now = await appOf('/absent');
        return now.lastTaskFailure !== undefined && now;
      });
      expect(app.lastTaskFailure?.message).toMatch(/^Failed to launch container: .*localhost:1/);
      await call(`${sandbox.urls.marathon}/v2/apps/absent?force=true`, 'DELETE');
    });

    it('runs a job that has a command but whose image can not be had as a process', async () => {
      await put('/plain', {
        cmd: 'exec sleep 1000',
        container: { type: 'DOCKER', docker: { image: 'localhost:1/no/such:image' } },
      });
      await until('it runs', async () => (await appOf('/plain')).tasks.length === 1);
      await call(`${sandbox.urls.marathon}/v2/apps/plain`, 'DELETE');
    });

    it("runs a Chronos job's command in its image and keeps its output", async () => {
      await call(`${sandbox.urls.chronos}/v1/scheduler/iso8601`, 'POST', {
        name: 'inside',
        schedule: 'R1/2020-01-01T00:00:00Z/PT1H',
        command: 'test -x /bin/busybox && test ! -e /etc/passwd && echo "ran as $CHRONOS_JOB_NAME"',
        container: { type: 'DOCKER', image },
      });
      await until('it succeeded', async () => {
        const jobs = (await call(`${sandbox.urls.chronos}/v1/scheduler/jobs`, 'GET')) as {
          successCount: number;
        }[];
        return jobs[0]?.successCount === 1;
      });
      const tasks = path.join(folder, 'chronos/tasks');
      const [task = ''] = (await readdir(tasks)).filter((name) => name.includes('inside'));
      expect(await readFile(path.join(tasks, task, 'stdout'), 'utf8')).toBe('ran as inside\n');
    });
  });
});
