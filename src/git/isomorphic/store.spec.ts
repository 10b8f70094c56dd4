import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { startGitHttp, type GitHttp } from '../../../test/fakes/git-http.js';
import { GitSandbox } from '../../../test/fakes/git-sandbox.js';
import type { Revision } from '../../domain/source/revision.js';
import { PLAIN_ACCESS, type RemoteAccess } from '../remote-access.js';
import { storeWithoutGit } from './store.js';

const signal = AbortSignal.timeout(60_000);
let sandbox: GitSandbox;
let revision: Revision;
let closers: (() => Promise<unknown>)[] = [];

beforeEach(() => {
  sandbox = new GitSandbox();
  sandbox.write({ 'jobs/a.json': '{"id":"/a"}' });
  sandbox.commit('First');
  sandbox.write({ 'jobs/a.json': '{"id":"/b"}' });
  revision = sandbox.commit('Second') as Revision;
  sandbox.push();
});
afterEach(async () => {
  for (const close of closers) await close();
  closers = [];
  sandbox.remove();
});

const open = (location: string, access: Partial<RemoteAccess> = {}) =>
  storeWithoutGit({
    location,
    storeDir: path.join(sandbox.root, 'store'),
    access: { ...PLAIN_ACCESS, ...access },
  });
async function serve(): Promise<GitHttp> {
  const server = await startGitHttp(sandbox, 'secret');
  closers.push(() => server.close());
  return server;
}
async function listening(server: http.Server | net.Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(async () => {
    if (server instanceof http.Server) server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`;
}

describe('a work tree on a machine without git', () => {
  it('is read from any folder in it', async () => {
    const store = open(path.join(sandbox.work, 'jobs'));
    expect(await store.resolve('HEAD', { signal })).toBe(revision);
    expect(Buffer.from((await store.readFile(revision, 'jobs/a.json', { signal })) ?? []).toString()).toBe(
      '{"id":"/b"}',
    );
    const bytes = await store.commitBytes(revision, { signal });
    expect(Buffer.from(bytes ?? []).toString()).toBe(`${sandbox.git('cat-file', 'commit', revision)}\n`);
    expect(await store.commitBytes('0'.repeat(40) as Revision, { signal })).toBeUndefined();
  });

  it('may be a checkout without its history, as CI makes it', async () => {
    const shallow = path.join(sandbox.root, 'shallow');
    execFileSync('git', ['clone', '-q', '--depth=1', `file://${sandbox.bare}`, shallow]);
    const store = open(shallow);
    const log = await store.log(revision, { signal, limit: 10 });
    expect(log).toMatchObject([{ subject: 'Second', parents: [] }]);
    expect(await store.resolveExpression('HEAD~1', { signal })).toBeUndefined();
    expect(await open(sandbox.work).resolveExpression('HEAD~1', { signal })).toBe(
      sandbox.git('rev-parse', 'HEAD~1'),
    );
  });

  it('is not written to, and says that git is missing', async () => {
    const store = open(sandbox.bare);
    const commit = {
      parents: [],
      files: new Map(),
      message: 'x',
      author: { name: 'A', email: 'a@b' },
      at: 0,
    };
    const publishing = { signal, expected: undefined, runHooks: false };
    for (const written of [
      store.writeCommit(commit, { signal }),
      store.publish('x', revision, publishing),
      store.append('x', commit, publishing),
    ])
      await expect(written).rejects.toMatchObject({ code: 'git-missing' });
  });

  it.each(['git@example.org:jobs.git', 'ssh://git@example.org/jobs.git', 'file:///srv/jobs.git'])(
    'does not pretend to reach %s',
    (location) => {
      expect(() => open(location)).toThrow(expect.objectContaining({ code: 'git-missing' }));
    },
  );

  it('is missed where there is none', async () => {
    await expect(open('/').resolve('main', { signal })).rejects.toMatchObject({ code: 'git-remote-away' });
  });
});

describe('a remote over HTTP on a machine without git', () => {
  it.each([true, false])('is copied with a token, shallow: %s', async (shallow) => {
    const { url, asked } = await serve();
    sandbox.push('origin', 'HEAD:old');
    const store = open(`${url}/jobs.git`, { user: 'ann', token: 'secret', shallow });
    await store.fetch({ signal });
    expect(await store.resolve('main', { signal })).toBe(revision);
    expect(await store.log(revision, { signal, limit: 10 })).toHaveLength(shallow ? 1 : 2);
    sandbox.git('checkout', '-q', '-b', 'side');
    sandbox.write({ 'jobs/a.json': 'new' });
    const side = sandbox.commit('Third');
    sandbox.push('origin', 'side', ':old');
    await Promise.all([store.fetch({ signal }), store.fetch({ signal })]);
    expect(await store.resolve('side', { signal })).toBe(side);
    expect(await store.resolve('old', { signal })).toBeUndefined();
    expect((await store.refs({ signal })).map(({ ref, id }) => `${ref} ${id}`)).toEqual([
      `refs/heads/main ${revision}`,
      `refs/heads/side ${side}`,
    ]);
    expect(asked).not.toEqual([]);
  });

  it('is refused without the right token, and the token is in no message', async () => {
    const { url } = await serve();
    for (const token of ['another-token', undefined]) {
      const store = open(`${url}/jobs.git`, { user: 'ann', ...(token === undefined ? {} : { token }) });
      const error: unknown = await store.fetch({ signal }).catch((each: unknown) => each);
      expect(error).toMatchObject({ code: 'git-denied', kind: 'refused' });
      expect(String((error as Error).message)).not.toContain('another-token');
    }
  });

  it('is not followed to another server, which would get the token', async () => {
    const other = await serve();
    const server = http.createServer((request, response) =>
      response.writeHead(302, { location: `${other.url}${request.url}` }).end(),
    );
    const store = open(`${await listening(server)}/jobs.git`, { user: 'ann', token: 'secret' });
    await expect(store.fetch({ signal })).rejects.toMatchObject({ code: 'git-remote-away' });
    expect(other.asked).toEqual([]);
  });

  it('is given up where it is no repository, answers nonsense or nothing', async () => {
    const { url } = await serve();
    const access = { user: 'ann', token: 'secret' };
    await expect(open(`${url}/no.git`, access).fetch({ signal })).rejects.toMatchObject({
      kind: 'unavailable',
    });
    const page = http.createServer((_, response) => response.end('<html>Sign in</html>'));
    await expect(open(`${await listening(page)}/jobs.git`).fetch({ signal })).rejects.toMatchObject({
      kind: 'unavailable',
    });
    const silent = net.createServer((socket) => socket.on('error', () => undefined).resume());
    const address = await listening(silent);
    await expect(open(`${address}/jobs.git`, { timeoutMs: 500 }).fetch({ signal })).rejects.toMatchObject({
      kind: 'unavailable',
    });
    const stop = new AbortController();
    const stopped = open(`${address}/jobs.git`).fetch({ signal: stop.signal });
    stop.abort(new DOMException('stopped', 'AbortError'));
    await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
  });
});
