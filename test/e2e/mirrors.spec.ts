import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { once } from 'node:events';
import net from 'node:net';
import path from 'node:path';
import { GitSandbox } from '../fakes/git-sandbox.js';
import { Processes, until, type Running } from '../scenario/processes.js';
import { freePorts, startConsul, withServer, type ConsulServer } from '../servers/index.js';

const program = path.resolve(import.meta.dirname, '../../dist/towline.js');

/** One process with mirrors of every kind, one of them of a remote that accepts and never answers. */
withServer('consul', 'mirrors of plain configuration in one daemon', () => {
  let consul: ConsulServer;
  let sandbox: GitSandbox;
  let processes: Processes;
  let daemon: Running;
  let silent: net.Server;
  let [port, first] = [0, ''];
  beforeAll(async () => {
    consul = await startConsul();
    sandbox = new GitSandbox();
    silent = net
      .createServer((socket) => socket.on('error', () => undefined).resume())
      .listen(0, '127.0.0.1');
    await once(silent, 'listening');
    [port = 0] = await freePorts(1);
    const slow = `http://127.0.0.1:${(silent.address() as net.AddressInfo).port}/slow.git`;
    const url = `file://${sandbox.bare}`;
    writeFileSync(
      path.join(sandbox.root, 'towline.yaml'),
      [
        'version: 1',
        'remotes:',
        `  slow: { url: '${slow}', timeoutSeconds: 60 }`,
        'mirrors:',
        '  slow: { repository: slow, prefix: slow/ }',
        `  conf: { repository: '${url}', folder: conf, prefix: conf/, exclude: ['*.md'], drift: report }`,
        `  envs: { repository: '${url}', branches: ['env/*'], tags: ['v*'], prefix: envs/, gone: delete, deletes: { maxShare: 1 } }`,
      ].join('\n'),
    );
    processes = new Processes({
      PATH: process.env['PATH'] ?? '',
      HOME: sandbox.root,
      NO_COLOR: '1',
      CONSUL_HTTP_ADDR: consul.url,
    });
    sandbox.write({ 'conf/a.json': '1', 'conf/README.md': 'x' });
    first = sandbox.commit();
    sandbox.git('branch', 'env/eu');
    sandbox.git('tag', 'v1');
    sandbox.push('origin', 'HEAD:main', 'env/eu', 'v1');
    daemon = await processes.start(
      process.execPath,
      [program, 'run', 'mirror', '--listen', `127.0.0.1:${port}`],
      {
        cwd: sandbox.root,
        logFile: path.join(sandbox.root, 'log'),
      },
    );
  }, 90_000);
  afterAll(async () => {
    await processes?.stopAll();
    silent?.close();
    await consul?.close();
    sandbox?.remove();
  }, 60_000);

  async function value(key: string): Promise<string | undefined> {
    const answer = await fetch(`${consul.url}/v1/kv/${key}?raw`);
    return answer.ok ? answer.text() : undefined;
  }
  const post = (at: string): Promise<Response> =>
    fetch(`http://127.0.0.1:${port}${at}`, { method: 'POST', body: '{}' });

  it('brings what answers into KV while another remote keeps its caller waiting', async () => {
    await until('the folder is mirrored', async () => (await value('conf/a.json')) === '1');
    await until('the branch and the tag are', async () =>
      Boolean((await value('envs/env/eu/conf/a.json')) && (await value('envs/v1/conf/a.json'))),
    );
    expect(await value('conf/README.md')).toBeUndefined();
    // The other one is still being waited for: its time is not over.
    expect(daemon.output()).not.toContain('took longer than');
  }, 60_000);

  it('follows branches that come and go', async () => {
    sandbox.git('checkout', '-q', '-b', 'env/us');
    sandbox.write({ 'conf/a.json': 'us' });
    sandbox.commit();
    sandbox.push('origin', 'env/us', ':env/eu');
    expect((await post('/webhook/envs')).status).toBe(202);
    await until('the new one is there', async () => (await value('envs/env/us/conf/a.json')) === 'us');
    await until('the old one is gone', async () => (await value('envs/env/eu/conf/a.json')) === undefined);
    expect(await value('envs/v1/conf/a.json')).toBe('1');
  }, 60_000);

  it('reports edits by hand where that is the policy, and says so in the status', async () => {
    await fetch(`${consul.url}/v1/kv/conf/a.json`, { method: 'PUT', body: 'by hand' });
    expect((await post('/reconcile/conf')).status).toBe(202);
    await until('it was seen', async () =>
      daemon.output().includes('edited by hand and are left as they are'),
    );
    expect(await value('conf/a.json')).toBe('by hand');
    const status = await processes.run(process.execPath, [program, 'status', 'conf', 'envs'], {
      cwd: sandbox.root,
    });
    expect(status.code).toBe(3);
    expect(status.stdout).toContain('conf conf/\n  mirror     tampered');
    expect(status.stdout).toContain('envs/env/us envs/env/us/\n  mirror     whole at');
    expect(status.stdout).toContain(`envs/v1 envs/v1/\n  mirror     whole at ${first.slice(0, 10)}`);
  }, 60_000);

  it('ends when it is told to, whatever it is waiting for', async () => {
    // It is killed after five seconds, and then there is no exit code.
    await daemon.stop();
    expect(await daemon.exited).toBe(143);
  }, 60_000);
});
