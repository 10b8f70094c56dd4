import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { gitStore } from '../../src/git/index.js';
import { PLAIN_ACCESS, type RemoteAccess } from '../../src/git/remote-access.js';
import type { Revision } from '../../src/domain/source/revision.js';
import { silentLog } from '../../src/runtime/log.js';
import { GitSandbox } from '../fakes/git-sandbox.js';
import { until } from '../scenario/processes.js';
import { startGitHttp } from '../fakes/git-http.js';

const signal = new AbortController().signal;
let sandbox: GitSandbox;
const closers: (() => Promise<void> | void)[] = [];
beforeEach(() => {
  sandbox = new GitSandbox();
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  sandbox.remove();
});

function open(location: string, access: Partial<RemoteAccess> = {}) {
  const store = gitStore({
    location,
    storeDir: path.join(sandbox.root, 'store'),
    author: { name: 'Towline', email: 'towline@localhost' },
    access: { ...PLAIN_ACCESS, ...access },
    log: silentLog(),
  });
  closers.push(() => store.close());
  return store;
}

function sizeOf(folder: string): number {
  if (!existsSync(folder)) return 0;
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(path.join(entry.parentPath, entry.name)).size, 0);
}

describe('a copy without history', () => {
  const shallow = () => open(`file://${sandbox.bare}`, { shallow: true });

  it('costs the tip of one branch, however long the history and however many the branches are', async () => {
    for (let at = 0; at < 30; at++) {
      sandbox.write({ 'big.bin': randomBytes(200_000), 'jobs/a.json': `${at}` });
      sandbox.commit(`Commit ${at}`);
    }
    sandbox.push();
    for (let at = 0; at < 5; at++) {
      sandbox.git('checkout', '-q', '-b', `other-${at}`);
      sandbox.write({ 'big.bin': randomBytes(200_000) });
      sandbox.commit();
      sandbox.push('origin', `other-${at}`);
    }
    const store = shallow();
    await store.fetch({ signal, name: 'main' });
    const main = (await store.resolve('main', { signal })) as Revision;
    expect((await store.readTree(main, 'jobs', { signal })).entries).toHaveLength(1);
    expect(await store.resolve('other-1', { signal })).toBeUndefined();
    expect((await store.refs({ signal })).map(({ name }) => name)).toContain('other-1');
    expect(sizeOf(path.join(sandbox.root, 'store'))).toBeLessThan(500_000);
    expect(sizeOf(sandbox.bare)).toBeGreaterThan(6_000_000);
  });

  it('follows pushes, forced pushes, moved tags, and names that go', async () => {
    const store = shallow();
    const commit = (text: string): string => {
      sandbox.write({ 'jobs/a.json': text });
      return sandbox.commit(text);
    };
    const seen = async (name: string): Promise<unknown> => {
      await store.fetch({ signal, name });
      return store.resolve(name, { signal });
    };
    const first = commit('1');
    sandbox.push();
    expect(await seen('main')).toBe(first);
    const second = commit('2');
    sandbox.push();
    expect(await seen('main')).toBe(second);
    expect(await store.diff(first as Revision, second as Revision, 'jobs', { signal })).toHaveLength(1);
    sandbox.git('checkout', '-q', '--orphan', 'new');
    const third = commit('3');
    sandbox.push('-f', 'origin', 'HEAD:main', 'HEAD:side');
    expect(await seen('main')).toBe(third);
    sandbox.git('tag', '-a', '-m', 'one', 'v1', first);
    sandbox.push('origin', 'v1');
    expect(await seen('v1')).toBe(first);
    sandbox.git('tag', '-f', '-a', '-m', 'two', 'v1', third);
    sandbox.push('-f', 'origin', 'v1');
    expect(await seen('v1')).toBe(third);
    expect(await seen('side')).toBe(third);
    sandbox.push('origin', ':side', ':v1');
    expect(await seen('side')).toBeUndefined();
    expect(await seen('v1')).toBeUndefined();
    expect(await seen('main')).toBe(third);
  });

  it('lets many ask at once, and answers each with what was there when it asked', async () => {
    const names = ['main', 'a', 'b', 'c', 'd'];
    const store = shallow();
    for (let round = 0; round < 4; round++) {
      sandbox.write({ 'jobs/a.json': String(round) });
      const tip = sandbox.commit(String(round));
      for (const name of names) sandbox.push('-f', 'origin', `HEAD:${name}`);
      const seen = await Promise.all(
        [...names, ...names, ...names].map(async (name) => {
          await store.fetch({ signal, name });
          return store.resolve(name, { signal });
        }),
      );
      expect(new Set(seen)).toEqual(new Set([tip]));
    }
  });

  it('is packed anew now and then, so that years of pushes do not fill the disk', async () => {
    const store = shallow();
    const [copy] = [path.join(sandbox.root, 'store')];
    const packs = (): number =>
      readdirSync(copy, { recursive: true }).filter((name) => String(name).endsWith('.pack')).length;
    // More than a hundred objects come as a pack and not as loose ones.
    for (let at = 0; at < 40; at++) {
      sandbox.write(
        Object.fromEntries(Array.from({ length: 110 }, (_, n) => [`jobs/${n}.json`, `${at}-${n}`])),
      );
      sandbox.commit(String(at));
      sandbox.push();
      await store.fetch({ signal, name: 'main' });
    }
    await until('the copy is packed', async () => packs() < 25, { limitMs: 20_000 });
    const main = (await store.resolve('main', { signal })) as Revision;
    expect((await store.readTree(main, 'jobs', { signal })).entries).toHaveLength(110);
  });
});

