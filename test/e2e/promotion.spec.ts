import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SigningKeys } from '../faults/signing.js';
import { withServer } from '../servers/index.js';
import { idle, openWorld, type World } from './world.js';

const DIGEST = `sha256:${'1'.repeat(64)}`;
const TOKEN = 'canary-forge-token';

withServer('consul', 'promotion from one environment to the next', () => {
  let world: World;
  let forge: Server;
  let posted: { headers: object; body: unknown }[];

  const web = (image: string): string =>
    idle('/shop/web', { container: { type: 'DOCKER', docker: { image } } });

  beforeAll(async () => {
    world = await openWorld();
    posted = [];
    forge = createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        if (request.method === 'GET') return void response.writeHead(200).end('[]');
        const body = JSON.parse(Buffer.concat(pieces).toString()) as object;
        posted.push({ headers: request.headers, body });
        const made = { iid: 4, web_url: 'https://git.example/4', state: 'opened', ...body };
        response.writeHead(201).end(JSON.stringify(made));
      });
    });
    forge.listen(0, '127.0.0.1');
    await once(forge, 'listening');
    const scheduler = `schedulers: { marathon: { url: '${world.marathonUrl}' } }`;
    const url = `http://127.0.0.1:${(forge.address() as AddressInfo).port}`;
    await world.write({
      'towline.yaml': `version: 1
environments:
  staging:
    folder: staging
    ${scheduler}
    promote: { automatic: [{ images: 'shop/*', semver: '^1' }] }
    deploy: { timeoutSeconds: 20, soakSeconds: 1 }
  production:
    folder: production
    ${scheduler}
    promote: { from: staging, healthyFor: 1d, pin: digest }
  reviewed:
    folder: reviewed
    ${scheduler}
    promote: { via: merge-request, forge: { kind: gitlab, url: '${url}', project: ops/jobs } }
`,
      'staging/web.json': web('shop/web:1.0.0'),
      'production/web.json': web('shop/web:1.0.0'),
      'reviewed/web.json': web('shop/web:1.0.0'),
    });
    await world.push('Begin');
  }, 60_000);
  afterAll(async () => {
    forge?.closeAllConnections();
    forge?.close();
    await world?.close();
  }, 60_000);

  const run = async (...args: string[]): Promise<{ code: number; text: string }> => {
    const { code, stdout, stderr } = await world.towline('--log-level', 'warn', ...args);
    return { code, text: stdout + stderr };
  };
  const show = (what: string): Promise<string> => world.git('--git-dir', world.bare, 'show', what);
  const last = (format: string): Promise<string> =>
    world.git('--git-dir', world.bare, 'log', '-1', `--format=${format}`, 'main');

  it('a release goes into staging by its version, and waits there for production', async () => {
    const released = await run('release', 'shop/web:1.1.0', '--digest', DIGEST, '--source-branch', 'main');
    expect(released).toMatchObject({ code: 0 });
    const promoted = await run('promote', '--once');
    expect(promoted).toMatchObject({ code: 0 });
    expect(promoted.text).toContain(`staging: promoted shop/web:1.1.0@${DIGEST} into staging/web.json`);
    expect(promoted.text).toContain('production: nothing to promote');
    expect(promoted.text).toContain('no job of staging runs its image');
    expect(await last('%(trailers)')).toContain('Towline-Source-Branch: main');
    expect(await run('mirror', 'staging', '--once')).toMatchObject({ code: 0 });
    expect(await run('deploy', 'staging', '--once')).toMatchObject({ code: 0 });
    const waiting = await run('promote', '--once', '-e', 'production');
    expect(waiting.text).toMatch(/marathon:\/shop\/web runs it in staging since .* only: it is promoted at/);
  }, 120_000);

  it('a person promotes what runs in staging: the same tag and digest, in a signed commit', async () => {
    new SigningKeys(world.folder).signWith(world.bare, 'towline');
    expect(await run('promote', 'shop/web', '--from', 'staging')).toMatchObject({ code: 1 });
    expect(await run('promote', '--from', 'staging', '--to', 'production')).toMatchObject({ code: 1 });
    const nothing = await run('promote', '/shop/api', '--from', 'staging', '--to', 'production');
    expect(nothing).toMatchObject({
      code: 1,
      text: expect.stringContaining('staging runs no job and no image'),
    });
    const shown = await run(
      'promote',
      'marathon:/shop/web',
      '--from',
      'staging',
      '--to',
      'production',
      '--dry-run',
    );
    expect(shown).toMatchObject({ code: 2 });
    const done = await run('promote', '/shop/web', '--from', 'staging', '--to', 'production');
    expect({ code: done.code, text: done.text }).toMatchObject({ code: 0 });
    expect(await show('main:production/web.json')).toContain(`"shop/web:1.1.0@${DIGEST}"`);
    const trailers = await last('%(trailers)');
    expect(trailers).toContain('Towline-Promoted-From: staging');
    expect(trailers).toContain(`Towline-Digest: ${DIGEST}`);
    expect(await world.git('--git-dir', world.bare, 'cat-file', 'commit', 'main')).toContain(
      'gpgsig -----BEGIN SSH',
    );
    // By the name of the image it is the same release, and stands there already.
    expect(await run('promote', 'shop/web', '--from', 'staging', '--to', 'production')).toMatchObject({
      code: 0,
      text: expect.stringContaining('nothing to promote'),
    });
  }, 120_000);

  it('nothing goes back unless a person says so', async () => {
    const image = `shop/web:1.0.0@sha256:${'0'.repeat(64)}`;
    const held = await run('promote', image, '-e', 'production');
    expect(held).toMatchObject({ code: 3, text: expect.stringContaining('1.0.0 is older than 1.1.0') });
    expect(await run('promote', image, '-e', 'production', '--allow-downgrade')).toMatchObject({ code: 0 });
    expect(await show('main:production/web.json')).toContain(image);
  }, 60_000);

  it('a merge request is made where that is asked, with the token from the environment', async () => {
    const asked = ['promote', 'shop/web', '--from', 'staging', '--to', 'reviewed'];
    expect(await run(...asked)).toMatchObject({
      code: 1,
      text: expect.stringContaining('TOWLINE_PROMOTE_GITLAB_TOKEN'),
    });
    world.processes.env['TOWLINE_PROMOTE_GITLAB_TOKEN'] = TOKEN;
    const done = await run(...asked);
    expect({ code: done.code, text: done.text }).toMatchObject({ code: 0 });
    expect(done.text).toContain('https://git.example/4');
    expect(posted).toMatchObject([
      {
        headers: { 'private-token': TOKEN },
        body: { target_branch: 'main', title: 'Promote shop/web 1.1.0 to reviewed' },
      },
    ]);
    const { source_branch: branch } = posted[0]?.body as { source_branch: string };
    expect(await show(`${branch}:reviewed/web.json`)).toContain('shop/web:1.1.0');
    expect(await show('main:reviewed/web.json')).toContain('shop/web:1.0.0');
  }, 60_000);
});
