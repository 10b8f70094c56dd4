import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { SigningKeys } from '../faults/signing.js';
import { removeFolder } from '../scenario/chain.js';
import { Processes, until, type Finished } from '../scenario/processes.js';

const PROGRAM = path.resolve(import.meta.dirname, '../../dist/towline.js');

interface Heard {
  id: string;
  ref: string;
  before: string;
  after: string;
  commit?: string;
  created: boolean;
  deleted: boolean;
  forced: boolean;
  refs: { ref: string }[];
}

/** A CI server that answers when it is let. */
class Ci {
  readonly heard: Heard[] = [];
  /** Requests that came, answered or not. */
  arrived = 0;
  /** What it says to all that comes. */
  status = 202;
  readonly #waiting: (() => void)[] = [];
  #open = true;
  #server: http.Server | undefined;
  port = 0;

  async start(): Promise<void> {
    this.#server = http.createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        this.arrived += 1;
        const answer = (): void => {
          if (this.status === 202) this.heard.push(JSON.parse(body) as Heard);
          response.writeHead(this.status).end();
        };
        if (this.#open) answer();
        else this.#waiting.push(answer);
      });
    });
    this.#server.listen(this.port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.port = (this.#server.address() as AddressInfo).port;
  }

  hold(): void {
    this.#open = false;
  }

  release(): void {
    this.#open = true;
    for (const answer of this.#waiting.splice(0)) answer();
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

describe.each(['sha1', 'sha256'])('a push to a repository with hooks (%s)', (format) => {
  const ci = new Ci();
  let folder: string;
  let [bare, work, config]: string[] = [];
  let processes: Processes;
  let keys: SigningKeys;

  const git = async (...args: string[]): Promise<string> => {
    const result = await processes.run('git', args, { cwd: work ?? '' });
    if (result.code !== 0) throw new Error(`git ${args.join(' ')}: ${result.stderr}`);
    return result.stdout.trim();
  };
  const push = (...args: string[]): Promise<Finished> =>
    processes.run('git', ['push', 'origin', ...args], { cwd: work ?? '' });
  const towline = (...args: string[]): Promise<Finished> =>
    processes.run(process.execPath, [PROGRAM, ...args], { cwd: folder });
  const commit = async (files: Record<string, string>): Promise<string> => {
    for (const [name, text] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(work ?? '', name)), { recursive: true });
      await writeFile(path.join(work ?? '', name), text);
    }
    await git('add', '-A');
    await git('commit', '-q', '--allow-empty', '-m', 'change');
    return git('rev-parse', 'HEAD');
  };
  const told = async (count: number): Promise<Heard[]> => {
    await until(`${count} events`, async () => ci.heard.length >= count);
    return ci.heard.splice(0);
  };
  const configure = (more = ''): Promise<void> =>
    writeFile(
      config ?? '',
      `version: 1
environments:
  test: { branch: live, schedulers: { marathon: { url: 'http://127.0.0.1:1' } } }
hooks:
${more}  triggers:
    - { kind: webhook, name: ci, url: 'http://127.0.0.1:${ci.port}/', branches: ['**'], tags: ['**'] }
`,
    );

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'towline-push-'));
    [bare, work, config] = ['jobs.git', 'work', 'towline.yaml'].map((name) => path.join(folder, name));
    await ci.start();
    const kept = Object.entries(process.env).filter(
      (e): e is [string, string] =>
        e[1] !== undefined && !/^(CONSUL_|TOWLINE_|GIT_|npm_|NODE_OPTIONS|JEST)/.test(e[0]),
    );
    processes = new Processes({
      ...Object.fromEntries(kept),
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: path.join(folder, 'none'),
      GIT_AUTHOR_NAME: 'Ann',
      GIT_AUTHOR_EMAIL: 'ann@example.org',
      GIT_COMMITTER_NAME: 'Ann',
      GIT_COMMITTER_EMAIL: 'ann@example.org',
      TOWLINE_LOG_FORMAT: 'json',
    });
    keys = new SigningKeys(folder);
    await mkdir(work ?? '');
    await processes.run('git', [
      'init',
      '-q',
      '--bare',
      '-b',
      'main',
      `--object-format=${format}`,
      bare ?? '',
    ]);
    await git('init', '-q', '-b', 'main', `--object-format=${format}`);
    await git('remote', 'add', 'origin', bare ?? '');
    await configure();
    const installed = await towline('hook', 'install', bare ?? '', '--towline-config', config ?? '');
    expect(installed).toMatchObject({ code: 0, stderr: '' });
  }, 60_000);
  afterEach(() => ci.release());
  afterAll(async () => {
    await ci.stop();
    await processes?.stopAll();
    await removeFolder(folder);
  }, 60_000);

  it('is over before the CI server answers', async () => {
    ci.hold();
    const id = await commit({ a: '1' });
    const pushed = await push('HEAD:main');
    expect(pushed).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('remote: towline: ci is told of it'),
    });
    await until('the server was asked', async () => ci.arrived > 0);
    expect(ci.heard).toEqual([]);
    ci.release();
    expect(await told(1)).toMatchObject([
      { ref: 'refs/heads/main', after: id, created: true, deleted: false },
    ]);
  }, 60_000);

  it('tells of updates, force, tags with and without a message, and deletions', async () => {
    const before = await git('rev-parse', 'HEAD');
    const id = await commit({ a: '2' });
    await push('HEAD:main');
    expect(await told(1)).toMatchObject([{ before, after: id, created: false, forced: false }]);
    await git('commit', '-q', '--amend', '-m', 'other');
    const other = await git('rev-parse', 'HEAD');
    await push('--force', 'HEAD:main');
    expect(await told(1)).toMatchObject([{ before: id, after: other, commit: other, forced: true }]);
    await git('tag', 'light');
    await git('tag', '-a', 'heavy', '-m', 'x');
    await push('light', 'heavy');
    const tags = await told(2);
    const heavy = await git('rev-parse', 'heavy');
    expect(tags.find(({ ref }) => ref === 'refs/tags/heavy')).toMatchObject({ after: heavy, commit: other });
    expect(tags.find(({ ref }) => ref === 'refs/tags/light')).toMatchObject({ after: other, commit: other });
    await push(':heavy');
    expect(await told(1)).toMatchObject([
      { before: heavy, after: expect.stringMatching(/^0+$/), deleted: true },
    ]);
  }, 60_000);

  it('is safe with branches of any name, and tells of very many in one event', async () => {
    const names = [
      '--upload-pack=x',
      '$(touch${IFS}pwned)',
      "a'b;touch pwned2",
      'ünï/⚓',
      'x\u2028y',
      'n'.repeat(200),
    ].filter(
      // Git itself knows some of these as no names of branches.
      (name) => isRefName(`refs/heads/${name}`),
    );
    expect(names.length).toBeGreaterThan(4);
    const pushed = await push(...names.map((name) => `HEAD:refs/heads/${name}`));
    expect(pushed.code).toBe(0);
    const heard = await told(names.length);
    expect(heard.map(({ ref }) => ref).sort()).toEqual(names.map((name) => `refs/heads/${name}`).sort());
    expect(['pwned', 'pwned2'].filter((name) => existsSync(path.join(bare ?? '', name)))).toEqual([]);
    const many = Array.from({ length: 60 }, (_, index) => `refs/heads/many/${index}`);
    expect((await push(...many.map((name) => `HEAD:${name}`))).code).toBe(0);
    const [all] = await told(1);
    expect(all?.refs.map(({ ref }) => ref).sort()).toEqual([...many].sort());
  }, 180_000);

  it('may bring 2,000 files', async () => {
    await commit(
      Object.fromEntries(Array.from({ length: 2000 }, (_, n) => [`many/${n % 40}/${n}.json`, `{"n":${n}}`])),
    );
    expect((await push('HEAD:main')).code).toBe(0);
    expect(await told(1)).toHaveLength(1);
  }, 180_000);

  it('is done while the CI server is dead; a later flush tells of it, once', async () => {
    await ci.stop();
    const id = await commit({ a: '3' });
    expect((await push('HEAD:main')).code).toBe(0);
    await until('it is known to wait', async () =>
      (await towline('hook', 'status', bare ?? '')).stdout.includes('ci: 1 waiting, 0 set aside'),
    );
    await ci.start();
    await until('it is sent', async () => {
      await towline('hook', 'flush', bare ?? '');
      return ci.heard.length > 0;
    });
    expect((await towline('hook', 'flush', bare ?? '')).code).toBe(0);
    expect((await towline('hook', 'status', bare ?? '')).stdout).toBe('nothing waits; everything was sent\n');
    expect(await told(1)).toMatchObject([{ after: id }]);
  }, 180_000);

  it('is told of by a sender that goes on, whenever the CI server is back', async () => {
    await ci.stop();
    const id = await commit({ a: '3b' });
    expect((await push('HEAD:main')).code).toBe(0);
    const sender = await processes.start(
      process.execPath,
      [PROGRAM, 'hook', 'flush', '--every', '1s', bare ?? ''],
      { cwd: folder, logFile: path.join(folder, 'sender.log') },
    );
    await until('it has found nobody', async () => /1 left/.test(sender.output()));
    await ci.start();
    expect(await told(1)).toMatchObject([{ after: id }]);
    await sender.stop();
    expect((await towline('hook', 'status', bare ?? '')).stdout).toBe('nothing waits; everything was sent\n');
  }, 180_000);

  it('that the CI server refuses is set aside, and sent by flush --again once that is put right', async () => {
    const hook = (...args: string[]): Promise<Finished> => towline('hook', ...args, bare ?? '');
    ci.status = 404;
    const id = await commit({ a: '3c' });
    expect((await push('HEAD:main')).code).toBe(0);
    await until('it is set aside', async () =>
      (await hook('status')).stdout.includes('0 waiting, 1 set aside'),
    );
    expect((await hook('status')).stdout).toMatch(
      /aside .* refs\/heads\/main .*404[^]*towline hook flush --again REPO\.git/,
    );
    // The cause is still there: it is tried, and set aside again.
    const refused = await hook('flush', '--again');
    expect(refused.code).toBe(1);
    expect(refused.stdout).toMatch(/^ci: 0 sent, 0 left, 1 set aside: .*404/);
    ci.status = 202;
    expect(await hook('flush')).toMatchObject({ code: 0, stdout: '' });
    expect(ci.heard).toEqual([]);
    expect(await hook('flush', '--again')).toMatchObject({
      code: 0,
      stdout: 'ci: 1 sent, 0 left, 0 set aside\n',
    });
    expect(await told(1)).toMatchObject([{ ref: 'refs/heads/main', after: id }]);
    expect((await hook('flush', '--again')).stdout).toBe('');
    expect((await hook('status')).stdout).toBe('nothing waits; everything was sent\n');
    expect(ci.heard).toEqual([]);
  }, 180_000);

  it('whose event can not be read any more is named until somebody has looked at it', async () => {
    const hook = (...args: string[]): Promise<Finished> => towline('hook', ...args, bare ?? '');
    const place = path.join(bare ?? '', 'towline/outbox/ci/waiting');
    await writeFile(path.join(place, '000000000000001-000000-event-0001.json'), '{"id": "event-00');
    const [flushed, shown] = [await hook('flush'), await hook('status')];
    expect(flushed.code).toBe(1);
    for (const { stdout } of [flushed, shown])
      expect(stdout).toMatch(/^ci: an event can't be read and is not sent: .*event-0001\.json\n$/);
    const [file = ''] = (await readdir(place)).filter((name) => name.includes('event-0001'));
    await rm(path.join(place, file));
    expect(await hook('flush')).toMatchObject({ code: 0, stdout: '' });
  }, 60_000);

  it('whose client is killed is whole or not there', async () => {
    const before = await git('ls-remote', 'origin', 'main');
    await commit(Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`late/${n}.json`, `{"n":${n}}`])));
    const client = await processes.start('git', ['push', 'origin', 'HEAD:main'], {
      cwd: work ?? '',
      logFile: path.join(folder, 'client.log'),
    });
    await client.kill();
    const id = await git('rev-parse', 'HEAD');
    expect([before, `${id}\trefs/heads/main`]).toContain(await git('ls-remote', 'origin', 'main'));
    const fsck = await processes.run('git', ['-C', bare ?? '', 'fsck', '--strict']);
    expect(fsck).toMatchObject({ code: 0 });
    // The next push works like all others.
    const last = await commit({ a: '4' });
    expect((await push('HEAD:main')).code).toBe(0);
    await until('the last is told of', async () => ci.heard.some(({ after }) => after === last));
    ci.heard.splice(0);
  }, 180_000);

  it('of what is not signed, or of protected paths, is refused by the signers before it', async () => {
    await commit({ '.towline/allowed_signers': keys.allowed('towline') });
    await push('HEAD:main');
    await configure(
      "  requireSigned: [main]\n  protect: [{ paths: ['.towline/**'], allow: ['nobody@example.org'] }]\n",
    );
    const tip = await git('rev-parse', 'HEAD');
    await commit({ a: '5' });
    const unsigned = await push('HEAD:main');
    expect(unsigned.code).not.toBe(0);
    expect(unsigned.stderr).toMatch(
      /remote: towline: refs\/heads\/main: commit [0-9a-f]+ has no good signature.*\[push\/unsigned\]/,
    );
    // Nor by way of another branch, where nothing need be signed.
    expect((await push('HEAD:aside')).code).toBe(0);
    expect((await push('HEAD:main')).code).not.toBe(0);
    expect((await push(':main')).stderr).toContain('push/deleted');
    await git('reset', '-q', '--hard', tip);
    const signWith = async (name: string): Promise<void> => {
      await git('config', 'gpg.format', 'ssh');
      await git('config', 'user.signingKey', path.join(folder, `${name}.pub`));
      await git('config', 'commit.gpgSign', 'true');
    };
    await signWith('mallory');
    await commit({ '.towline/allowed_signers': keys.allowed('towline', 'mallory') });
    await commit({ a: '6' });
    const own = await push('HEAD:main');
    expect(own.stderr).toContain('push/unsigned');
    expect(own.stderr).toMatch(/allowed_signers: protected, changed by commit/);
    await git('reset', '-q', '--hard', tip);
    await signWith('towline');
    await commit({ a: '7' });
    expect((await push('HEAD:main')).code).toBe(0);
    await commit({ '.towline/keys/x.asc': 'x' });
    expect((await push('HEAD:main')).stderr).toContain(
      'it is signed by towline@example.org [push/protected]',
    );
    await git('reset', '-q', '--hard', 'HEAD~1');
    // A merge that takes the older side undoes nothing of the other.
    await git('config', '--unset', 'commit.gpgSign');
    await configure("  protect: [{ paths: ['.towline/**'], allow: ['nobody@example.org'] }]\n");
    await git('checkout', '-q', '-b', 'old', `${tip}~1`);
    await commit({ b: '1' });
    await git('merge', '-q', '-s', 'ours', '-m', 'undo', 'main');
    expect((await push('HEAD:main')).stderr).toContain('push/protected');
    await git('checkout', '-q', 'main');
    await git('merge', '-q', '-m', 'fair', 'old~1');
    expect((await push('HEAD:main')).code).toBe(0);
  }, 240_000);

  it('that takes too long to check is refused, or accepted, as it is configured', async () => {
    await configure('  timeoutSeconds: 0.001\n');
    await commit({ a: '8' });
    const late = await push('HEAD:main');
    expect(late.code).not.toBe(0);
    expect(late.stderr).toContain('remote: towline: the push could not be checked within 0.001 s');
    await configure('  timeoutSeconds: 0.001\n  onTimeout: accept\n');
    expect(await push('HEAD:main')).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('it is accepted unchecked'),
    });
    await configure();
  }, 60_000);
});

function isRefName(name: string): boolean {
  try {
    execFileSync('git', ['check-ref-format', name]);
    return true;
  } catch {
    return false;
  }
}
