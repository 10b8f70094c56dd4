import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { JsonObject } from '../../src/domain/source/json.js';
import { withServer } from '../servers/index.js';
import { openWorld, type World } from './world.js';

withServer('consul', 'jobs of Chronos, from the manifest to their runs', () => {
  let world: World;

  beforeAll(async () => {
    world = await openWorld();
    await world.write({
      'jobs/extract.yaml':
        'name: extract\ncommand: "true"\nschedule: 30 3 * * *\nscheduleTimeZone: Europe/Berlin\nrunOnDeploy: true\n',
      'jobs/report.yaml': 'name: report\ncommand: "true"\nparents: [extract]\n',
      'jobs/ten.json': JSON.stringify({
        name: 'ten',
        command: 'true',
        schedule: 'R10/2020-01-01T03:00:00Z/P1D',
      }),
      'jobs/long.json': JSON.stringify({
        name: 'long',
        command: 'exec sleep 300',
        schedule: 'R/2099-01-01T03:00:00Z/P1D',
        retries: 0,
      }),
    });
    await world.push('Begin');
  }, 60_000);
  afterAll(() => world?.close(), 60_000);

  const run = async (...args: string[]): Promise<{ code: number; text: string }> => {
    const { code, stdout, stderr } = await world.towline('--log-level', 'warn', ...args);
    return { code, text: stdout + stderr };
  };
  const live = async (name: string): Promise<JsonObject> => {
    const answer = await fetch(`${world.chronosUrl}/v1/scheduler/job/${name}`);
    return (await answer.json()) as JsonObject;
  };
  const plan = async (): Promise<string> => (await run('plan', 'test')).text;

  it('a first deploy says what runs at once, tries what is to be tried, and leaves nothing to do', async () => {
    await run('mirror', '--once');
    expect(await plan()).toContain('is run right away, to see that it works');
    const { code, text } = await run('deploy', '--wait');
    expect({ code, text }).toMatchObject({ code: 0 });
    expect(text).toContain('its smoke run succeeded');
    expect(await live('extract')).toMatchObject({ successCount: 1 });
    expect(String((await live('extract'))['schedule'])).toMatch(/T03:30:00\.000\+0[12]:00\/P1D$/);
    // Not at once, though its start has passed; and none of its ten runs is used up.
    expect(await live('ten')).toMatchObject({
      successCount: 0,
      schedule: expect.stringMatching(/^R10\/20[2-9]/),
    });
    expect(await run('plan', 'test')).toMatchObject({ code: 0 });
  }, 60_000);

  it('an edit is told with what it costs, and costs nothing else', async () => {
    await world.write({
      'jobs/ten.json': JSON.stringify({
        name: 'ten',
        command: 'true',
        schedule: 'R12/2020-01-01T05:00:00Z/P1D',
      }),
    });
    await world.push('Twelve, at five');
    await run('mirror', '--once');
    expect(await plan()).toContain('resets 10 remaining repeats to 12');
    expect(await run('deploy', '--wait')).toMatchObject({ code: 0 });
    expect(String((await live('ten'))['schedule'])).toMatch(/^R12\/20[2-9].*T05:00:00\.000Z\/P1D$/);
  }, 60_000);

  it('a smoke run that fails puts back what was there, and is not tried again as it is', async () => {
    const before = await live('extract');
    await world.write({
      'jobs/extract.yaml':
        'name: extract\ncommand: "false"\nretries: 0\nschedule: 30 3 * * *\nscheduleTimeZone: Europe/Berlin\nrunOnDeploy: true\n',
    });
    await world.push('A mistake');
    const { code, text } = await run('deploy', '--wait');
    expect(code).toBe(3);
    expect(text).toContain('its smoke run failed; what was there before is back');
    expect(await live('extract')).toMatchObject({
      command: 'true',
      schedule: before['schedule'],
      errorCount: 1,
    });
    expect(await run('rollback', 'extract', '--wait')).toMatchObject({ code: 0 });
    expect(await run('plan', 'test')).toMatchObject({ code: 0 });
  }, 90_000);

  it('runs are started and ended by hand, once, and that is on record', async () => {
    expect(await run('trigger', 'report', '--args', 'x', '--wait', '-m', 'late data')).toMatchObject({
      code: 0,
    });
    expect(await live('report')).toMatchObject({ successCount: expect.any(Number) });
    const { stdout } = await world.towline('history', '--output', 'json');
    const subjects = (JSON.parse(stdout) as { entries: { subject: string }[] }[])[0]?.entries ?? [];
    expect(subjects.map(({ subject }) => subject)).toContain('Trigger chronos:report of test');
    expect(await run('trigger', 'long', '--wait')).toMatchObject({ code: 0 });
    expect(await run('kill', 'long', '--wait')).toMatchObject({ code: 0 });
    expect((await run('trigger', 'long', '--args', 'a;b')).text).toContain('";"');
    expect(await run('trigger', 'nobody')).toMatchObject({ code: 1 });
  }, 90_000);

  it('runs are paused and resumed by commits; a pause alone is about what is sent', async () => {
    const { code, text } = await run('pause', 'ten');
    expect(code).toBe(0);
    expect(text).toContain('towline pause chronos:ten --runs');
    await run('resume', 'ten');
    expect(await run('pause', 'ten', '--runs', '--wait')).toMatchObject({ code: 0 });
    expect(await live('ten')).toMatchObject({ disabled: true });
    expect((await run('status', 'test')).text).toMatch(/chronos:ten .*disabled/);
    expect(await run('resume', 'ten', '--runs', '--wait')).toMatchObject({ code: 0 });
    expect(await live('ten')).toMatchObject({ disabled: false, successCount: 0 });
    expect((await run('status', 'test')).text).toMatch(/chronos:ten .*has not run yet; next 20/);
  }, 90_000);

  it('the graph is drawn, and a rename told as what it is', async () => {
    expect((await run('graph')).text).toMatch(/^chronos:extract .*\n└─ chronos:report\n$/);
    expect((await run('graph', 'extract', '--format', 'svg')).text).toMatch(/^<svg [^]*<\/svg>\n$/);
    // What was committed by commands.
    await world.git('pull', '-q', '--ff-only', 'origin', 'main');
    await world.write({
      'jobs/long.json': null,
      'jobs/longer.json': JSON.stringify({
        name: 'longer',
        command: 'exec sleep 300',
        schedule: 'R/2099-01-01T03:00:00Z/P1D',
        retries: 0,
      }),
    });
    await world.push('Rename');
    await run('mirror', '--once');
    expect(await plan()).toContain('is long under another name');
    expect(await run('deploy', '--wait')).toMatchObject({ code: 0 });
    expect(await run('plan', 'test')).toMatchObject({ code: 0 });
  }, 60_000);

  it('a job of somebody else is left alone until it is adopted, and then goes on as it was', async () => {
    const theirs = {
      name: 'theirs',
      command: 'true',
      schedule: 'R/2099-01-01T03:00:00Z/P1D',
      successCount: 9,
    };
    await fetch(`${world.chronosUrl}/v1/scheduler/iso8601`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(theirs),
    });
    const { successCount: _count, ...manifest } = theirs;
    await world.write({ 'jobs/theirs.json': JSON.stringify({ ...manifest, owner: 'me@example.com' }) });
    await world.push('Ours now');
    const held = await run('deploy', '--wait');
    expect(held.code).toBe(3);
    expect(held.text).toContain('adopt');
    expect(await live('theirs')).toMatchObject({ owner: '' });
    expect(await run('deploy', '--once', '--adopt', 'chronos:theirs')).toMatchObject({ code: 0 });
    expect(await live('theirs')).toMatchObject({ owner: 'me@example.com', successCount: 9 });
  }, 60_000);
});