describe('a remote over HTTP', () => {
  async function serve(password: string): Promise<{ url: string; asked: string[] }> {
    const server = await startGitHttp(sandbox, password);
    closers.push(() => server.close());
    return server;
  }

  async function listening(server: http.Server | net.Server): Promise<string> {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    closers.push(() => {
      if (server instanceof http.Server) server.closeAllConnections();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    });
    return `http://127.0.0.1:${(server.address() as net.AddressInfo).port}`;
  }

  it.each([true, false])('is read with a token, shallow: %s', async (shallow) => {
    sandbox.write({ 'jobs/a.json': '{}' });
    const tip = sandbox.commit();
    sandbox.push();
    const { url } = await serve('secret-token');
    const store = open(`${url}/jobs.git`, { user: 'ann', token: 'secret-token', shallow });
    await store.fetch({ signal, name: 'main' });
    expect(await store.resolve('main', { signal })).toBe(tip);
  });

  it('is refused without one, and says what is missing without saying the token', async () => {
    sandbox.write({ 'jobs/a.json': '{}' });
    sandbox.commit();
    sandbox.push();
    const { url } = await serve('secret-token');
    const failed = await open(`${url}/jobs.git`, { user: 'ann', token: 'another-token' })
      .fetch({ signal })
      .catch((error: unknown) => error);
    expect(failed).toMatchObject({ kind: 'refused', code: 'git-denied' });
    expect(String((failed as Error).message)).not.toContain('another-token');
  });

  it('does not hand its token to another server that it is sent to', async () => {
    const { url: other, asked } = await serve('secret-token');
    const server = http.createServer((request, response) =>
      response.writeHead(302, { location: `${other}${request.url}` }).end(),
    );
    const url = await listening(server);
    await open(`${url}/jobs.git`, { user: 'ann', token: 'secret-token' })
      .fetch({ signal })
      .catch(() => undefined);
    expect(asked.length).toBeGreaterThan(0);
    expect(asked.filter((authorization) => authorization !== '')).toEqual([]);
  });

  it('that accepts and never answers is given up after its own time, and keeps nobody else waiting', async () => {
    const url = await listening(net.createServer((socket) => socket.on('error', () => undefined).resume()));
    sandbox.write({ 'jobs/a.json': '{}' });
    const tip = sandbox.commit();
    sandbox.push();
    const slow = open(`${url}/jobs.git`, { timeoutMs: 1500 })
      .fetch({ signal })
      .catch((error: unknown) => error);
    let given = false;
    void slow.then(() => (given = true));
    const quick = open(`file://${sandbox.bare}`);
    await quick.fetch({ signal });
    expect(await quick.resolve('main', { signal })).toBe(tip);
    expect(given).toBe(false);
    expect(await slow).toMatchObject({ kind: 'unavailable' });
  });
});

