import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { idle, openWorld, type World } from '../e2e/world.js';
import { until } from '../scenario/processes.js';
import { Canaries, everythingKept } from './canary-world.js';
import { JSON_ANSWER, misbehavingProxy, type MisbehavingProxy } from './misbehaving-proxy.js';

const canaries = new Canaries();
/** Everything that was printed, by who printed it. */
const printed = new Map<string, string>();

const SECRETS = `secrets:
  values:
    - { fields: ['/env/*_PASSWORD', '/labels/api-key', '/environmentVariables/*_TOKEN/value'] }
`;
const app = (id: string, more: object = {}) =>
  idle(id, {
    env: {
      DB_PASSWORD: canaries.value('env'),
      DB_URL: `postgres://ann:${canaries.token('login in a URL')}@db.example/x`,
      PLAIN: 'shown',
    },
    labels: { 'api-key': canaries.value('label') },
    ...more,
  });

let world: World;
let proxy: MisbehavingProxy;
let steps = 0;

/** Runs the built command with everything that it may be told about secrets. */
async function run(args: string[], env: Record<string, string> = {}, input?: string) {
  const result = await world.processes.run(
    process.execPath,
    [world.program, '--config', world.configFile, '--log-level', 'trace', ...args],
    { cwd: world.work, env: { ...secretVariables(), ...env }, ...(input === undefined ? {} : { input }) },
  );
  printed.set(`${(steps += 1)}. towline ${args.join(' ')} (${result.code})`, result.stdout + result.stderr);
  return result;
}

const secretVariables = (): Record<string, string> => ({
  CONSUL_HTTP_TOKEN: canaries.token('Consul token'),
  TOWLINE_ENVIRONMENT_TEST_CHRONOS_TOKEN: canaries.token('token of a scheduler'),
  TOWLINE_WEBHOOK_SECRET: canaries.token('webhook secret'),
  TOWLINE_SECRETS_KEY: canaries.token('key of the digests'),
});

beforeAll(async () => {
  proxy = await misbehavingProxy(() => world.realMarathonUrl);
  world = await openWorld({ marathonUrl: proxy.url });
  await writeFile(path.join(world.folder, 'password'), canaries.token('password in a file'));
  const text = await readFile(world.configFile, 'utf8');
  await writeFile(
    world.configFile,
    text.replace(`url: '${proxy.url}'`, `url: '${proxy.url}', user: ann, passwordFile: ../password`) +
      SECRETS,
  );
  await world.write({
    'jobs/web.json': app('/shop/web', { secrets: { pw: { source: canaries.token('reference') } } }),
    'jobs/echo.json': app('/shop/echo'),
    'jobs/report.json': JSON.stringify({
      name: 'report',
      command: 'true',
      schedule: 'R/2030-01-01T00:00:00Z/PT1H',
      environmentVariables: [{ name: 'API_TOKEN', value: canaries.value('variable of Chronos') }],
    }),
  });
  await world.push('with secrets');
}, 400_000);

afterAll(async () => {
  await world.close();
  await proxy.close();
});

