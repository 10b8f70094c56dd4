import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { until, type Finished } from '../scenario/processes.js';
import { freePorts, withServer } from '../servers/index.js';
import { idle, openWorld, type World } from './world.js';

const page = readFile(path.resolve(import.meta.dirname, '../../docs/hooks.md'), 'utf8');

/** The blocks of docs/hooks.md under a mark, as they stand there. */
async function blocks(mark: string): Promise<string[]> {
  const marked = new RegExp(`^<!-- ${mark} -->\\n\`\`\`\\w+\\n([^]*?)^\`\`\`$`, 'gm');
  return [...(await page).matchAll(marked)].map(([, block = '']) => block);
}

/** Servers of four kinds in one, that answer as theirs do. */
interface Targets {
  url: string;
  heard: { url: string; headers: NodeJS.Dict<string | string[]>; body: string }[];
  server: Server;
}

withServer('consul', 'the page about hooks', () => {
  let world: World;
  let targets: Targets;
  let etc: string;
  const here = (text: string): string =>
    text
      .replaceAll('/srv/git/jobs.git', world.bare)
      .replaceAll('/etc/towline', etc)
      .replace(/https:\/\/(jenkins|gitlab|api\.github|ci)\.(example\.org|com)/g, `${targets.url}/$1`);
  const shell = (block: string): Promise<Finished> =>
    world.processes.run('sh', ['-euc', here(block)], { cwd: world.folder });
  const configure = async (more: string): Promise<void> =>
    writeFile(path.join(etc, 'towline.yaml'), `${await readFile(world.configFile, 'utf8')}${here(more)}`);

  beforeAll(async () => {
    [world, targets] = await Promise.all([openWorld(), startTargets()]);
    etc = path.join(world.folder, 'etc');
    await mkdir(etc);
    for (const name of ['jenkins.token', 'gitlab.token', 'github.token', 'webhook.secret'])
      await writeFile(path.join(etc, name), `${name}-value\n`);
    const bin = path.join(world.folder, 'bin');
    await mkdir(bin);
    await writeFile(
      path.join(bin, 'towline'),
      `#!/bin/sh\nexec '${process.execPath}' '${world.program}' "$@"\n`,
    );
    await chmod(path.join(bin, 'towline'), 0o755);
    world.processes.env['PATH'] = `${bin}:${world.processes.env['PATH'] ?? ''}`;
    await world.write({ 'jobs/web.json': idle('/shop/web') });
    await configure('');
  }, 60_000);
  afterAll(async () => {
    const closed = once(targets.server, 'close');
    targets.server.close();
    targets.server.closeAllConnections();
    await closed;
    await world?.close();
  }, 60_000);

  it('has triggers that start what they say, and commands that tell of them', async () => {
    const [triggers = ''] = await blocks('triggers');
    await configure(triggers);
    const [install = '', flush = '', status = ''] = await blocks('run');
    expect(await shell(install)).toMatchObject({ code: 0 });
    const revision = await world.push('What we have');
    await until('all servers are told, and the mirror has run', async () => {
      const ref = await fetch(`${world.consul.url}/v1/kv/towline/test/.ref?raw`);
      return targets.heard.length >= 4 && ref.status === 200 && (await ref.text()).includes(revision);
    });
    const told = (start: string) => targets.heard.find(({ url }) => url.startsWith(start));
    const jenkins = told('/jenkins/job/shop/job/deploy/buildWithParameters');
    expect(jenkins?.headers.authorization).toBe(
      `Basic ${Buffer.from('towline:jenkins.token-value').toString('base64')}`,
    );
    expect(jenkins?.body).toContain(`TOWLINE_REVISION=${revision}`);
    expect(told('/gitlab/api/v4/projects/shop%2Fimages/trigger/pipeline')?.body).toContain(
      'gitlab.token-value',
    );
    expect(JSON.parse(told('/api.github/repos/shop/images/dispatches')?.body ?? '')).toMatchObject({
      event_type: 'towline-push',
    });
    const webhook = told('/ci/push');
    const signature = createHmac('sha256', 'webhook.secret-value')
      .update(webhook?.body ?? '')
      .digest('hex');
    expect(webhook?.headers['x-hub-signature-256']).toBe(`sha256=${signature}`);

    for (const block of [flush, status]) expect(await shell(block)).toMatchObject({ code: 0 });
  }, 120_000);

  it('has rules that refuse what they say', async () => {
    const [rules = ''] = await blocks('rules');
    await configure(rules);
    await world.write({ 'jobs/web.json': idle('/shop/web', { env: { A: '1' } }) });
    await world.git('commit', '-qam', 'Nobody signed this');
    const { code, stderr } = await world.processes.run('git', ['push', '-q', 'origin', 'HEAD:main'], {
      cwd: world.work,
    });
    expect(code).not.toBe(0);
    expect(stderr).toContain('has no good signature');
    expect(stderr).toContain('[push/unsigned]');
  }, 60_000);

  it('has a receiver of webhooks that takes what is signed, and nothing else', async () => {
    const [serve = ''] = await blocks('serve');
    const [port = 0] = await freePorts(1);
    const [command, ...args] = serve
      .trim()
      .split(' ')
      .slice(1)
      .map((word) => word.replace('127.0.0.1:7070', `127.0.0.1:${port}`));
    await world.processes.start(command ?? '', args, {
      cwd: world.work,
      logFile: path.join(world.folder, 'serve.log'),
      env: { TOWLINE_WEBHOOK_SECRET: 'of-the-forge' },
    });
    const url = `http://127.0.0.1:${port}`;
    await until('it listens', async () => (await fetch(`${url}/healthz`)).status === 200);
    const body = '{"ref":"refs/heads/main"}';
    const signature = createHmac('sha256', 'of-the-forge').update(body).digest('hex');
    const post = async (proof: string): Promise<number> =>
      (
        await fetch(`${url}/webhook`, {
          method: 'POST',
          headers: { 'x-github-event': 'push', 'x-hub-signature-256': `sha256=${proof}` },
          body,
        })
      ).status;
    expect(await post(signature)).toBe(202);
    expect(await post('0'.repeat(64))).toBe(401);
  }, 60_000);
});

async function startTargets(): Promise<Targets> {
  const heard: Targets['heard'] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const { url = '', headers } = request;
      heard.push({ url, headers, body });
      if (url.startsWith('/jenkins/')) response.writeHead(201, { location: '/jenkins/queue/item/7/' }).end();
      else if (url.startsWith('/gitlab/'))
        response
          .writeHead(201, { 'content-type': 'application/json' })
          .end('{"id": 7, "web_url": "http://127.0.0.1/pipelines/7"}');
      else response.writeHead(204).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, heard, server };
}
