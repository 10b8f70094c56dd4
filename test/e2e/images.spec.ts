import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Finished } from '../scenario/processes.js';
import { startDocker, type DockerServer } from '../servers/docker.js';
import { withServer } from '../servers/index.js';
import { startRegistry, type RegistryServer } from '../servers/registry.js';
import { openWorld, type World } from './world.js';

/** A build as a CI system runs it, on real parts: engine, registry with a login, Consul. */
withServer('consul', 'from a source to a release', () => {
  withServer('images', 'with an engine and a registry', () => {
    const login = { username: 'ci', password: 'canary-e2e-password' };
    const base = 'towline-test/e2e:1';
    const commit = 'c'.repeat(40);
    let world: World;
    let server: DockerServer;
    let registry: RegistryServer;
    let source: string;
    let image: string;
    let env: Record<string, string>;

    beforeAll(async () => {
      [world, server, registry] = await Promise.all([openWorld(), startDocker(), startRegistry({ login })]);
      await server.build(base, 'RUN ["/bin/busybox","--install","/bin"]');
      await world.write({ 'jobs/web.yaml': 'id: /shop/web\ncmd: exec sleep 1000\ncpus: 0.01\nmem: 16\n' });
      await world.push('Begin');
      source = path.join(world.folder, 'source');
      image = `${registry.host}/shop/web`;
      await mkdir(source);
      await writeFile(
        path.join(source, 'Dockerfile'),
        `FROM ${base}\nARG GREETING\nCOPY . /srv/\nRUN ls /srv\n`,
      );
      await writeFile(path.join(source, '.dockerignore'), '.env\n');
      await writeFile(path.join(source, '.env'), 'SECRET=canary');
      await writeFile(path.join(source, 'page'), 'hello');
      const bin = path.join(world.folder, 'bin');
      await mkdir(bin);
      const helper = path.join(bin, 'docker-credential-test');
      await writeFile(
        helper,
        `#!/bin/sh\ntest "$(cat)" = ${registry.host} || { echo credentials not found; exit 1; }\necho '{"Username":"ci","Secret":"${login.password}"}'\n`,
      );
      await chmod(helper, 0o755);
      await writeFile(path.join(world.folder, 'config.json'), JSON.stringify({ credsStore: 'test' }));
      env = {
        DOCKER_HOST: server.host,
        DOCKER_CONFIG: world.folder,
        PATH: `${bin}:${world.env['PATH'] ?? ''}`,
        GIT_CEILING_DIRECTORIES: world.folder,
        CI_COMMIT_SHA: commit,
        CI_COMMIT_BRANCH: 'feature/x',
        CI_COMMIT_TAG: 'v1.4.2',
        CI_PROJECT_URL: 'https://git.example.org/shop/web',
        CI_JOB_URL: 'https://ci.example.org/7',
        SOURCE_DATE_EPOCH: '1700000000',
      };
    }, 180_000);
    afterAll(async () => {
      await registry?.close();
      await server?.close();
      await world?.close();
    }, 60_000);

    const towline = (args: string[], more: Record<string, string> = {}): Promise<Finished> =>
      world.processes.run(process.execPath, [world.program, '--config', world.configFile, ...args], {
        cwd: source,
        env: { ...env, ...more },
      });
    const json = async (args: string[]): Promise<unknown> => {
      const { code, stdout, stderr } = await towline([...args, '--output', 'json']);
      expect({ code, stderr }).toMatchObject({ code: 0 });
      return JSON.parse(stdout);
    };

    it('image build names the source in tags and labels, and shows what the steps say', async () => {
      const rules = ['commit', 'commit-short', 'branch', 'semver', 'stable'];
      const tags = rules.flatMap((rule) => ['--tag', rule]);
      const args = [
        'image',
        'build',
        '--name',
        image,
        ...tags,
        '--label',
        'team=shop',
        '--build-arg',
        'GREETING',
      ];
      const { code, stdout, stderr } = await towline(args);
      expect({ code, stderr }).toMatchObject({ code: 0 });
      const names = [commit, commit.slice(0, 12), 'feature-x', '1.4.2', 'stable'].map(
        (tag) => `${image}:${tag}`,
      );
      expect(stdout.trim().split('\n')).toEqual(
        names.map((name) =>
          expect.stringMatching(new RegExp(`^${name} is built \\(sha256:[0-9a-f]{64}\\)$`)),
        ),
      );
      expect(stderr).toMatch(/^page$/m);
      expect(stdout + stderr).not.toMatch(/\.env|\u001b/);
      expect(await json(args)).toMatchObject({
        names,
        labels: {
          'org.opencontainers.image.revision': commit,
          'org.opencontainers.image.source': 'https://git.example.org/shop/web',
          'org.opencontainers.image.url': 'https://ci.example.org/7',
          'org.opencontainers.image.version': '1.4.2',
          'org.opencontainers.image.created': '2023-11-14T22:13:20Z',
          team: 'shop',
        },
      });
    }, 60_000);

    it('image build tells the end of a step that fails, and exits with 1', async () => {
      await writeFile(path.join(source, 'Broken'), `FROM ${base}\nRUN echo the reason; exit 7\n`);
      const { code, stdout, stderr } = await towline(['image', 'build', '-n', image, '-f', 'Broken']);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(/error .*could not be built: .*non-zero code: 7.*\[image-build\]/);
      expect(stderr).toMatch(/^the reason$/m);
      expect(
        await towline(['image', 'build', '-n', image, '-t', 'semver'], { CI_COMMIT_TAG: '' }),
      ).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('[image-tag]'),
      });
    }, 60_000);

    it('image build by BuildKit makes an image with the same labels', async () => {
      await writeFile(path.join(source, 'Kit'), `FROM ${base}\nCOPY page /page\n`);
      const args = ['image', 'build', '--buildkit', '-n', 'towline-test/kit', '-t', 'x', '-f', 'Kit'];
      const { id } = (await json(args)) as { id: string };
      expect(await json(['image', 'inspect', 'towline-test/kit:x', '--no-registry'])).toMatchObject({
        local: { id, labels: { 'org.opencontainers.image.revision': commit } },
      });
      await server.docker.getImage('towline-test/kit:x').remove();
      await writeFile(path.join(source, 'Kit'), `FROM ${base}\nCOPY none /page\n`);
      expect(await towline(args)).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('[image-build]'),
      });
    }, 60_000);

    it('image push logs in by the credential helper, and answers with the digest that is there', async () => {
      const { pushed } = (await json(['image', 'push', `${image}:1.4.2`, `${image}:stable`])) as {
        pushed: { image: string; digest: string }[];
      };
      expect(pushed.map((each) => each.image)).toEqual([`${image}:1.4.2`, `${image}:stable`]);
      expect(new Set(pushed.map(({ digest }) => digest)).size).toBe(1);
      expect(await json(['image', 'inspect', `${image}:1.4.2`])).toMatchObject({
        registryDigest: pushed[0]?.digest,
        local: { digests: [`${image}@${pushed[0]?.digest}`] },
      });
      expect((await towline(['image', 'tag', `${image}:1.4.2`, `${image}:again`])).stdout).toContain(
        ':again',
      );
      const again = await towline(['image', 'push', `${image}:again`]);
      expect(again.stdout).toBe(`${image}:again@${pushed[0]?.digest} is pushed\n`);
      expect(again.stdout + again.stderr).not.toMatch(/canary|\u001b/);
    }, 60_000);

    it('image push and release --verify without a login say what to do', async () => {
      const nobody = { DOCKER_CONFIG: source };
      const push = await towline(['image', 'push', `${image}:1.4.2`], nobody);
      expect(push).toMatchObject({ code: 1, stdout: '' });
      expect(push.stderr).toMatch(/could not be pushed: .*no basic auth credentials.*\[image-push\]/);
      const release = await towline(['release', `${image}:1.4.2`, '--verify'], nobody);
      expect(release).toMatchObject({
        code: 1,
        stderr: expect.stringContaining(`docker login ${registry.host}`),
      });
    }, 60_000);

    it('release --verify announces only what the registry has, with its digest', async () => {
      const absent = await towline(['release', `${image}:none`, '--verify']);
      expect(absent).toMatchObject({ code: 1, stderr: expect.stringContaining('[release-unverified]') });
      const other = `sha256:${'0'.repeat(64)}`;
      expect(await towline(['release', `${image}:1.4.2`, '--verify', '--digest', other])).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('[release-unverified]'),
      });
      expect(await json(['releases', 'list'])).toEqual({ releases: [] });
      const { release, written } = (await json(['release', `${image}:1.4.2`, '--verify'])) as {
        release: { digest: string };
        written: boolean;
      };
      expect({ release, written }).toMatchObject({
        written: true,
        release: { image, tag: '1.4.2', sourceCommit: commit, digest: expect.stringMatching(/^sha256:/) },
      });
      expect(await json(['release', `${image}:1.4.2`, '--verify'])).toMatchObject({ written: false });
      expect(await json(['releases', 'list'])).toMatchObject({ releases: [{ image, release }] });
    }, 60_000);

    it('releases shows what curl wrote, and what is no release, without what a terminal obeys', async () => {
      const put = (name: string, body: string) =>
        fetch(`${world.consul.url}/v1/kv/towline/releases/${name}`, { method: 'PUT', body });
      await put('shop/curl', '2.0.0');
      await put('shop/broken', 'no\u001b[31m tag');
      const { stdout } = await towline(['releases', 'list']);
      expect(stdout).toMatch(/^shop\/curl:2\.0\.0 +no digest +- +unknown$/m);
      expect(stdout).toMatch(/^shop\/broken +is no release:/m);
      expect(stdout).not.toContain('\u001b');
      expect((await towline(['releases', 'show', 'shop/curl'])).stdout).toMatch(
        /^release +shop\/curl:2\.0\.0$/m,
      );
      expect(await towline(['releases', 'show', 'shop/none'])).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('[release-unknown]'),
      });
    }, 60_000);

    it('releases veto puts the veto on record, and show tells it until it is lifted', async () => {
      const veto = await towline(['releases', 'veto', `${image}:1.4.2`, '-m', 'it leaks']);
      expect(veto).toMatchObject({
        code: 0,
        stdout: expect.stringContaining('is vetoed until it is lifted'),
      });
      expect((await towline(['releases', 'show', image])).stdout).toMatch(/^vetoed in test +.*it leaks/m);
      expect(await json(['releases', 'show', image])).toMatchObject({
        vetoes: [{ environment: 'test', veto: { name: `${image}:1.4.2`, reason: 'it leaks' } }],
      });
      expect((await towline(['lift', `${image}:1.4.2`])).code).toBe(0);
      expect((await towline(['releases', 'show', image])).stdout).not.toContain('vetoed');
      expect(await towline(['releases', 'veto', 'c0ffee'])).toMatchObject({ code: 1 });
    }, 60_000);

    it('a registry that is gone is an error everywhere, never a missing image', async () => {
      await registry.stop();
      for (const args of [
        ['image', 'inspect', `${image}:1.4.2`],
        ['release', `${image}:1.4.2`, '--verify'],
      ])
        expect(await towline(args)).toMatchObject({
          code: 1,
          stderr: expect.stringContaining('[registry-unavailable]'),
        });
      expect(await towline(['image', 'push', `${image}:1.4.2`])).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('[image-push]'),
      });
    }, 60_000);
  });
});
