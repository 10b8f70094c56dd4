import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Finished, Running } from '../scenario/processes.js';
import { withServer } from '../servers/index.js';
import { idle, openWorld, type World } from './world.js';

const script = path.resolve(import.meta.dirname, '../../hooks/ci/shell/towline-ci.sh');
const DIGEST = `sha256:${'d'.repeat(64)}`;

/** The command as a build has it on its PATH. Engine and registry are played: there may be none on this machine. */
const onPath = (world: World): string => `#!/bin/sh
case "$1 \${2:-}" in
'image build') exit 0 ;;
'image push') printf '{"pushed": [{"image": "%s", "digest": "${DIGEST}"}]}\\n' "$6"; exit 0 ;;
esac
count=$#
while [ "$count" -gt 0 ]; do
  if [ "$1" != --verify ]; then set -- "$@" "$1"; fi
  shift
  count=$((count - 1))
done
exec '${process.execPath}' '${world.program}' --config '${world.configFile}' "$@"
`;

withServer('consul', 'the steps of CI on a real Consul', () => {
  let world: World;
  let daemon: Running | undefined;
  const image = (tag: string): string =>
    idle('/shop/web', { container: { type: 'DOCKER', docker: { image: `shop/web:${tag}` } } });
  const step = (name: string, env: Record<string, string> = {}): Promise<Finished> =>
    world.processes.run('sh', [script, name], {
      cwd: world.work,
      env: { TOWLINE_CI_COMMAND: path.join(world.folder, 'towline'), TOWLINE_CI_ENV: 'test', ...env },
    });
  const wait = (revision: string, timeout = '60s'): Promise<Finished> =>
    step('wait', { TOWLINE_CI_REVISION: revision, TOWLINE_CI_TIMEOUT: timeout });
  const startDaemon = async (): Promise<void> => {
    daemon = await world.processes.start(
      process.execPath,
      [world.program, '--config', world.configFile, 'run', 'mirror', 'deploy', '--no-server'],
      { cwd: world.folder, logFile: path.join(world.folder, 'daemon.log') },
    );
  };

  beforeAll(async () => {
    world = await openWorld();
    await writeFile(path.join(world.folder, 'towline'), onPath(world));
    await chmod(path.join(world.folder, 'towline'), 0o755);
    await world.write({
      'jobs/web.json': image('1.0'),
      '.gitignore': '.towline/\ntowline*.*\n!towline.yaml\ngl-*\n',
    });
    await world.push('What we have');
  }, 60_000);
  afterAll(async () => world?.close(), 60_000);

  it('validate fails with the place of a mistake, in the log and in reports', async () => {
    await world.write({ 'jobs/bad.json': '{\n  "id": "/bad",\n  "instnaces": 1\n}\n' });
    const { code, stdout } = await step('validate', { GITLAB_CI: 'true' });
    expect({ code, stdout }).toMatchObject({ code: 1, stdout: expect.stringContaining('jobs/bad.json:3:3') });
    const quality = JSON.parse(await readFile(path.join(world.work, 'gl-code-quality-report.json'), 'utf8'));
    expect(quality).toContainEqual(
      expect.objectContaining({ location: { path: 'jobs/bad.json', lines: { begin: 3 } } }),
    );
    expect(await readFile(path.join(world.work, 'towline-junit.xml'), 'utf8')).toContain('failures="1"');
    const github = await step('validate', { GITHUB_ACTIONS: 'true' });
    expect(github.stdout).toMatch(
      /^::error file=jobs\/bad\.json,line=3,col=3,title=marathon\/unknown-field::/m,
    );
    await world.processes.run('rm', ['jobs/bad.json'], { cwd: world.work });
    expect(await step('validate')).toMatchObject({ code: 0 });
  }, 60_000);

  it('plan is good where there are changes, and keeps one comment up to date', async () => {
    const forge = await startForge();
    try {
      const env = {
        TOWLINE_CI_FORGE: 'gitea',
        TOWLINE_CI_FORGE_URL: forge.url,
        TOWLINE_CI_PROJECT: 'ops/jobs',
        TOWLINE_CI_REQUEST: '7',
        TOWLINE_COMMENT_TOKEN: 'canary-token-9999',
      };
      const first = await step('plan', { ...env, GIT_COMMIT: await world.git('rev-parse', 'HEAD') });
      expect(first).toMatchObject({ code: 0, stdout: expect.stringContaining('create marathon:/shop/web') });
      expect(first.stderr).toContain('the comment with the plan is created');
      expect(forge.comments).toHaveLength(1);
      expect(forge.comments[0]?.body).toContain('create <code>marathon:/shop/web</code>');
      await world.write({ 'jobs/db.json': idle('/shop/db') });
      const second = await step('plan', { ...env, GIT_COMMIT: await world.push('A database') });
      expect(second.stderr).toContain('the comment with the plan is updated');
      expect(forge.comments).toHaveLength(1);
      expect(forge.comments[0]?.body).toContain('create <code>marathon:/shop/db</code>');
      expect(JSON.stringify([first, second, forge.comments])).not.toContain('canary-token-9999');
    } finally {
      forge.close();
    }
  }, 60_000);

  it('wait says that nothing was mirrored, once time is over', async () => {
    expect(await wait('main', '2s')).toMatchObject({
      code: 8,
      stdout: expect.stringContaining('has not arrived'),
    });
  }, 60_000);

  it('wait ends as soon as every job is live, also where that took no change', async () => {
    await startDaemon();
    const live = await wait('main');
    expect(live).toMatchObject({ code: 0, stdout: expect.stringContaining('is live') });
    await world.write({ 'jobs/README.md': 'Not a job.' });
    expect(await wait(await world.push('Nothing that is deployed'))).toMatchObject({ code: 0 });
    const json = await world.towline('wait', 'HEAD~1', '-e', 'test', '--output', 'json');
    expect(JSON.parse(json.stdout)).toMatchObject({ environment: 'test', outcome: 'live', jobs: [] });
  }, 120_000);

  it('release, promote and wait bring a new image from its build to where it runs', async () => {
    const released = await step('release', {
      TOWLINE_CI_IMAGE: 'shop/web',
      CI_COMMIT_TAG: '1.1',
      CI_COMMIT_SHA: 'b'.repeat(40),
      CI_JOB_URL: 'https://ci.example.org/118',
    });
    expect(released).toMatchObject({ code: 0, stdout: expect.stringContaining('shop/web:1.1') });
    const results = await readFile(path.join(world.work, 'towline.env'), 'utf8');
    expect(results).toBe(`TOWLINE_CI_IMAGE=shop/web:1.1@${DIGEST}\n`);
    const promoted = await step('promote', { TOWLINE_CI_IMAGE: `shop/web:1.1@${DIGEST}` });
    expect(promoted).toMatchObject({ code: 0, stdout: expect.stringMatching(/is promoted as [0-9a-f]{40}/) });
    // The commit of the build is one of another repository: what is waited for is the promotion.
    expect(await step('wait', { CI_COMMIT_SHA: 'b'.repeat(40) })).toMatchObject({ code: 0 });
    const app = (await (await fetch(`${world.marathonUrl}/v2/apps/shop/web`)).json()) as {
      app: { container: { docker: { image: string } } };
    };
    expect(app.app.container.docker.image).toContain('shop/web:1.1');
    await world.git('pull', '-q', '--ff-only', 'origin', 'main');
    expect(await step('promote', { TOWLINE_CI_IMAGE: `shop/web:1.1@${DIGEST}` })).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('nothing to promote'),
    });
  }, 120_000);

  it('wait tells a revision that is held, one that failed, and one that was left behind', async () => {
    await world.towline('pause', '/shop/db', '-e', 'test', '--reason', 'migration');
    await world.write({ 'jobs/db.json': idle('/shop/db', { mem: 32 }) });
    const held = await wait(await world.push('More memory'));
    expect(held).toMatchObject({ code: 3, stdout: expect.stringContaining('held marathon:/shop/db') });
    await world.towline('resume', '/shop/db', '-e', 'test');
    expect(await wait('main')).toMatchObject({ code: 0 });

    await world.write({ 'jobs/bad.json': idle('/bad', { cmd: 'exit 3', instances: 1 }) });
    const failed = await wait(await world.push('It ends at once'));
    expect(failed).toMatchObject({ code: 5, stdout: expect.stringContaining('marathon:/bad') });

    const lost = await world.git('rev-parse', 'HEAD');
    await world.git('branch', 'kept');
    await world.git('push', '-q', 'origin', 'kept');
    await world.git('reset', '-q', '--hard', 'HEAD~1');
    await world.write({ 'jobs/other.json': idle('/other') });
    await world.git('add', '-A');
    await world.git('commit', '-q', '-m', 'Another way');
    await world.git('push', '-q', '--force', 'origin', 'HEAD:main');
    expect(await wait('main')).toMatchObject({ code: 0 });
    expect(await wait(lost)).toMatchObject({ code: 6, stdout: expect.stringContaining('superseded') });
  }, 240_000);

  it('wait says what it waits for when time is over', async () => {
    await daemon?.stop();
    await world.write({ 'jobs/late.json': idle('/late') });
    const late = await wait(await world.push('Nobody deploys it'), '3s');
    expect(late).toMatchObject({ code: 7, stderr: expect.stringContaining('test: waiting for') });
    expect(late.stdout).toContain('is not live in time: the mirror holds');
  }, 60_000);
});

