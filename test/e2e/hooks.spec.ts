import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chmod, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { createHmac } from 'node:crypto';
import { until, type Finished } from '../scenario/processes.js';
import { withServer } from '../servers/index.js';
import { idle, openWorld, type World } from './world.js';

withServer('consul', 'the hooks of a bare repository', () => {
  let world: World;
  beforeAll(async () => {
    world = await openWorld();
    // Whoever pushes has none of the settings of the hook's side.
    world.processes.env['TOWLINE_REPOSITORY_URL'] = '';
  }, 60_000);
  afterAll(async () => world?.close(), 60_000);

  const mirrored = async (file: string): Promise<string | undefined> => {
    const answer = await fetch(`${world.consul.url}/v1/kv/towline/test/config/${file}?raw`);
    return answer.ok ? answer.text() : undefined;
  };
  const push = (...refs: string[]): Promise<Finished> =>
    world.processes.run('git', ['push', 'origin', ...refs], { cwd: world.work });
  const commit = async (files: Record<string, string | null>): Promise<void> => {
    await world.write(files);
    await world.git('add', '-A');
    await world.git('commit', '-q', '-m', 'change');
  };
  const hook = async (name: string, ...args: string[]): Promise<void> => {
    const file = path.join(world.bare, 'hooks', name);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(
      file,
      `#!/bin/sh\nexec '${process.execPath}' '${world.program}' hook ${[name, ...args].join(' ')} "$@"\n`,
    );
    await chmod(file, 0o755);
  };

  it('are installed by one command, configured by towline.yaml in what is pushed, and do not make the push wait', async () => {
    const installed = await world.towline('hook', 'install', world.bare);
    expect(installed).toMatchObject({ code: 0, stdout: expect.stringContaining('pre-receive') });
    await commit({ 'jobs/a.json': idle('/a') });
    const pushed = await push('HEAD:main');
    expect(pushed.code).toBe(0);
    expect(pushed.stderr).toMatch(/remote: towline: test at [0-9a-f]+: 1 valid job/);
    expect(pushed.stderr).toMatch(/remote: towline: mirroring test; log in/);
    await until('the file is in KV', async () => (await mirrored('a.json')) === idle('/a'));
    const log = path.join(world.bare, 'towline/post-receive.log');
    await until('the log says so', async () => (await readFile(log, 'utf8')).includes('towline: test:'));
  });

  it('refuse a push that would break an environment, with the place, and change nothing', async () => {
    await commit({ 'jobs/a.json': '{\n  "id": "/a",\n  "cmd": "x",\n  "instances": "two"\n}\n' });
    const pushed = await push('HEAD:main');
    expect(pushed.code).not.toBe(0);
    expect(pushed.stderr).toContain('jobs/a.json:4:');
    expect(await mirrored('a.json')).toBe(idle('/a'));
    await world.git('reset', '-q', '--hard', 'origin/main');
  });

  it('refuse a configuration that is wrong', async () => {
    const good = await readFile(world.configFile, 'utf8');
    await commit({ 'towline.yaml': good.replace('folder:', 'foldr:') });
    const pushed = await push('HEAD:main');
    expect(pushed.code).not.toBe(0);
    expect(pushed.stderr).toMatch(/towline\.yaml:4:\d+.*foldr/);
    await world.git('reset', '-q', '--hard', 'origin/main');
  });

  it('read no file that a pushed configuration names, and send no rights where it says', async () => {
    const good = await readFile(world.configFile, 'utf8');
    const secret = path.join(world.folder, 'secret-of-the-server');
    await writeFile(secret, 'the private key of somebody');
    const heard: string[] = [];
    const evil = http.createServer((request, response) => {
      heard.push(JSON.stringify(request.headers));
      response.end('{}');
    });
    await new Promise<void>((resolve) => evil.listen(0, '127.0.0.1', resolve));
    const address = `http://127.0.0.1:${(evil.address() as AddressInfo).port}`;
    const { env } = world.processes;
    const consul = env['CONSUL_HTTP_ADDR'] ?? '';
    try {
      env['CONSUL_HTTP_ADDR'] = '';
      await commit({ 'towline.yaml': `${good}consul: { address: '${address}', tokenFile: '${secret}' }\n` });
      const named = await push('HEAD:main');
      expect(named.stderr).toMatch(/a file for Consul's token, which a push may not.*hook-unpinned/s);
      env['CONSUL_HTTP_TOKEN'] = 'of this machine';
      await commit({ 'towline.yaml': `${good}consul: { address: '${address}' }\n` });
      expect((await push('HEAD:main')).stderr).toContain('an address that the push names');
      expect(heard).toEqual([]);
    } finally {
      env['CONSUL_HTTP_ADDR'] = consul;
      delete env['CONSUL_HTTP_TOKEN'];
      evil.closeAllConnections();
      evil.close();
    }
    await commit({ 'towline.yaml': good });
    await push('HEAD:main');
  });

  it('check each ref for itself with the update hook: the bad one is refused, the good one goes through', async () => {
    await writeFile(path.join(world.bare, 'hooks/pre-receive'), '#!/bin/sh\n');
    await hook('update');
    await commit({ 'jobs/a.json': '{"id": "/a"' });
    await world.git('branch', '-f', 'harmless', 'origin/main');
    const pushed = await push('HEAD:main', 'harmless:harmless');
    expect(pushed.code).not.toBe(0);
    expect(pushed.stderr).toContain('jobs/a.json:1:');
    expect(await world.git('ls-remote', 'origin', 'harmless')).not.toBe('');
    await world.git('reset', '-q', '--hard', 'origin/main');
  });

  it('mirror before the push returns when they are told to wait', async () => {
    await hook('post-receive', '--wait');
    await commit({ 'jobs/b.json': idle('/b') });
    const pushed = await push('HEAD:main');
    expect(pushed.stderr).toMatch(/remote: towline: test: .*1/);
    expect(await mirrored('b.json')).toBe(idle('/b'));
  });

  it('say nothing and do nothing about tags, deletions and branches of no environment', async () => {
    await world.git('tag', 'v1');
    expect((await push('v1', 'HEAD:other')).code).toBe(0);
    const removed = await push(':other', ':v1');
    expect(removed.code).toBe(0);
    expect(removed.stderr).not.toContain('towline: test');
  });

  describe('with a running towline to tell', () => {
    it('send a signed hint, and let the push through when nobody answers', async () => {
      const requests: { url: string; signature: unknown; body: string }[] = [];
      const server = http.createServer((request, response) => {
        let body = '';
        request.on('data', (chunk: Buffer) => (body += chunk.toString()));
        request.on('end', () => {
          requests.push({ url: request.url ?? '', signature: request.headers['x-hub-signature-256'], body });
          response.writeHead(202).end();
        });
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhook`;
      world.processes.env['TOWLINE_WEBHOOK_SECRET'] = 'shared';
      await hook('post-receive', '--notify', url);
      await commit({ 'jobs/c.json': idle('/c') });
      expect((await push('HEAD:main')).stderr).toContain('remote: towline: telling of test; log in');
      await until('it is told', async () => requests.length > 0);
      const expected = `sha256=${createHmac('sha256', 'shared')
        .update(requests[0]?.body ?? '')
        .digest('hex')}`;
      expect(requests).toEqual([
        { url: '/webhook/test', signature: expected, body: '{"environment":"test"}' },
      ]);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await commit({ 'jobs/c.json': idle('/c', { cpus: 0.2 }) });
      expect((await push('HEAD:main')).code).toBe(0);
      const waits = await world.towline('hook', 'status', world.bare);
      expect(waits.stdout).toContain('notify: 1 waiting, 0 set aside');
    });
  });

  it('keep somebody else’s hook, run it first, and put it back', async () => {
    const file = path.join(world.bare, 'hooks/pre-receive');
    const own = '#!/bin/sh\nread old new ref\necho "own: $ref $GIT_PUSH_OPTION_COUNT"\n[ ! -e refuse ]\n';
    await writeFile(file, own);
    await chmod(file, 0o755);
    for (const _ of [1, 2]) expect((await world.towline('hook', 'install', world.bare)).code).toBe(0);
    await commit({ 'jobs/d.json': idle('/d') });
    await writeFile(path.join(world.bare, 'refuse'), '');
    const refused = await push('HEAD:main');
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('remote: own: refs/heads/main');
    expect(refused.stderr).not.toContain('towline: test at');
    await rm(path.join(world.bare, 'refuse'));
    const pushed = await push('HEAD:main');
    expect(pushed.code).toBe(0);
    expect(pushed.stderr).toMatch(/own: refs.heads.main[^]*towline: test at/);
    expect((await world.towline('hook', 'uninstall', world.bare)).stdout).toContain('put back');
    expect(await readFile(file, 'utf8')).toBe(own);
    expect((await stat(file)).mode & 0o111).not.toBe(0);
    await rm(file);
  });

  it('are written where core.hooksPath says, and into nothing that is no repository', async () => {
    await world.processes.run('git', ['-C', world.bare, 'config', 'core.hooksPath', 'my hooks']);
    expect((await world.towline('hook', 'install', world.bare)).code).toBe(0);
    expect((await stat(path.join(world.bare, 'my hooks/pre-receive'))).mode & 0o111).not.toBe(0);
    expect(await world.towline('hook', 'install', path.join(world.folder, 'none'))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('hook-no-repository'),
    });
  });
});
