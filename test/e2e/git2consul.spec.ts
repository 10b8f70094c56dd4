import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { GitSandbox } from '../fakes/git-sandbox.js';
import { Processes, until, type Finished } from '../scenario/processes.js';
import { freePorts, startConsul, withServer, type ConsulServer } from '../servers/index.js';

const program = path.resolve(import.meta.dirname, '../../dist/towline.js');

interface Case {
  title: string;
  files: Record<string, string>;
  options?: object;
  /** Of the repository `cfg`, branch `main`; the key of the ref is left out. */
  keys: Record<string, string>;
}

/** git2consul's options, each with the keys that it makes of them; where it is wrong, the title says what we do. */
const CASES: Case[] = [
  {
    title: 'name and branch stand before the path',
    files: { 'a.txt': 'x\n', 'deep/er/b.json': '{}' },
    keys: { 'cfg/main/a.txt': 'x\n', 'cfg/main/deep/er/b.json': '{}' },
  },
  {
    title: 'values are the bytes of the file, not trimmed',
    files: { 'a.txt': '  lead\n\ttail \n\n', 'empty.txt': '' },
    keys: { 'cfg/main/a.txt': '  lead\n\ttail \n\n', 'cfg/main/empty.txt': '' },
  },
  {
    title: 'include_branch_name: false',
    options: { include_branch_name: false },
    files: { 'a.txt': 'x' },
    keys: { 'cfg/a.txt': 'x' },
  },
  {
    title: 'include_branch_name: anything but true is false',
    options: { include_branch_name: 'yes' },
    files: { 'a.txt': 'x' },
    keys: { 'cfg/a.txt': 'x' },
  },
  {
    title: 'ignore_repo_name',
    options: { ignore_repo_name: true },
    files: { 'a.txt': 'x' },
    keys: { 'main/a.txt': 'x' },
  },
  {
    title: 'mountpoint',
    options: { mountpoint: 'over/there' },
    files: { 'a.txt': 'x' },
    keys: { 'over/there/cfg/main/a.txt': 'x' },
  },
  {
    title: 'source_root, which is a folder and not the beginning of a name',
    options: { source_root: 'conf/' },
    files: { 'conf/a.txt': 'x', 'conf/b/c.txt': 'y', 'config2/zz': 'z', 'top.txt': 't' },
    keys: { 'cfg/main/a.txt': 'x', 'cfg/main/b/c.txt': 'y' },
  },
  {
    title: 'expand_keys: a key for each leaf, names percent-encoded, others as they are',
    options: { expand_keys: true },
    files: {
      'a.json':
        '{"s": "x", "n": 1.50, "t": true, "none": null, "o": {"a b": {"x/y": "z"}}, "l": [1, 2], "e": {}}',
      'b.yml': 'k: v\n',
      'c.properties': 'p.q = r\n',
      'd.txt': '{"not": "expanded"}',
    },
    keys: {
      'cfg/main/a.json/s': 'x',
      'cfg/main/a.json/n': '1.5',
      'cfg/main/a.json/t': 'true',
      'cfg/main/a.json/none': '',
      'cfg/main/a.json/o/a%20b/x%2Fy': 'z',
      'cfg/main/b.yml/k': 'v',
      'cfg/main/c.properties/p.q': 'r',
      'cfg/main/d.txt': '{"not": "expanded"}',
    },
  },
  {
    title: 'expand_keys: a list at the top is numbered; what is no document stands there as it is',
    options: { expand_keys: true },
    files: {
      'l.json': '["x", "y"]',
      'broken.json': '{"a"',
      'two.yml': 'a: 1\n---\nb: 2\n',
      'scalar.json': '"x"',
    },
    keys: {
      'cfg/main/l.json/0': 'x',
      'cfg/main/l.json/1': 'y',
      'cfg/main/broken.json': '{"a"',
      'cfg/main/two.yml': 'a: 1\n---\nb: 2\n',
    },
  },
  {
    title: 'ignore_file_extension',
    options: { expand_keys: true, ignore_file_extension: true },
    files: { 'app.json': '{"a": 1}', 'x.txt': 'x' },
    keys: { 'cfg/main/app/a': '1', 'cfg/main/x.txt': 'x' },
  },
  {
    title: 'ignore_file_extension without expand_keys does nothing',
    options: { ignore_file_extension: true },
    files: { 'app.json': '{"a": 1}' },
    keys: { 'cfg/main/app.json': '{"a": 1}' },
  },
  {
    title: 'common_properties',
    options: { expand_keys: true, common_properties: 'common.properties' },
    files: {
      'common.properties': 'host=db\n',
      'a.properties': 'url=http://${host}/\n',
      'b.properties': 'u=${no}\n',
    },
    keys: {
      'cfg/main/common.properties/host': 'db',
      'cfg/main/a.properties/url': 'http://db/',
      'cfg/main/b.properties': 'u=${no}\n',
    },
  },
  {
    title: 'names that git2consul loses',
    files: { 'ü.txt': '1', 'a b;c@d!e%f?g#+*.txt': '2', 'q"uote.txt': '3', 'back\\slash.txt': '4' },
    keys: {
      'cfg/main/ü.txt': '1',
      'cfg/main/a b;c@d!e%f?g#+*.txt': '2',
      'cfg/main/q"uote.txt': '3',
      'cfg/main/back\\slash.txt': '4',
    },
  },
];

