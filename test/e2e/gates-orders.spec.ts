import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { withServer } from '../servers/index.js';
import { idle, openWorld, type World } from './world.js';

interface Entry {
  subject: string;
  phase: string;
  by: string;
}

withServer('consul', 'what people order gates', () => {
  let world: World;

  const web = (tag: string, more: object = {}): string =>
    idle('/shop/web', { container: { type: 'DOCKER', docker: { image: `shop/web:${tag}` } }, ...more });

  beforeAll(async () => {
    world = await openWorld();
    await world.write({ 'jobs/web.json': web('1.0.0'), 'jobs/api.json': idle('/shop/api') });
    await world.push('Begin');
  }, 60_000);
  afterAll(() => world?.close(), 60_000);

  const run = async (...args: string[]): Promise<{ code: number; text: string }> => {
    const { code, stdout, stderr } = await world.towline('--log-level', 'warn', ...args);
    return { code, text: stdout + stderr };
  };
  const json = async <T>(...args: string[]): Promise<T> => {
    const { stdout } = await world.towline(...args, '--output', 'json');
    return JSON.parse(stdout) as T;
  };
  const history = async (): Promise<Entry[]> =>
    (await json<{ entries: Entry[] }[]>('history'))[0]?.entries ?? [];
  const file = async (name: string): Promise<string> => {
    await world.git('pull', '-q', '--ff-only', 'origin', 'main');
    return world.git('show', `HEAD:${name}`);
  };
  const imageOf = async (id: string): Promise<string | undefined> => {
    const answer = await fetch(`${world.marathonUrl}/v2/apps${id}`);
    const { app } = (await answer.json()) as { app?: { container?: { docker?: { image?: string } } } };
    return app?.container?.docker?.image;
  };
  const ledgerBody = (skip = 0): Promise<string> =>
    world.git('--git-dir', world.bare, 'log', '-1', `--skip=${skip}`, '--format=%B', 'ledger/test');

  it('approve puts on record the plan that is, also before the first deploy, and no other', async () => {
    expect(await run('approve', '1a2b3c4d5e6f')).toMatchObject({ code: 1 });
    expect(await run('mirror', '--once')).toMatchObject({ code: 0 });
    const [planned] = await json<{ plan: { id: string; digest: string } }[]>('deploy', '--dry-run');
    const { id = '', digest = '' } = planned?.plan ?? {};
    expect(id).toMatch(/^[0-9a-f]{12}$/);
    const other = await run('approve', '0'.repeat(12));
    expect(other).toMatchObject({ code: 1 });
    expect(other.text).toContain(`the plan of test is ${id} now`);
    expect((await run('approve', id.slice(0, 8))).text).toContain('is no id of a plan');
    const shown = await run('approve', id, '--dry-run');
    expect(shown).toMatchObject({ code: 0 });
    expect(shown.text).toMatch(/create marathon:\/shop\/web/);
    const done = await run('approve', id, '-m', 'looked at it');
    expect({ code: done.code, text: done.text }).toMatchObject({
      code: 0,
      text: expect.stringContaining(`plan ${id} is approved by Ann`),
    });
    const body = await ledgerBody();
    expect(body).toMatch(new RegExp(`^Approve plan ${id} of test\n`));
    expect(body).toContain(`Towline-Approves: ${digest}\n`);
    expect(body).toContain('Towline-Reason: looked at it');
    expect((await run('approve', digest)).text).toContain('was approved by Ann already');
    expect(await run('deploy', '--wait')).toMatchObject({ code: 0 });
    expect((await run('approve', id)).text).toMatch(/the plan of test is|nothing is to be done/);
  }, 240_000);

  it('break-glass needs a reason, has an end, and is over when it is sealed', async () => {
    expect(await run('break-glass')).toMatchObject({ code: 1 });
    expect(await run('break-glass', '-m', ' ')).toMatchObject({ code: 1 });
    const long = await run('break-glass', '-m', 'payments are down', '--minutes', '100000');
    expect(long).toMatchObject({ code: 0 });
    expect(long.text).toContain('the most that the policy allows');
    expect((await run('status')).text).toMatch(/open +all gates, by Ann .* until .*: payments are down/);
    expect(await run('seal')).toMatchObject({ code: 0 });
    expect((await run('status')).text).not.toContain('all gates');
    expect((await run('seal')).text).toContain('the glass is not broken');
    const [sealed, broken] = await history();
    expect([sealed?.subject, broken?.subject]).toEqual([
      'Seal test again',
      expect.stringMatching(/^Break the glass of test until 20/),
    ]);
    expect(broken).toMatchObject({ phase: 'order', by: 'Ann' });
  }, 240_000);

  it('a pause can end by itself', async () => {
    expect(await run('pause', '--until', '2001-01-01T00:00Z')).toMatchObject({ code: 1 });
    expect((await run('pause', '/shop/api', '--until', '2h')).text).toMatch(/is paused until 20/);
    expect((await run('status')).text).toMatch(/paused +marathon:\/shop\/api by Ann since .* until 20/);
    expect(await ledgerBody()).toMatch(/Towline-Until: 20/);
    expect(await run('resume', '/shop/api')).toMatchObject({ code: 0 });
  }, 60_000);

  it('a rollback sticks: its release is not promoted again, and going back to it is refused', async () => {
    await world.git('pull', '-q', '--ff-only', 'origin', 'main');
    await world.write({ 'jobs/web.json': web('1.1.0') });
    const bad = await world.push('1.1.0');
    expect(await run('deploy', '--wait')).toMatchObject({ code: 0 });
    const shown = await run('rollback', '/shop/web', '--dry-run');
    expect(shown.text).toContain('vetoed until it is lifted: release shop/web:1.1.0');
    const back = await run('rollback', '/shop/web', '--wait', '-m', 'it leaks');
    expect({ code: back.code, text: back.text }).toMatchObject({ code: 0 });
    expect(await imageOf('/shop/web')).toBe('shop/web:1.0.0');
    expect((await run('status')).text).toMatch(/vetoed +release shop\/web:1\.1\.0 by Ann .*it leaks/);
    const tip = await world.git('--git-dir', world.bare, 'rev-parse', 'main');
    for (let n = 0; n < 3; n++) {
      expect(await run('release', 'shop/web:1.1.0', '--build-url', `https://ci.example/${n}`)).toMatchObject({
        code: 0,
      });
      expect((await run('promote', '--once', '-e', 'test')).text).toContain(
        'shop/web:1.1.0 is left out: it is vetoed',
      );
    }
    const asked = await run('promote', 'shop/web:1.1.0', '-e', 'test');
    expect(asked).toMatchObject({ code: 1 });
    expect(asked.text).toContain('towline lift shop/web:1.1.0 --env test');
    expect((await run('rollback', '/shop/web', '--to', bad)).text).toContain('is vetoed by Ann');
    expect(await world.git('--git-dir', world.bare, 'rev-parse', 'main')).toBe(tip);
  }, 240_000);

  it('a rollback sticks: who commits the same image again by hand is held, until it is lifted', async () => {
    await file('jobs/web.json');
    await world.write({ 'jobs/web.json': web('1.1.0', { labels: { again: 'yes' } }) });
    await world.push('Once more');
    const held = await run('deploy', '--wait');
    expect({ code: held.code, text: held.text }).toMatchObject({
      code: 3,
      text: expect.stringContaining('shop/web:1.1.0 is vetoed by Ann'),
    });
    expect(await imageOf('/shop/web')).toBe('shop/web:1.0.0');
    expect((await run('lift', 'shop/web:1.1.0')).text).toContain('no longer vetoed: release shop/web:1.1.0');
    expect(await run('deploy', '--wait')).toMatchObject({ code: 0 });
    expect(await imageOf('/shop/web')).toBe('shop/web:1.1.0');
  }, 240_000);

  it('veto and lift take a revision, a release or a job, in the words of people', async () => {
    const head = await world.git('--git-dir', world.bare, 'rev-parse', 'main');
    expect(await run('lift', 'all')).toMatchObject({ code: 0 });
    expect((await run('veto', 'main', '-m', 'bad')).text).toContain(
      `revision ${head.slice(0, 10)} is vetoed`,
    );
    expect((await run('veto', 'shop/api')).text).toContain('this definition of marathon:/shop/api is vetoed');
    expect((await run('veto', 'shop/web:9')).text).toContain('release shop/web:9 is vetoed');
    expect((await run('veto', 'shop/web:9')).text).toContain('was vetoed already');
    expect(await run('veto', 'marathon:/none')).toMatchObject({ code: 1 });
    expect(await run('veto', 'no-such-branch')).toMatchObject({ code: 1 });
    const [status] = await json<{ vetoes: { kind: string; name: string }[] }[]>('status');
    expect(status?.vetoes.map(({ kind, name }) => `${kind} ${name}`).sort()).toEqual([
      'job marathon:/shop/api',
      'release shop/web:9',
      `revision ${head}`,
    ]);
    expect((await run('lift', head.slice(0, 8))).text).toContain('no longer vetoed: revision');
    expect((await run('lift', 'main')).text).toContain('main is not vetoed');
    expect((await run('lift', '/shop/api')).text).toContain('no longer vetoed: this definition');
    expect((await run('lift', 'all')).text).toContain('no longer vetoed: release shop/web:9');
    expect((await run('lift', 'all')).text).toContain('nothing is vetoed');
  }, 240_000);

  it('flags that let more happen in one pass are on record with who gave them', async () => {
    await world.git('pull', '-q', '--ff-only', 'origin', 'main');
    await world.write({ 'jobs/api.json': idle('/shop/api', { labels: { v: '2' } }) });
    await world.push('Another label');
    expect(await run('mirror', '--once')).toMatchObject({ code: 0 });
    expect(await run('deploy', '--once', '--adopt', 'marathon:/shop/api', '--allow-prune')).toMatchObject({
      code: 0,
    });
    for (const body of [await ledgerBody(0), await ledgerBody(1)])
      expect(body).toMatch(
        /Towline-Actor: Ann@.*\nTowline-Flag: adopt=marathon:\/shop\/api\nTowline-Flag: allow-prune\n/,
      );
  }, 60_000);
});