describe('what is secret', () => {
  it('passes through every command and worker', async () => {
    // What a scheduler does not take it sends back, in its own words.
    proxy.react = ({ method, path: at, body }) =>
      method !== 'GET' && at.includes('echo')
        ? JSON_ANSWER(422, { message: `bad: ${body}`, details: [{ path: '/env', errors: [`not ${body}`] }] })
        : 'pass';
    for (const args of [
      ['validate'],
      ['validate', '--output', 'json'],
      ['plan', 'test'],
      ['plan', 'test', '--output', 'json'],
      ['mirror', 'test', '--once'],
      ['deploy', 'test', '--once', '--dry-run', '--output', 'json'],
      ['deploy', 'test', '--once'],
      ['deploy', 'test', '--once', '--retry', '--output', 'json'],
    ])
      await run(args);
    proxy.react = ({ method, body }) =>
      method === 'GET' ? 'pass' : { status: 500, body: `<html>exception at ${body}</html>` };
    await run(['deploy', 'test', '--once', '--retry']);
    await world.write({ 'jobs/web.json': app('/shop/web', { cpus: 0.02 }) });
    await world.push('changed');
    await run(['mirror', 'test', '--once']);
    await run(['deploy', 'test', '--once']);
    proxy.react = () => 'pass';
    await run(['deploy', 'test', '--once', '--retry']);
    const now = await fetch(`${world.realMarathonUrl}/v2/apps//shop/web`);
    const { app: live } = (await now.json()) as { app: { env: Record<string, string>; cpus: number } };
    // The scheduler has what Git states.
    expect(live.env['DB_PASSWORD']).toBe(canaries.value('env'));
    expect(live.cpus).toBe(0.02);
    // And nobody takes a digest for a change.
    const again = await run(['deploy', 'test', '--once', '--output', 'json']);
    expect(JSON.parse(again.stdout)).toMatchObject([
      {
        plan: {
          changes: [
            { ref: 'marathon:/shop/echo', action: 'none' },
            { ref: 'chronos:report', action: 'none' },
            { ref: 'marathon:/shop/web', action: 'none' },
          ],
        },
      },
    ]);
  }, 400_000);

  it('and through what looks at it', async () => {
    // Somebody turns the password by hand.
    await fetch(`${world.realMarathonUrl}/v2/apps//shop/web?force=true`, {
      method: 'PUT',
      headers: { 'content-type': 'application/json' },
      body: app('/shop/web', { env: { DB_PASSWORD: canaries.value('put by hand') } }),
    });
    await world.write({
      'towline.yaml': `${await readFile(world.configFile, 'utf8')}`.replace(
        'environments:\n',
        'environments:\n  other:\n    folder: other\n    schedulers: { marathon: { url: "http://127.0.0.1:1" } }\n',
      ),
      'other/web.json': app('/shop/web', { env: { DB_PASSWORD: canaries.value('of another environment') } }),
    });
    for (const args of [
      ['drift', 'test'],
      ['drift', 'test', '--output', 'json'],
      ['plan', 'test'],
      ['plan', 'test', '--output', 'json'],
      ['diff', 'test', 'other'],
      ['diff', 'test', 'other', '--output', 'json'],
      ['render', 'test'],
      ['render', 'test', '--output', 'json'],
      ['export', 'test'],
      ['export', 'test', '--output', 'json'],
      ['graph', 'test'],
      ['status', 'test'],
      ['status', 'test', '--output', 'json'],
      ['history', '--env', 'test'],
      ['why', 'marathon:/shop/web', '--env', 'test', '--output', 'json'],
      ['deploy', 'test', '--once'],
    ])
      await run(args);
    const exported = await run(['export', 'test', '--out', 'exported']);
    expect(exported.stderr).toContain('/env/DB_PASSWORD is secret');
    printed.set('exported', await readFile(path.join(world.work, 'exported/shop/web.yaml'), 'utf8'));
    await world.write({ 'exported/shop/web.yaml': '# was looked at\n' });
  }, 400_000);

  it('and through what goes wrong', async () => {
    const broken = app('/shop/broken', {
      env: { A_PASSWORD: [canaries.value('of the wrong type')], B_PASSWORD: 7_361_829_405 },
      labels: { 'api-key': canaries.value('label'), ok: { no: 1 } },
      secrets: { pw: canaries.token('reference of the wrong form') },
    });
    await run(['validate', '-', '--stdin-name', 'jobs/broken.json'], {}, broken);
    await run(['validate', '-', '--stdin-name', 'jobs/broken.json'], {}, broken.slice(0, -9));
    for (const line of ['*', '!x', '&a b: [', '"', '%', '? ', '- ', 'a: b: ', '\u0001', '|x '])
      await run(
        ['validate', '-', '--stdin-name', 'jobs/broken.yaml'],
        {},
        `id: /a\nenv:\n  A_PASSWORD: ${line}${canaries.token('broken YAML')}\n`,
      );
    await run(['plan', 'test'], {
      TOWLINE_REPOSITORY_URL: `https://u:${canaries.token('repository URL')}@127.0.0.1:1/x.git`,
    });
    await run(['plan', 'test'], {
      TOWLINE_REPOSITORY_URL: `https://ghp_${canaries.token('repository URL')}@127.0.0.1:1/x`,
    });
    await run(['plan', 'test'], {
      TOWLINE_ENVIRONMENT_TEST_MARATHON_URL: `http://u:${canaries.token('scheduler URL')}@127.0.0.1:1`,
    });
    await run(['plan', 'test'], { CONSUL_HTTP_ADDR: `http://u:${canaries.token('Consul URL')}@127.0.0.1:1` });
    await run(['status', 'test'], {
      CONSUL_HTTP_AUTH: `u:${canaries.token('Consul login')}`,
      CONSUL_HTTP_ADDR: 'http://127.0.0.1:1',
    });
    for (const answer of [
      { status: 302, headers: { location: `http://u:${canaries.token('redirect')}@127.0.0.1:1/` }, body: '' },
      { status: 401, body: `no: ${canaries.token('password in a file')}` },
      JSON_ANSWER(400, {
        message: `header ${Buffer.from(`ann:${canaries.token('password in a file')}`).toString('base64')}`,
      }),
    ]) {
      proxy.react = () => answer;
      await run(['plan', 'test']);
    }
    proxy.react = () => 'pass';
    const key = 'towline/test/config/web.json';
    await fetch(`${world.consul.url}/v1/kv/${key}`, {
      method: 'PUT',
      body: `{"id": "/a", "cmd": "${canaries.token('KV value')}"}`,
    });
    await run(['deploy', 'test', '--once']);
    await run(['mirror', 'test', '--once']);
  }, 400_000);

  it('and through daemons, also when they crash', async () => {
    const crash = `process.on('SIGUSR2', () => {
      const cause = new Error(process.env.CONSUL_HTTP_TOKEN);
      Promise.reject(new Error('it has ' + process.env.TOWLINE_WEBHOOK_SECRET, { cause }));
    });`;
    await mkdir(path.join(world.folder, 'logs'));
    const daemon = await world.processes.start(
      process.execPath,
      [
        '--report-uncaught-exception',
        `--report-directory=${world.folder}/logs`,
        '--import',
        `data:text/javascript,${encodeURIComponent(crash)}`,
      ].concat(
        world.program,
        '--config',
        world.configFile,
        '--log-level',
        'trace',
        'run',
        '--env',
        'test',
        '--listen',
        '127.0.0.1:0',
      ),
      { cwd: world.work, logFile: path.join(world.folder, 'daemon.log'), env: secretVariables() },
    );
    const { url } = await until('the daemon listens', async () => {
      const line = daemon
        .output()
        .split('\n')
        .find((each) => each.includes('"listening"'));
      return line === undefined ? undefined : (JSON.parse(line) as { url: string });
    });
    for (const secret of [canaries.token('webhook secret'), canaries.token('wrong webhook secret')])
      await fetch(`${url}/webhook/test`, {
        method: 'POST',
        headers: {
          'x-gitlab-token': secret,
          authorization: `Bearer ${canaries.token('header of a webhook')}`,
        },
        body: JSON.stringify({ secret, more: canaries.value('body of a webhook') }),
      });
    for (const page of ['metrics', 'healthz'])
      printed.set(page, await (await fetch(`${url}/${page}`)).text());
    process.kill(daemon.pid, 'SIGUSR2');
    expect(await daemon.exited).toBe(1);
    expect(daemon.output()).toContain('it has ***');
    printed.set('daemon', daemon.output());
  }, 400_000);

  it('is in nothing that was printed or kept', async () => {
    const kept = await everythingKept(world);
    expect([...kept.keys()].filter((name) => name.includes('marathon/shop/web.json')).length).toBeGreaterThan(
      1,
    );
    expect([...kept.values()].join('\n')).toContain('secret:hmac-sha256:');
    const seen = [...printed, ...kept].flatMap(([name, text]) =>
      canaries.seenIn(text).map((place) => `${place}: ${name}`),
    );
    expect(seen).toEqual([]);
  }, 400_000);
});
