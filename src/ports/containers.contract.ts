import { describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { PassThrough } from 'node:stream';
import type { Containers, ContainerSpec } from './containers.js';

/** What every container engine behind the port must do. `image` holds a shell at /bin/sh with busybox' commands. */
export function containersContract(engine: () => { containers: Containers; image: string }): void {
  describe('containers', () => {
    const waiting = { signal: AbortSignal.timeout(60_000) };
    const remove = (id: string) => engine().containers.remove(id, { ...waiting, graceMs: 1000 });
    const specOf = (script: string, more: Partial<ContainerSpec> = {}): ContainerSpec => ({
      name: `contract-${randomUUID()}`,
      image: engine().image,
      entrypoint: ['/bin/sh', '-c'],
      command: [script],
      env: {},
      labels: {},
      network: 'none',
      ports: [],
      publishOn: '127.0.0.1',
      mounts: [],
      ...more,
    });

    it('tells its version', async () => {
      expect(await engine().containers.describe(waiting)).toEqual({
        version: expect.any(String),
        local: true,
      });
    });

    it('runs a container to its end and tells what it ended with', async () => {
      const id = await engine().containers.start(specOf('exit 3'), waiting);
      expect(await engine().containers.wait(id, waiting)).toBe(3);
      expect(await engine().containers.find(id, waiting)).toEqual({ running: false, exitCode: 3 });
      await remove(id);
    });

    it('passes variables on and copies what is written, errors apart', async () => {
      const [stdout, stderr] = [new PassThrough(), new PassThrough()];
      const id = await engine().containers.start(
        specOf('echo "<$GREETING>"; echo no >&2', { env: { GREETING: 'a = "b" $c' } }),
        waiting,
      );
      await engine().containers.follow(id, { stdout, stderr }, waiting);
      expect([stdout.read(), stderr.read()].map(String)).toEqual(['<a = "b" $c>\n', 'no\n']);
      await remove(id);
    });

    it('tells what a container was told of itself, and nothing that was not asked for', async () => {
      const spec = specOf('exit 0', { env: { MESOS_TASK_ID: 'web.1', PASSWORD: 'secret' } });
      const id = await engine().containers.start(spec, waiting);
      const asked = { ...waiting, names: ['MESOS_TASK_ID', 'MARATHON_APP_ID'] };
      const told = { id, name: spec.name, values: { MESOS_TASK_ID: 'web.1' } };
      expect(await engine().containers.inspect(id.slice(0, 12), asked)).toEqual(told);
      expect(await engine().containers.inspect(spec.name, asked)).toEqual(told);
      await remove(id);
      expect(await engine().containers.inspect(id, asked)).toBeUndefined();
    });

    it('ends one that does not want to, and knows it no more', async () => {
      const id = await engine().containers.start(specOf("trap '' TERM; while :; do :; done"), waiting);
      expect(await engine().containers.find(id, waiting)).toEqual({ running: true });
      await remove(id);
      expect(await engine().containers.find(id, waiting)).toBeUndefined();
      expect(await engine().containers.wait(id, waiting)).toBeUndefined();
      await remove(id);
    });

    it('publishes a port on the address it is told', async () => {
      const port = 20_000 + Math.floor(Math.random() * 10_000);
      const id = await engine().containers.start(
        specOf('mkdir /www; echo hello > /www/index.html; exec busybox httpd -f -p 80 -h /www', {
          network: 'bridge',
          ports: [{ containerPort: 80, hostPort: port, protocol: 'tcp' }],
        }),
        waiting,
      );
      let text = '';
      for (let tries = 0; tries < 100 && text === ''; tries++) {
        text = await fetch(`http://127.0.0.1:${port}/`).then(
          (answer) => answer.text(),
          () => '',
        );
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      expect(text).toBe('hello\n');
      await remove(id);
    });

    it('knows which images are there, and says what it can not start', async () => {
      const { containers, image } = engine();
      const absent = 'localhost:1/no/such:image';
      expect(await containers.hasImage(image, waiting)).toBe(true);
      expect(await containers.hasImage(absent, waiting)).toBe(false);
      await expect(containers.pull(absent, waiting)).rejects.toMatchObject({ kind: 'refused' });
      await expect(containers.start(specOf('true', { image: absent }), waiting)).rejects.toMatchObject({
        code: 'containers-refused',
        message: expect.stringContaining('localhost:1/no/such:image'),
      });
    });

    it('removes what it could not start', async () => {
      const { containers } = engine();
      const spec = specOf('true', { entrypoint: ['/no/such/program'] });
      await expect(containers.start(spec, waiting)).rejects.toMatchObject({ code: 'containers-refused' });
      expect(await containers.find(spec.name, waiting)).toBeUndefined();
    });
  });
}
