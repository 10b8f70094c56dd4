import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { until, type Finished } from '../scenario/processes.js';
import { withServer } from '../servers/index.js';
import { idle, openWorld, type World } from './world.js';

/** README, "Five minutes with your own repository" and "First real use", in the order that it tells them. */
withServer('consul', 'a newcomer with a repository of Marathon JSON files', () => {
  let world: World;
  let folder: string;
  beforeAll(async () => {
    world = await openWorld();
    folder = path.join(world.folder, 'own');
    await mkdir(folder);
    world.processes.env['TOWLINE_REPOSITORY_URL'] = '';
    await git('init', '-q', '-b', 'master');
    await write('marathon/web.json', idle('/shop/web', { cmd: 'exec sleep 1000', instances: 1 }));
    await write('marathon/db.json', idle('/shop/db'));
    await write('package.json', '{"name": "not-a-job", "version": "1.0.0"}');
    await git('add', '-A');
    await git('commit', '-q', '-m', 'What we have');
  }, 60_000);
  afterAll(async () => world?.close(), 60_000);

  const towline = (...args: string[]): Promise<Finished> =>
    world.processes.run(process.execPath, [world.program, ...args], { cwd: folder });
  const git = async (...args: string[]): Promise<void> => {
    const { code, stderr } = await world.processes.run('git', args, { cwd: folder });
    if (code !== 0) throw new Error(stderr);
  };
  const write = async (name: string, text: string): Promise<void> => {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), text);
  };
  const commit = async (name: string, text: string): Promise<void> => {
    await write(name, text);
    await git('add', '-A');
    await git('commit', '-q', '-m', `Change ${name}`);
  };
  const json = async <T>(...args: string[]): Promise<T> => {
    const { stdout, stderr } = await towline(...args, '--output', 'json');
    try {
      return JSON.parse(stdout) as T;
    } catch {
      throw new Error(`towline ${args.join(' ')} printed no JSON: ${stdout}\n${stderr}`);
    }
  };

  it('is told what to do where there is no configuration', async () => {
    expect(await towline('plan')).toMatchObject({ code: 1, stderr: expect.stringContaining('towline init') });
  });

  it('gets a towline.yaml that fits what the repository holds, once', async () => {
    const { code, stdout } = await towline('init');
    expect(code).toBe(0);
    expect(stdout).toContain('production: folder marathon, 2 manifests for marathon');
    const settings = JSON.parse(await readFile(path.join(folder, '.vscode/settings.json'), 'utf8')) as object;
    expect(settings).toMatchObject({
      'json.schemas': [{ fileMatch: ['marathon/**/*.json'], url: './.vscode/towline/manifest.json' }],
    });
    expect(await readFile(path.join(folder, '.vscode/towline/manifest.json'), 'utf8')).toContain(
      '"marathon-app"',
    );
    expect(await readFile(path.join(folder, 'towline.yaml'), 'utf8')).toMatch(
      /branch: "master"\n +folder: "marathon"/,
    );
    expect(await towline('init')).toMatchObject({ code: 1, stderr: expect.stringContaining('--force') });
  });

  it('validates with it as it was written', async () => {
    expect(await towline('validate')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/2 (valid )?jobs/),
    });
    await write(
      'marathon/web.json',
      '{\n  "id": "/shop/web",\n  "cmd": "x",\n  "instnces": 1,\n  "cpus": "many"\n}\n',
    );
    const { code, stdout, stderr } = await towline('validate');
    expect(code).toBe(1);
    expect(stdout + stderr).toMatch(/marathon\/web\.json:4:\d+.*instnces.*instances/s);
    expect(stdout + stderr).toMatch(/marathon\/web\.json:5:\d+.*cpus/s);
    await git('checkout', '-q', '--', 'marathon/web.json');
  });

  it('sees what a deploy would do, with nothing but the address of Marathon', async () => {
    const file = path.join(folder, 'towline.yaml');
    const text = await readFile(file, 'utf8');
    await writeFile(file, text.replace('http://127.0.0.1:8080', world.marathonUrl));
    await git('add', '-A');
    await git('commit', '-q', '-m', 'Towline');
    const { code, stdout } = await towline('plan');
    expect(code).toBe(2);
    expect(stdout).toMatch(/create.*\/shop\/db/);
    expect(stdout).toMatch(/create.*\/shop\/web/);
    const [planned] = await json<{ plan: { changes: { ref: string; action: string }[] } }[]>('plan');
    expect(planned?.plan.changes).toEqual(
      expect.arrayContaining([expect.objectContaining({ ref: 'marathon:/shop/web', action: 'create' })]),
    );
  });

  it('has a job that runs already held until it is adopted, and adopts it without a restart', async () => {
    await fetch(`${world.marathonUrl}/v2/apps`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: await readFile(path.join(folder, 'marathon/db.json'), 'utf8'),
    });
    const held = await towline('plan');
    expect(held.code).toBe(3);
    expect(held.stdout).toMatch(/\/shop\/db.*not owned.*adopt/s);
    expect((await towline('plan', '--adopt')).code).toBe(2);
  });

  it('mirrors and deploys by hand', async () => {
    expect(await towline('mirror', '--once')).toMatchObject({ code: 0 });
    expect((await towline('deploy', '--dry-run', '--adopt')).code).toBe(2);
    expect(await towline('deploy', '--once', '--adopt')).toMatchObject({ code: 0 });
    await until('the app runs', async () => {
      const answer = await fetch(`${world.marathonUrl}/v2/apps/shop/web`);
      return ((await answer.json()) as { app: { tasksRunning: number } }).app.tasksRunning === 1;
    });
    expect(await towline('plan')).toMatchObject({ code: 0 });
  });

  it('asks how things stand, what was done and why something runs', async () => {
    const status = await towline('status');
    expect([status.code, status.stdout]).toEqual([0, expect.stringMatching(/applied +marathon:\/shop\/web/)]);
    const history = await towline('history');
    expect(history.stdout).toMatch(/applied create marathon:\/shop\/web/);
    const why = await towline('why', '/shop/web');
    expect(why.stdout).toMatch(/on record as +[0-9a-f]{40}/);
    expect(why.stdout).toContain('What we have');
    const tasks = (await (await fetch(`${world.marathonUrl}/v2/apps/shop/web/tasks`)).json()) as {
      tasks: { id: string }[];
    };
    const task = tasks.tasks[0]?.id ?? '';
    expect((await towline('why', task)).stdout).toContain(task);
    expect(await towline('why', '/no/such')).toMatchObject({ code: 1 });
    expect(await json<object[]>('history')).not.toHaveLength(0);
    expect(await json<object>('status')).toBeDefined();
    expect(await json<object>('why', '/shop/web')).toBeDefined();
  });

  it('announces a release and promotes it by hand', async () => {
    await commit(
      'marathon/web.json',
      idle('/shop/web', { instances: 1, container: { type: 'DOCKER', docker: { image: 'shop/web:1.0.0' } } }),
    );
    expect(
      await towline(
        'release',
        'shop/web:1.1.0',
        '--source-commit',
        'c0ffee',
        '--build-url',
        'https://ci.example/8',
      ),
    ).toMatchObject({ code: 0 });
    expect(await towline('release', 'shop/web')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('NAME:TAG'),
    });
    expect((await towline('promote', 'shop/web:1.1.0', '--dry-run')).code).toBe(2);
    // The branch is checked out here: what somebody is changing is not touched, and nothing is committed behind it.
    await write('notes.txt', 'mine');
    await git('add', 'notes.txt');
    expect(await towline('promote', 'shop/web:1.1.0')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('something is changed'),
    });
    await git('rm', '-q', '-f', 'notes.txt');
    expect(await towline('promote', 'shop/web:1.1.0')).toMatchObject({ code: 0 });
    expect(await readFile(path.join(folder, 'marathon/web.json'), 'utf8')).toContain('shop/web:1.1.0');
  });

  it('changes the number of instances by a commit, which is in the work tree as well', async () => {
    expect(await towline('scale', '/shop/web', '2')).toMatchObject({ code: 0 });
    expect(await readFile(path.join(folder, 'marathon/web.json'), 'utf8')).toContain('"instances": 2');
    await git('diff', '--quiet', 'HEAD');
    expect((await towline('plan')).stdout).toMatch(/instances: 1 -> 2/);
  });

  describe('the command', () => {
    it('is found out about by --help, of every command as well', async () => {
      const { code, stdout } = await towline('--help');
      expect(code).toBe(0);
      const commands = [...stdout.matchAll(/^ {2}([a-z]+)(?: |$)/gm)].map((m) => m[1] ?? '');
      for (const name of ['init', 'validate', 'plan', 'mirror', 'deploy', 'handle', 'release', 'promote'])
        expect(commands).toContain(name);
      for (const name of ['run', 'status', 'history', 'why', 'hook', 'sandbox'])
        expect(commands).toContain(name);
      for (const name of commands) expect((await towline(name, '--help')).code).toBe(0);
    }, 60_000);

    it('says what it does not know, and ends with 1', async () => {
      expect(await towline('depoly')).toMatchObject({ code: 1, stderr: expect.stringContaining('deploy') });
      expect(await towline('plan', 'nowhere')).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('production'),
      });
      expect((await towline('plan', '--no-such-flag')).code).toBe(1);
    });

    it('says which server does not answer, and where that is configured', async () => {
      world.processes.env['TOWLINE_ENVIRONMENT_PRODUCTION_MARATHON_URL'] = 'http://127.0.0.1:1';
      const { code, stderr, stdout } = await towline('plan');
      delete world.processes.env['TOWLINE_ENVIRONMENT_PRODUCTION_MARATHON_URL'];
      expect(code).toBe(1);
      expect(stdout + stderr).toMatch(/127\.0\.0\.1:1.*does not answer/s);
    });
  });
});
