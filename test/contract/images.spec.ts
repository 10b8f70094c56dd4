import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { dockerImages } from '../../src/docker/index.js';
import { imageEngineContract } from '../../src/ports/image-engine.contract.js';
import { imageRegistryContract } from '../../src/ports/image-registry.contract.js';
import type { RegistryLogins } from '../../src/ports/image-registry.js';
import { httpRegistry } from '../../src/registry/index.js';
import { startDocker, type DockerServer } from '../servers/docker.js';
import { freePorts, withServer } from '../servers/index.js';
import { startRegistry, type RegistryServer } from '../servers/registry.js';

withServer('images', 'a real engine and real registries', () => {
  const base = 'towline-test/base:1';
  const login = { username: 'ann', password: 'canary-password' };
  let server: DockerServer;
  let open: RegistryServer;
  let closed: RegistryServer;
  let gone = '';
  const as =
    (password: string | undefined): RegistryLogins =>
    async (host) =>
      host === closed.host && password !== undefined
        ? { kind: 'password', username: login.username, password }
        : undefined;
  const engineOf = (password?: string) => dockerImages({ host: server.host, logins: as(password) });
  const waiting = { signal: AbortSignal.timeout(120_000) };

  beforeAll(async () => {
    server = await startDocker();
    await server.build(base, 'RUN ["/bin/busybox","--install","/bin"]');
    [open, closed] = await Promise.all([startRegistry(), startRegistry({ login })]);
    const [port] = await freePorts(1);
    gone = `127.0.0.1:${port}`;
  }, 120_000);
  afterAll(async () => {
    await Promise.all([open?.close(), closed?.close()]);
    await server?.close();
  }, 60_000);

  imageEngineContract(() => ({
    engine: engineOf(login.password),
    base,
    open: open.host,
    closed: closed.host,
    gone,
  }));

  it.each([
    ['no login', undefined, /no basic auth credentials/],
    ['a wrong login', 'canary-wrong', /unauthorized/],
  ])('a push with %s is refused', async (_what, password, said) => {
    const image = `${closed.host}/refused/web:1`;
    await engineOf().tag(base, image, waiting);
    await expect(engineOf(password).push(image, waiting)).rejects.toMatchObject({
      code: 'image-push',
      kind: 'refused',
      message: expect.stringMatching(said),
    });
    await engineOf().remove(image, waiting);
  });

  describe('what was pushed', () => {
    const pushed = { open: { image: '', digest: '' }, closed: { image: '', digest: '' } };
    beforeAll(async () => {
      for (const [name, { host }] of Object.entries({ open, closed })) {
        const image = `${host}/shop/web:1.0.0`;
        await engineOf().tag(base, image, waiting);
        const { digest } = await engineOf(login.password).push(image, waiting);
        pushed[name as keyof typeof pushed] = { image, digest };
        await engineOf().remove(image, waiting);
      }
    }, 60_000);

    imageRegistryContract(() => {
      const of = (password?: string) => httpRegistry({ logins: as(password), timeoutMs: 5000, pauseMs: 1 });
      return { registry: of(login.password), nobody: of(), wrong: of('canary-wrong'), ...pushed, gone };
    });
  });
});