describe('a repository that several ask for', () => {
  it('is opened for all of them, also when the first gives up', async () => {
    sandbox.write({ 'jobs/a.json': '{}' });
    const tip = sandbox.commit();
    sandbox.push();
    const store = open(`file://${sandbox.bare}`, { shallow: true });
    const first = new AbortController();
    const given = store.fetch({ signal: first.signal, name: 'main' }).catch((error: unknown) => error);
    const others = [store.fetch({ signal, name: 'main' }), store.fetch({ signal, name: 'main' })];
    first.abort(new DOMException('not any more', 'AbortError'));
    expect(await given).toMatchObject({ name: 'AbortError', message: 'not any more' });
    await Promise.all(others);
    expect(await store.resolve('main', { signal })).toBe(tip);
  });
});

describe('a remote over SSH', () => {
  it("that is not the one of the known hosts, or refuses the key, is a matter of rights, in ssh's own words", async () => {
    const bin = path.join(sandbox.root, 'bin');
    mkdirSync(bin);
    const before = process.env['PATH'];
    process.env['PATH'] = `${bin}:${before ?? ''}`;
    try {
      for (const words of ['Host key verification failed.', 'git@host: Permission denied (publickey).']) {
        writeFileSync(path.join(bin, 'ssh'), `#!/bin/sh\necho '${words}' >&2\nexit 255\n`);
        chmodSync(path.join(bin, 'ssh'), 0o755);
        const failed = open('ssh://git@git.example/x.git').fetch({ signal });
        await expect(failed).rejects.toMatchObject({
          kind: 'refused',
          message: expect.stringContaining(words),
        });
      }
    } finally {
      process.env['PATH'] = before;
    }
  });

  it('is reached with its own key and its own known hosts alone, whatever their paths hold', async () => {
    const folder = path.join(sandbox.root, "it's a $(folder) of \\ keys");
    const bin = path.join(sandbox.root, 'bin');
    mkdirSync(folder);
    mkdirSync(bin);
    // Stands in for ssh: notes what it is told, and runs on this machine what it should run over there.
    writeFileSync(
      path.join(bin, 'ssh'),
      `#!/bin/sh\nprintf '%s\\n' "$@" > ${sandbox.root}/asked\nfor last; do :; done\nexec sh -c "$last"\n`,
    );
    chmodSync(path.join(bin, 'ssh'), 0o755);
    sandbox.write({ 'jobs/a.json': '{}' });
    const tip = sandbox.commit();
    sandbox.push();
    const before = process.env['PATH'];
    process.env['PATH'] = `${bin}:${before ?? ''}`;
    try {
      const store = open(`ssh://git@git.example${sandbox.bare}`, {
        sshKeyFile: path.join(folder, 'id'),
        knownHostsFile: path.join(folder, 'known_hosts'),
      });
      await store.fetch({ signal });
      expect(await store.resolve('main', { signal })).toBe(tip);
    } finally {
      process.env['PATH'] = before;
    }
    const asked = readFileSync(path.join(sandbox.root, 'asked'), 'utf8').split('\n');
    expect(asked).toEqual(
      expect.arrayContaining([
        '-i',
        path.join(folder, 'id'),
        'IdentitiesOnly=yes',
        'StrictHostKeyChecking=yes',
        'BatchMode=yes',
        `UserKnownHostsFile="${path.join(folder, 'known_hosts')}"`,
        'git@git.example',
      ]),
    );
  });
});
