import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { chmod, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { findServer } from '../../scripts/servers.mjs';
import { until, type Finished, type Running } from '../scenario/processes.js';
import { startDocker, type DockerServer } from '../servers/docker.js';
import { withServer } from '../servers/index.js';
import { startRegistry, type RegistryServer } from '../servers/registry.js';
import { idle, openWorld, type World } from './world.js';

const script = path.resolve(import.meta.dirname, '../../hooks/ci/shell/towline-ci.sh');
const SECRET = 'shared-with-the-ci-server';

/**
 * The whole chain on real parts: a push to the source repository, its hook, a CI server that runs the script of the CI
 * steps, an engine, a registry, Consul; then the promotion in the job repository, the mirror, and the deploy.
 */
withServer('consul', 'from a push to a live task', () => {
  withServer('images', 'with an engine and a registry', () => {
    let world: World;
    let engine: DockerServer;
    let registry: RegistryServer;
    let ci: CiServer;
    let daemon: Running | undefined;
    let source: { bare: string; work: string };
    let image: string;

    beforeAll(async () => {
      [world, engine, registry] = await Promise.all([openWorld(), startDocker(), startRegistry()]);
      image = `${registry.host}/shop/web`;
      const config = await readFile(world.configFile, 'utf8');
      await writeFile(
        world.configFile,
        `${config}    promote: { automatic: [{ branch: main }], pin: digest }\n`,
      );
      await world.write({
        'jobs/web.json': idle('/shop/web', {
          instances: 1,
          container: { type: 'DOCKER', docker: { image: `${image}:0.1.0` } },
        }),
      });
      await world.push('The front page');
      source = await sourceRepository(world);
      ci = await startCi(world, engine, image, source);
      const pinned = path.join(world.folder, 'source-hooks.yaml');
      await writeFile(
        pinned,
        `version: 1\nhooks:\n  triggers:\n    - { kind: webhook, name: ci, url: '${ci.url}', tokenFile: ${path.join(world.folder, 'ci-secret')} }\n`,
      );
      await writeFile(path.join(world.folder, 'ci-secret'), `${SECRET}\n`);
      await succeeds(
        world.processes.run(
          process.execPath,
          [world.program, 'hook', 'install', source.bare, '--towline-config', pinned],
          { cwd: world.folder },
        ),
      );
      daemon = await world.processes.start(
        process.execPath,
        [world.program, '--config', world.configFile, 'run', '--no-server'],
        { cwd: world.folder, logFile: path.join(world.folder, 'daemon.log') },
      );
    }, 180_000);
    afterAll(async () => {
      await daemon?.stop();
      await ci?.close();
      await registry?.close();
      await engine?.close();
      await world?.close();
    }, 60_000);

    const git = async (...args: string[]): Promise<string> =>
      (await succeeds(world.processes.run('git', args, { cwd: source.work }))).stdout.trim();

    it('a push of source becomes a build, a release, a promotion and a deploy, and why tells all of it', async () => {
      await writeFile(path.join(source.work, 'page'), 'hello, world\n');
      await git('add', '-A');
      await git('commit', '-q', '-m', 'Greet everybody');
      const commit = await git('rev-parse', 'HEAD');
      await git('push', '-q', 'origin', 'main');

      await until('the CI server has built it', async () => ci.builds.length > 0, { limitMs: 120_000 });
      expect(ci.builds).toEqual([
        { commit, signed: true, code: 0, said: expect.stringContaining('is released') },
      ]);

      const tag = commit.slice(0, 12);
      const key = `towline/releases/${image}`;
      const stored = await fetch(`${world.consul.url}/v1/kv/${encodeURI(key)}?raw`);
      const release = (await stored.json()) as Record<string, string>;
      expect(release).toMatchObject({
        image,
        tag,
        sourceCommit: commit,
        sourceBranch: 'main',
        buildUrl: 'https://ci.example.org/web/1',
      });
      const { digest = '' } = release;
      const manifest = await fetch(`http://${registry.host}/v2/shop/web/manifests/${tag}`, {
        headers: { accept: 'application/vnd.docker.distribution.manifest.v2+json' },
      });
      expect(manifest.headers.get('docker-content-digest')).toBe(digest);

      let chain = '';
      await until(
        'the new version runs',
        async () => {
          const { stdout } = await world.towline('why', '/shop/web');
          chain = stdout;
          return chain.includes(`${image}:${tag}@${digest}`) && !chain.includes('(missing)');
        },
        { limitMs: 120_000 },
      );
      expect(chain.replace(/^ {2}(.{14}).*$/gm, '$1').trim()).toBe(
        [
          'marathon:/shop/web in test',
          'runs as task',
          'of version',
          'by deployment',
          'on record as',
          'mirrored as',
          'of revision',
          'stated by',
          'promoted by',
          'from release',
          'built by',
          'from source',
        ]
          .map((line, at) => (at === 0 ? line : line.padEnd(14)))
          .join('\n')
          .trim(),
      );
      expect(chain).toContain('https://ci.example.org/web/1');
      expect(chain).toContain(commit);

      await world.git('pull', '-q', '--ff-only', 'origin', 'main');
      expect(await world.git('diff', '--stat', 'HEAD~1')).toContain(
        '1 file changed, 1 insertion(+), 1 deletion(-)',
      );
      expect(await world.git('log', '-1', '--format=%(trailers)')).toContain(
        `Towline-Source-Commit: ${commit}`,
      );
      expect(await world.towline('audit', 'verify')).toMatchObject({ code: 0 });
    }, 300_000);
  });
});

interface CiServer {
  url: string;
  builds: { commit: string; signed: boolean; code: number; said: string }[];
  close(): Promise<void>;
}

/** A CI server of the simplest kind: for each signed webhook a fresh clone, and in it the script with the steps of CI. */
async function startCi(
  world: World,
  engine: DockerServer,
  image: string,
  source: { bare: string },
): Promise<CiServer> {
  const builds: CiServer['builds'] = [];
  const command = path.join(world.folder, 'towline');
  await writeFile(
    command,
    `#!/bin/sh\nexec '${process.execPath}' '${world.program}' --config '${world.configFile}' "$@"\n`,
  );
  await chmod(command, 0o755);
  const build = async (commit: string): Promise<Finished> => {
    const folder = path.join(world.folder, `build-${builds.length + 1}`);
    await succeeds(world.processes.run('git', ['clone', '-q', '--', source.bare, folder]));
    await succeeds(world.processes.run('git', ['checkout', '-q', '--detach', commit], { cwd: folder }));
    return world.processes.run('sh', [script, 'release'], {
      cwd: folder,
      env: {
        DOCKER_HOST: engine.host,
        TOWLINE_CI_COMMAND: command,
        TOWLINE_CI_IMAGE: image,
        GIT_COMMIT: commit,
        GIT_BRANCH: 'origin/main',
        GIT_URL: source.bare,
        BUILD_URL: 'https://ci.example.org/web/1',
      },
    });
  };
  const server: Server = createServer((request, response) => {
    void (async () => {
      const body = await bodyOf(request);
      response.writeHead(202).end();
      const signature = `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`;
      const signed = request.headers['x-hub-signature-256'] === signature;
      const { after: commit } = JSON.parse(body.toString()) as { after: string };
      const { code, stdout, stderr } = await build(commit);
      builds.push({ commit, signed, code, said: stdout + stderr });
    })();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/build`,
    builds,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** A bare repository with the source of an image that needs no base image, and a work tree of it. */
async function sourceRepository(world: World): Promise<{ bare: string; work: string }> {
  const [bare, work] = [path.join(world.folder, 'web.git'), path.join(world.folder, 'web')];
  await succeeds(world.processes.run('git', ['init', '-q', '--bare', '-b', 'main', bare]));
  await mkdir(work);
  for (const args of [
    ['init', '-q', '-b', 'main'],
    ['remote', 'add', 'origin', bare],
  ])
    await succeeds(world.processes.run('git', args, { cwd: work }));
  await copyFile(findServer('busybox'), path.join(work, 'busybox'));
  await writeFile(
    path.join(work, 'Dockerfile'),
    'FROM scratch\nCOPY busybox /bin/busybox\nCOPY page /srv/index.html\nCMD ["/bin/busybox", "httpd", "-f", "-h", "/srv"]\n',
  );
  await writeFile(path.join(work, 'page'), 'hello\n');
  return { bare, work };
}

async function succeeds(running: Promise<Finished>): Promise<Finished> {
  const finished = await running;
  if (finished.code !== 0) throw new Error(`${finished.code}: ${finished.stderr}${finished.stdout}`);
  return finished;
}