withServer('consul', 'a configuration of git2consul', () => {
  let consul: ConsulServer;
  let sandbox: GitSandbox;
  let processes: Processes;
  beforeAll(async () => {
    consul = await startConsul();
  }, 60_000);
  afterAll(async () => consul?.close(), 60_000);
  beforeEach(() => {
    sandbox = new GitSandbox();
    processes = new Processes({
      PATH: process.env['PATH'] ?? '',
      HOME: sandbox.root,
      NO_COLOR: '1',
      CONSUL_HTTP_ADDR: consul.url,
      TOWLINE_LOG_LEVEL: 'warn',
      TOWLINE_CONSUL_PREFIX: 'own/',
    });
  });
  afterEach(async () => {
    await processes.stopAll();
    await fetch(`${consul.url}/v1/kv/?recurse`, { method: 'DELETE' });
    sandbox.remove();
  });

  const config = (options: object = {}, more: object = {}): string => {
    const file = path.join(sandbox.root, 'git2consul.json');
    const repo = { name: 'cfg', url: sandbox.bare, branches: ['main'], ...options };
    writeFileSync(file, JSON.stringify({ version: '1.0', repos: [repo], ...more }));
    return file;
  };
  const mirror = (file: string, ...args: string[]): Promise<Finished> =>
    processes.run(process.execPath, [program, 'mirror', '--git2consul-config', file, ...args], {
      cwd: sandbox.root,
    });
  const commit = (files: Record<string, string | Buffer | null>): string => {
    sandbox.write(files);
    const id = sandbox.commit();
    sandbox.push('--force', 'origin', 'HEAD:main');
    return id;
  };
  /** Everything but Towline's own keys. */
  async function keys(): Promise<Record<string, string>> {
    const answer = await fetch(`${consul.url}/v1/kv/?recurse`);
    if (answer.status === 404) return {};
    const all = (await answer.json()) as { Key: string; Value: string | null }[];
    return Object.fromEntries(
      all
        .filter(({ Key }) => !Key.startsWith('own/'))
        .map(({ Key, Value }) => [Key, Buffer.from(Value ?? '', 'base64').toString()]),
    );
  }

  it.each(CASES)(
    '$title',
    async ({ files, options, keys: expected }) => {
      const id = commit(files);
      const { code, stderr } = await mirror(config(options));
      expect([code, stderr.replace(/^.*"level":40.*\n/gm, '')]).toEqual([0, '']);
      const found = await keys();
      const refs = Object.entries(found).filter(([key]) => key.endsWith('.ref'));
      expect(refs.map(([, value]) => value)).toEqual([id]);
      expect(refs[0]?.[0]).toBe(
        [
          ...('mountpoint' in (options ?? {}) ? ['over/there'] : []),
          ...('ignore_repo_name' in (options ?? {}) ? [] : ['cfg']),
          'main.ref',
        ].join('/'),
      );
      expect(Object.fromEntries(Object.entries(found).filter(([key]) => !key.endsWith('.ref')))).toEqual(
        expected,
      );
    },
    60_000,
  );

  it('follows edits, deletes, renames and a rewritten history, and takes no neighbour along', async () => {
    const file = config({ expand_keys: true });
    commit({ 'application.yml': 'a: 1\n', 'application-dev.yml': 'a: 2\n', 'x.txt': '1', 'x2.txt': '2' });
    await mirror(file);
    commit({ 'application.yml': 'b: 1\n', 'x.txt': null, 'dir/y.txt': '1' });
    await mirror(file);
    expect(Object.keys(await keys()).sort()).toEqual([
      'cfg/main.ref',
      'cfg/main/application-dev.yml/a',
      'cfg/main/application.yml/b',
      'cfg/main/dir/y.txt',
      'cfg/main/x2.txt',
    ]);
    sandbox.git('checkout', '-q', '--orphan', 'other');
    sandbox.git('rm', '-rfq', '.');
    commit({ 'new.txt': 'n' });
    await mirror(file);
    expect(Object.keys(await keys()).sort()).toEqual(['cfg/main.ref', 'cfg/main/new.txt']);
  }, 60_000);

  it('takes over from git2consul: its keys are kept or put right, its ref is followed, strangers stay', async () => {
    const put = (key: string, value: string): Promise<Response> =>
      fetch(`${consul.url}/v1/kv/${key}`, { method: 'PUT', body: value });
    const id = commit({ 'a.txt': 'x', 'b.txt': ' trimmed ' });
    await put('cfg/main.ref', 'f'.repeat(40));
    await put('cfg/main/a.txt', 'x');
    await put('cfg/main/b.txt', 'trimmed');
    await put('cfg/main/stray.txt', 'left behind');
    expect((await mirror(config())).stdout).toContain('1 foreign keys left alone');
    expect(await keys()).toEqual({
      'cfg/main.ref': id,
      'cfg/main/a.txt': 'x',
      'cfg/main/b.txt': ' trimmed ',
      'cfg/main/stray.txt': 'left behind',
    });
    await put('cfg/main.ref', '');
    await mirror(config());
    expect((await keys())['cfg/main.ref']).toBe(id);
  }, 60_000);

  it('mirrors every branch that is named, and goes on where one is missing', async () => {
    commit({ 'a.txt': 'main' });
    sandbox.git('checkout', '-q', '-b', 'feature/one');
    sandbox.write({ 'a.txt': 'feature' });
    sandbox.commit();
    sandbox.push('origin', 'HEAD:refs/heads/feature/one');
    const { code, stderr } = await mirror(config({ branches: ['gone', 'main', 'feature/one'] }));
    expect([code, stderr]).toEqual([1, expect.stringContaining('has no branch "gone"')]);
    expect(await keys()).toMatchObject({ 'cfg/main/a.txt': 'main', 'cfg/feature/one/a.txt': 'feature' });
  }, 60_000);

  it('stays and follows webhooks on the ports and paths that are configured', async () => {
    commit({ 'a.txt': '1' });
    const [port = 0] = await freePorts(1);
    const file = config({ hooks: [{ type: 'github', port, url: '/gitpoke' }] });
    const daemon = await processes.start(process.execPath, [program, 'mirror', '--git2consul-config', file], {
      cwd: sandbox.root,
      logFile: path.join(sandbox.root, 'log'),
    });
    const value = async (): Promise<string | undefined> => (await keys())['cfg/main/a.txt'];
    await until('it is mirrored at the start', async () => (await value()) === '1');
    commit({ 'a.txt': '2' });
    const poke = (method: string, at: string): Promise<Response> =>
      fetch(`http://127.0.0.1:${port}${at}`, { method, ...(method === 'GET' ? {} : { body: 'whatever' }) });
    expect((await poke('POST', '/elsewhere')).status).toBe(404);
    expect(await (await poke('POST', '/gitpoke')).text()).toBe('ok');
    await until('the push is mirrored', async () => (await value()) === '2');
    commit({ 'a.txt': '3' });
    expect((await poke('GET', '/gitpoke')).status).toBe(200);
    await until('the next one too', async () => (await value()) === '3');
    await daemon.stop();
  }, 60_000);

  it.each([
    [{ branches: [] }, 'branches: there is none'],
    [{ branches: ['main', 'main'] }, 'one is there twice'],
    [{ mountpoint: '/x' }, 'must not begin or end with "/"'],
    [{ hooks: [{ type: 'polling', interval: 0.5 }] }, 'whole minutes'],
    [{ hooks: [{ type: 'svn' }] }, 'there is no "svn"'],
    [{ url: undefined }, 'url: it is missing'],
    [{ branches: ['--upload-pack=x'] }, 'is no branch'],
    [{ source_root: '../..' }, 'source_root'],
  ])('is refused with everything that is wrong: %j', async (options, words) => {
    const { code, stderr } = await mirror(config(options));
    expect([code, stderr]).toEqual([1, expect.stringContaining(words)]);
  });

  it('refuses what git2consul leaves to chance: two branches, or two repositories, that write the same keys', async () => {
    const shared = { include_branch_name: false, branches: ['main', 'other'] };
    expect((await mirror(config(shared))).stderr).toContain('main and other would write the same keys');
    const file = path.join(sandbox.root, 'two.json');
    const repo = {
      url: sandbox.bare,
      branches: ['main'],
      include_branch_name: false,
      ignore_repo_name: true,
    };
    writeFileSync(
      file,
      JSON.stringify({
        repos: [
          { ...repo, name: 'a' },
          { ...repo, name: 'b' },
        ],
      }),
    );
    expect((await mirror(file)).stderr).toContain('its keys "" are those of a-main too');
  });

  it('support_tags: every tag with a message is mirrored beside the branches, moved ones too, none is taken away', async () => {
    const first = commit({ 'a.txt': '1' });
    sandbox.git('tag', '-a', '-m', 'one', 'v/1', first);
    sandbox.git('tag', 'light', first);
    sandbox.push('origin', 'v/1', 'light');
    const file = config({ support_tags: true, mountpoint: 'm' });
    expect((await mirror(file)).code).toBe(0);
    expect(await keys()).toEqual({
      'm/cfg/main/a.txt': '1',
      'm/cfg/main.ref': first,
      'm/cfg/v/1/a.txt': '1',
      'm/cfg/v/1.ref': first,
    });
    const second = commit({ 'a.txt': '2' });
    sandbox.git('tag', '-a', '-m', 'two', 'v/2', second);
    sandbox.push('origin', 'v/2', ':v/1');
    expect((await mirror(file)).code).toBe(0);
    expect(await keys()).toMatchObject({
      'm/cfg/main/a.txt': '2',
      'm/cfg/v/1/a.txt': '1',
      'm/cfg/v/2/a.txt': '2',
      'm/cfg/v/2.ref': second,
    });
  }, 60_000);

  it('expand_keys_diff, said or not: leaves that stay are not written again', async () => {
    for (const options of [{}, { expand_keys_diff: true }]) {
      const file = config({ expand_keys: true, ...options });
      commit({ 'a.json': '{"same": 1, "other": 1, "gone": 1}' });
      await mirror(file);
      const index = async (): Promise<number> => {
        const answer = await fetch(`${consul.url}/v1/kv/cfg/main/a.json/same`);
        return ((await answer.json()) as { ModifyIndex: number }[])[0]?.ModifyIndex ?? 0;
      };
      const before = await index();
      commit({ 'a.json': `{"same": 1, "other": 2, "new": "${JSON.stringify(options).length}"}` });
      await mirror(file);
      expect(await index()).toBe(before);
      expect(Object.keys(await keys())).toEqual([
        'cfg/main.ref',
        'cfg/main/a.json/new',
        'cfg/main/a.json/other',
        'cfg/main/a.json/same',
      ]);
    }
  }, 60_000);

  it('finds Consul by the variables of git2consul, where the usual ones say nothing', async () => {
    commit({ 'a.txt': 'x' });
    const { hostname, port } = new URL(consul.url);
    const elsewhere = await processes.run(
      process.execPath,
      [program, 'mirror', '--git2consul-config', config()],
      {
        cwd: sandbox.root,
        env: { CONSUL_HTTP_ADDR: '', CONSUL_ENDPOINT: hostname, CONSUL_PORT: port },
      },
    );
    expect([elsewhere.code, elsewhere.stderr]).toEqual([0, '']);
    expect(await keys()).toMatchObject({ 'cfg/main/a.txt': 'x' });
  }, 60_000);

  it('no_daemon: one pass, whatever hooks there are', async () => {
    commit({ 'a.txt': 'x' });
    const [port = 0] = await freePorts(1);
    const hooks = [
      { type: 'polling', interval: '1' },
      { type: 'github', port, url: '/x' },
    ];
    expect((await mirror(config({ hooks }, { no_daemon: true }))).code).toBe(0);
    expect(await keys()).toMatchObject({ 'cfg/main/a.txt': 'x' });
  }, 60_000);

  it('local_store is where copies of remotes are; logger says how much is told; max_sockets means nothing', async () => {
    commit({ 'a.txt': 'x' });
    const store = path.join(sandbox.root, 'kept here');
    const file = config(
      { url: `file://${sandbox.bare}` },
      {
        local_store: store,
        max_sockets: 5,
        logger: { name: 'g', streams: [{ level: 'debug', stream: 'process.stdout' }] },
      },
    );
    const { code, stderr } = await mirror(file);
    expect(code).toBe(0);
    expect(readdirSync(store).filter((name) => name.endsWith('.git'))).toHaveLength(1);
    expect(stderr).toContain('note: max_sockets is not used');
    expect(stderr).toContain('note: logger.streams are not used');
    expect(stderr).toContain('"msg":"fetched"');
  }, 60_000);

  it.each([
    ['a key', true],
    ['a file', false],
  ])(
    'halt_on_change: %s that changes ends it with status 0',
    async (_what, inConsul) => {
      commit({ 'a.txt': 'x' });
      const [port = 0] = await freePorts(1);
      const file = config({ hooks: [{ type: 'github', port, url: '/x' }] }, { halt_on_change: true });
      const text = readFileSync(file, 'utf8');
      const write = async (value: string): Promise<void> => {
        if (inConsul) await fetch(`${consul.url}/v1/kv/own/g2c`, { method: 'PUT', body: value });
        else writeFileSync(file, value);
      };
      await write(text);
      const source = inConsul ? 'consul:own/g2c' : file;
      const daemon = await processes.start(
        process.execPath,
        [program, 'mirror', '--git2consul-config', source],
        {
          cwd: sandbox.root,
          logFile: path.join(sandbox.root, 'log'),
        },
      );
      await until('it is mirrored', async () => (await keys())['cfg/main/a.txt'] === 'x');
      await write(text.replace('"/x"', '"/y"'));
      expect(await daemon.exited).toBe(0);
    },
    60_000,
  );

  it('the old way: --git2consul-trim and --git2consul-links', async () => {
    sandbox.link('link.txt', 'deep/real.txt');
    sandbox.link('out.txt', '../outside.txt');
    commit({ 'a.txt': '  x\n\n', 'deep/real.txt': ' y ', 'raw.bin': Buffer.from([0x20, 0xff, 0x20]) });
    const { code } = await mirror(config(), '--git2consul-trim', '--git2consul-links');
    expect(code).toBe(0);
    const found = await keys();
    expect(found).toMatchObject({
      'cfg/main/a.txt': 'x',
      'cfg/main/deep/real.txt': 'y',
      'cfg/main/link.txt': 'y',
      'cfg/main/raw.bin': ' \ufffd ',
    });
    expect(found).not.toHaveProperty(['cfg/main/out.txt']);
  }, 60_000);

  it.each([
    ['github', 'x-hub-signature-256', 'sha256='],
    ['gitea', 'x-gitea-signature', ''],
    ['stash', 'x-hub-signature', 'sha256='],
    ['gitlab', 'x-gitlab-token', undefined],
  ])(
    'a webhook of %s with a secret must prove that it knows it, over the bytes that were sent',
    async (type, header, before) => {
      commit({ 'a.txt': '1' });
      const [port = 0] = await freePorts(1);
      writeFileSync(path.join(sandbox.root, 'secret'), 'of the forge\n');
      const file = config({ hooks: [{ type, port, url: '/poke', secretFile: 'secret' }] });
      const daemon = await processes.start(
        process.execPath,
        [program, 'mirror', '--git2consul-config', file],
        {
          cwd: sandbox.root,
          logFile: path.join(sandbox.root, 'log'),
        },
      );
      const value = async (): Promise<string | undefined> => (await keys())['cfg/main/a.txt'];
      await until('it is mirrored at the start', async () => (await value()) === '1');
      // Its own first write makes it look once more; after that only a webhook does.
      await new Promise((resolve) => setTimeout(resolve, 2000));
      const body = '{ "ref":  "refs/heads/main" }';
      const poke = async (secret: string): Promise<number> => {
        const proof =
          before === undefined ? secret : before + createHmac('sha256', secret).update(body).digest('hex');
        const answer = await fetch(`http://127.0.0.1:${port}/poke`, {
          method: 'POST',
          body,
          headers: { [header]: proof },
        });
        return answer.status;
      };
      commit({ 'a.txt': '2' });
      expect(await poke('of somebody else')).toBe(401);
      // It is not read to its end: the sender may see the refusal, or only that nobody listens any more.
      const large = fetch(`http://127.0.0.1:${port}/poke`, { method: 'POST', body: 'y'.repeat(6_000_000) });
      expect(await large.then(({ status }) => String(status)).catch(() => 'cut off')).toEqual(
        expect.stringMatching(/^(413|cut off)$/),
      );
      expect(await value()).toBe('1');
      expect(await poke('of the forge')).toBe(200);
      await until('the push is mirrored', async () => (await value()) === '2');
      await daemon.stop();
    },
    60_000,
  );

  it('becomes mirrors of towline.yaml that do the same', async () => {
    commit({ 'conf/a.json': '{"x": [1]}', 'conf/b.txt': 'b' });
    const file = config({ source_root: 'conf', expand_keys: true, mountpoint: 'm' });
    await mirror(file);
    const before = await keys();
    const { stdout } = await processes.run(process.execPath, [program, 'mirror', 'import-git2consul', file], {
      cwd: sandbox.root,
    });
    writeFileSync(path.join(sandbox.root, 'towline.yaml'), `version: 1\n${stdout}`);
    const again = await processes.run(process.execPath, [program, 'mirror', '--once'], { cwd: sandbox.root });
    expect([again.code, again.stderr, again.stdout]).toEqual([
      0,
      '',
      expect.stringContaining('KV already holds'),
    ]);
    expect(await keys()).toEqual(before);
  }, 60_000);
});