interface Forge {
  url: string;
  comments: { id: number; body: string; user: { id: number } }[];
  close(): void;
}

/** As much of Gitea as a comment needs. */
async function startForge(): Promise<Forge> {
  const comments: Forge['comments'] = [];
  const server: Server = createServer((request, response) => {
    let text = '';
    request.on('data', (piece: Buffer) => (text += piece.toString()));
    request.on('end', () => {
      const { method = '', url = '' } = request;
      const body = text === '' ? '' : (JSON.parse(text) as { body: string }).body;
      const answer = (value: unknown): void => void response.end(JSON.stringify(value));
      if (url === '/api/v1/user') return answer({ id: 4, login: 'ci' });
      if (method === 'GET' && url === '/api/v1/repos/ops/jobs/issues/7/comments') return answer(comments);
      if (method === 'POST') comments.push({ id: 11, body, user: { id: 4 } });
      const found = comments.find(({ id }) => url === `/api/v1/repos/ops/jobs/issues/comments/${id}`);
      if (method === 'PATCH' && found !== undefined) found.body = body;
      return answer({ id: 11 });
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    comments,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

describe('the script of CI', () => {
  it('is what the package puts on the PATH as towline-ci', async () => {
    const project = path.resolve(import.meta.dirname, '../..');
    const { bin } = JSON.parse(await readFile(path.join(project, 'package.json'), 'utf8')) as {
      bin: Record<string, string>;
    };
    expect(path.join(project, bin['towline-ci'] ?? '')).toBe(script);
  });
});
