import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import path from 'node:path';
import { withServer } from '../servers/index.js';
import type { Running } from '../scenario/processes.js';
import { idle, openWorld, type World } from './world.js';

interface Entry {
  subject: string;
  phase: string;
  by: string;
}

withServer('consul', 'what people order and change', () => {
  let world: World;
  let daemon: Running | undefined;

  beforeAll(async () => {
    world = await openWorld();
    await world.write({
      'jobs/web.yaml':
        '# The shop\nid: /shop/web\ncmd: exec sleep 1000\ncpus: 0.01\nmem: 16\nportDefinitions: []\n',
      'jobs/api.json': idle('/shop/api', { instances: 1 }),
      'jobs/nightly.yaml':
        'name: nightly\ncommand: "true"\nschedule: R/2030-03-30T03:30:00Z/P1D\nscheduleTimeZone: Europe/Berlin\n',
      'jobs/after.yaml': 'name: after\ncommand: "true"\nparents: [nightly]\n',
    });
    await world.push('Begin');
  }, 60_000);
  afterAll(() => world?.close(), 60_000);
  afterEach(async () => {
    await daemon?.stop();
    daemon = undefined;
  });

  const run = async (...args: string[]): Promise<{ code: number; text: string }> => {
    const { code, stdout, stderr } = await world.towline('--log-level', 'warn', ...args);
    return { code, text: stdout + stderr };
  };
  const app = async (id: string): Promise<{ instances: number; tasks: { id: string }[]; cmd: string }> => {
    const answer = await fetch(`${world.marathonUrl}/v2/apps${id}?embed=app.tasks`);
    return ((await answer.json()) as { app: Awaited<ReturnType<typeof app>> }).app;
  };
  const tasks = async (id: string): Promise<string[]> => (await app(id)).tasks.map((task) => task.id).sort();
  const history = async (): Promise<Entry[]> => {
    const { stdout } = await world.towline('history', '--output', 'json');
    return (JSON.parse(stdout) as { entries: Entry[] }[])[0]?.entries ?? [];
  };
  const file = async (name: string): Promise<string> => {
    await world.git('pull', '-q', '--ff-only', 'origin', 'main');
    return world.git('show', `HEAD:${name}`);
  };

  it('deploy --wait mirrors and deploys what was pushed, and says how it went', async () => {
    const { code, text } = await run('deploy', '--wait');
    expect({ code, text }).toMatchObject({ code: 0 });
    expect(text).toMatch(/applied create marathon:\/shop\/web/);
    expect(text).toMatch(/marathon:\/shop\/web {2}1 of 1 running/);
    expect((await app('/shop/web')).instances).toBe(1);
    expect(await run('deploy', '--wait', '--once')).toMatchObject({ code: 1 });
  }, 60_000);

  it('next tells when a job runs, in its own zone, and after what', async () => {
    const { stdout } = await world.towline('next', 'nightly', '-n', '3', '--output', 'json');
    expect(JSON.parse(stdout)).toMatchObject([
      {
        ref: 'chronos:nightly',
        live: true,
        runs: ['2030-03-30T03:30:00+01:00', '2030-03-31T03:30:00+02:00', '2030-04-01T03:30:00+02:00'],
      },
    ]);
    expect((await run('next', 'after')).text).toContain('runs after chronos:nightly');
    expect((await run('next', '/shop/web')).text).toContain('does not run by the clock');
    expect(await run('next', 'none')).toMatchObject({ code: 1 });
    const { stdout: exported } = await world.towline('export', 'test', 'after');
    expect(exported).toContain('parents:\n  - nightly\n');
  }, 60_000);

  it('scale and set image are commits', async () => {
    expect(await run('scale', '/shop/web', '2', '--reason', 'Friday', '--wait')).toMatchObject({ code: 0 });
    expect(await file('jobs/web.yaml')).toBe(
      '# The shop\nid: /shop/web\ninstances: 2\ncmd: exec sleep 1000\ncpus: 0.01\nmem: 16\nportDefinitions: []',
    );
    expect(await tasks('/shop/web')).toHaveLength(2);
    expect(await world.git('log', '-1', '--format=%s|%(trailers:key=Towline-By,valueonly)')).toBe(
      'Scale marathon:/shop/web to 2|Ann',
    );
    expect((await run('scale', 'shop/web', '2')).text).toContain('Git states it already');
    expect(await run('scale', '/shop/none', '2')).toMatchObject({ code: 1 });
    expect(await run('scale', '/shop/web', '-1')).toMatchObject({ code: 1 });
    const none = await run('set', 'image', '/shop/web', 'shop/web:2');
    expect(none).toMatchObject({ code: 1 });
    expect(none.text).toContain('names no image');
  }, 60_000);

  it('rollback commits what the environment was before, and that runs then', async () => {
    const { code, text } = await run('rollback', '--wait', '-m', 'too many');
    expect({ code, text }).toMatchObject({ code: 0 });
    expect(await file('jobs/web.yaml')).not.toContain('instances');
    expect(await tasks('/shop/web')).toHaveLength(1);
    expect(await world.git('log', '-1', '--format=%b')).toContain('Towline-Command: rollback');
    const [one, two] = await Promise.all([run('rollback', '/shop/api', '--dry-run'), run('rollback', 'no')]);
    expect(one).toMatchObject({ code: 3 });
    expect(one.text).toContain('that ended well and is another one');
    expect(two).toMatchObject({ code: 1 });
  }, 60_000);

  it('restart replaces all tasks, once, and is on record', async () => {
    const before = await tasks('/shop/api');
    expect(await run('restart', 'shop/api', '--wait', '--reason', 'a leak')).toMatchObject({ code: 0 });
    const after = await tasks('/shop/api');
    expect(after).toHaveLength(1);
    expect(after).not.toEqual(before);
    expect(await run('deploy', '--wait')).toMatchObject({ code: 0 });
    expect(await tasks('/shop/api')).toEqual(after);
    const [end, order] = await history();
    expect(order).toMatchObject({ phase: 'order', subject: 'Restart marathon:/shop/api of test', by: 'Ann' });
    expect(end).toMatchObject({ phase: 'outcome' });
    expect(
      await world.git('--git-dir', world.bare, 'log', '-1', '--skip=2', '--format=%B', 'ledger/test'),
    ).toContain('a leak');
  }, 60_000);

  it('a daemon obeys at once, is waited for, and leaves alone what is paused', async () => {
    daemon = await world.processes.start(
      process.execPath,
      [world.program, '--config', world.configFile, 'run', '--no-server'],
      { cwd: world.work, logFile: path.join(world.folder, 'daemon.log') },
    );
    const before = await tasks('/shop/api');
    expect(await run('restart', '/shop/api', '--wait')).toMatchObject({ code: 0 });
    expect(await tasks('/shop/api')).not.toEqual(before);
    expect(await run('pause', '/shop/web', '-m', 'hands off')).toMatchObject({ code: 0 });
    expect((await run('status')).text).toMatch(/paused +marathon:\/shop\/web by Ann .*: hands off/);
    const held = await run('scale', '/shop/web', '3', '--wait');
    expect(held).toMatchObject({ code: 3 });
    expect(held.text).toContain('marathon:/shop/web is paused by Ann');
    expect(await tasks('/shop/web')).toHaveLength(1);
    expect(await run('resume', '/shop/web', '--wait')).toMatchObject({ code: 0 });
    expect(await tasks('/shop/web')).toHaveLength(3);
  }, 90_000);

  it('what failed is tried again when a person says so', async () => {
    await world.git('pull', '-q', '--ff-only', 'origin', 'main');
    await world.write({
      'jobs/api.json': idle('/shop/api', {
        instances: 1,
        cmd: `test -e ${world.folder}/ok && exec sleep 1000`,
      }),
    });
    await world.push('Needs a file');
    const failed = await run('deploy', '--wait');
    expect(failed).toMatchObject({ code: 3 });
    expect(failed.text).toMatch(/rolled-back update marathon:\/shop\/api/);
    expect((await run('deploy', '--wait')).text).toContain('failed before and has not changed since');
    await world.processes.run('touch', [`${world.folder}/ok`]);
    expect(await run('retry', '/shop/api', '--wait')).toMatchObject({ code: 0 });
    expect((await app('/shop/api')).cmd).toContain('test -e');
    expect((await run('retry')).text).toContain('has not failed');
  }, 90_000);
});
