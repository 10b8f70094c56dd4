import { describe, expect, it } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { placeText } from '../domain/source/diagnostic.js';
import type { Config } from './config.js';
import { DEFAULTS } from './defaults.js';
import { loadConfig, type ConfigSources } from './load.js';
import { configSchema } from './schema.js';

const SECRETS: Record<string, string> = {
  '/run/token': 'from-file',
  '/run/empty': '',
  '/run/password': 'pw',
};
const readSecret = async (name: string): Promise<string> => {
  const found = SECRETS[name];
  if (found === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
  return found;
};
const POLICIES: Record<string, string> = {
  'policies/two.yaml': 'required: [instances]\nproperties: { instances: { minimum: 2 } }\n',
  'policies/broken.json': '{',
  'policies/list.json': '[]',
  'policies/wrong.json': '{"type": "sring"}',
  'policies/owned.json': '{}',
};
const readPolicy = async (name: string): Promise<Uint8Array | undefined> => {
  if (name === '/secret') throw Object.assign(new Error('no right'), { code: 'EACCES' });
  const text = POLICIES[name];
  return text === undefined ? undefined : Buffer.from(text);
};
const load = (text: string | undefined, env: ConfigSources['env'] = {}, more: Partial<ConfigSources> = {}) =>
  loadConfig({
    ...(text === undefined ? {} : { file: { path: 'towline.yaml', bytes: Buffer.from(text) } }),
    env,
    flags: {},
    readSecret,
    readFile: readPolicy,
    ...more,
  });
const good = async (...args: Parameters<typeof load>): Promise<Config> => {
  const result = await load(...args);
  if ('diagnostics' in result) throw new Error(result.diagnostics.map((d) => d.message).join('; '));
  return result.config;
};
const bad = async (...args: Parameters<typeof load>): Promise<string[]> => {
  const result = await load(...args);
  return 'config' in result
    ? []
    : result.diagnostics.map((d) => `${placeText(d.place)} ${d.code}: ${d.message}`);
};
const environment = (body = '', name = 'production'): string =>
  `  ${name}:\n    schedulers: { marathon: { url: "http://m:8080" } }\n${body}`;
const file = (...environments: string[]): string => `version: 1\nenvironments:\n${environments.join('')}`;
const MINIMAL = file(environment());

describe('a configuration', () => {
  it('names what is secret, and the key of the digests', async () => {
    const rules = 'secrets:\n  keyFile: /run/key\n  values: [{ fields: [/env/*_TOKEN], jobs: [/shop/*] }]\n';
    const readKey = async (): Promise<string> => 'k'.repeat(32);
    expect((await good(MINIMAL + rules, {}, { readSecret: readKey })).secrets).toEqual({
      key: 'k'.repeat(32),
      values: [{ fields: ['/env/*_TOKEN'], jobs: ['/shop/*'], files: [] }],
    });
    expect((await good(MINIMAL, { TOWLINE_SECRETS_KEY: 'v'.repeat(16) })).secrets.key).toBe('v'.repeat(16));
    expect(await bad(MINIMAL, { TOWLINE_SECRETS_KEY: 'hunter2' })).toEqual([
      'TOWLINE_SECRETS_KEY config/variable: TOWLINE_SECRETS_KEY: the key is shorter than 16 characters',
    ]);
    expect(await bad(`${MINIMAL}secrets: { key: 0123456789abcdef }\n`)).toEqual([
      expect.stringContaining('use keyFile or TOWLINE_SECRETS_KEY'),
    ]);
  });

  it('says where signers stand: paths from the root of the job repository', async () => {
    const text = `${MINIMAL}ledger: { signed: true }\nsigners: { file: /who/signers, keys: who/keys/ }\n`;
    expect(await good(text)).toMatchObject({
      ledger: { signed: true },
      signers: { file: 'who/signers', keys: 'who/keys' },
    });
    expect((await good(MINIMAL, { TOWLINE_LEDGER_SIGNED: 'true' })).ledger.signed).toBe(true);
    expect(await bad(`${MINIMAL}signers: { file: ../signers, keys: / }\n`)).toEqual([
      expect.stringMatching(/^towline.yaml:\d+:\d+ config\/rule: .*"\.\."/),
      expect.stringMatching(/^towline.yaml:\d+:\d+ config\/rule: it is the whole repository/),
    ]);
  });

  it('is whole and frozen, with a default for all that the file leaves out', async () => {
    const config = await good(MINIMAL);
    expect(config).toEqual({
      file: 'towline.yaml',
      repository: DEFAULTS.repository,
      secrets: { values: [] },
      consul: DEFAULTS.consul,
      environments: [
        {
          name: 'production',
          branch: 'main',
          layers: [''],
          schedulers: [{ name: 'marathon', kind: 'marathon', urls: ['http://m:8080'], settings: {} }],
          promote: { automatic: [], pin: 'keep', via: 'push' },
          mirror: DEFAULTS.mirror,
          deploy: {
            ...DEFAULTS.environment.deploy,
            ignoreFields: [],
            together: [],
            prune: DEFAULTS.environment.prune,
          },
          rules: { levels: {}, ignored: [], policies: [] },
          gates: { freezes: [], approvals: [], breakGlass: { from: [], signed: false, maxMinutes: 60 } },
          ledgerBranch: 'ledger/production',
        },
      ],
      mirrors: [],
      ledger: { whenAway: 'stop', signed: false, keepInputBytes: 4_194_304 },
      signers: DEFAULTS.signers,
      statuses: [],
      hooks: {
        timeoutSeconds: 30,
        onTimeout: 'refuse',
        requireSigned: false,
        protect: [],
        triggers: [],
      },
      notes: false,
      server: DEFAULTS.server,
      poll: DEFAULTS.poll,
      log: DEFAULTS.log,
    });
    expect(Object.isFrozen(config.environments[0]?.deploy.prune)).toBe(true);
  });

  it('may do without a file', async () => {
    expect((await good(undefined, { CONSUL_HTTP_ADDR: 'c:8500' })).consul.address).toBe('http://c:8500');
  });

  it('is read from the fixture that teams copy from', async () => {
    const text = await readFile('fixtures/harbour/towline.yaml', 'utf8');
    expect((await good(text)).environments.map((e) => e.name)).toEqual([
      'production',
      'staging',
      'development',
    ]);
  });

  it('takes folders to merge in the place of a folder', async () => {
    const layersOf = async (text: string) => (await good(file(environment(text)))).environments[0]?.layers;
    expect(await layersOf('    layers: [base, /envs/live/]\n')).toEqual(['base', 'envs/live']);
    expect(await layersOf('    folder: live/\n')).toEqual(['live']);
    expect(await layersOf('')).toEqual(['']);
  });

  it.each([
    ['[base, envs/base/]', undefined],
    ['[base, base]', '5:20 config/rule: "base" is a layer twice'],
    ['[envs, envs/live]', '5:20 config/rule: "envs/live" and "envs" overlap'],
    ['[envs/live, envs]', '5:25 config/rule: "envs" and "envs/live" overlap'],
    ['[base, /]', '5:20 config/rule: "" and "base" overlap'],
    ['[base, ../x]', '5:20 config/rule: "../x" is no folder of the repository'],
    ['[base, "a\\tb"]', '5:20 config/rule: "a\tb" is no folder of the repository'],
    ['[]', '5:13 config/count'],
    ['[base]\n    folder: base', '6:5 config/rule: folder and layers exclude each other'],
  ])('judges the layers %s', async (layers, expected) => {
    const text = file(environment(`    layers: ${layers}\n`));
    if (expected === undefined) await good(text);
    else expect(await bad(text)).toEqual([expect.stringContaining(`towline.yaml:${expected}`)]);
  });

  it('takes the flag over the variable over the file over the default', async () => {
    const text = `${MINIMAL}log: { level: warn }\npoll: { intervalSeconds: 5 }\n`;
    const level = async (...args: Parameters<typeof load>) => (await good(...args)).log.level;
    expect(await level(MINIMAL)).toBe('info');
    expect(await level(text)).toBe('warn');
    expect(await level(text, { TOWLINE_LOG_LEVEL: 'error' })).toBe('error');
    expect(await level(text, { TOWLINE_LOG_LEVEL: 'error' }, { flags: { logLevel: 'debug' } })).toBe('debug');
    expect(await level(text, { TOWLINE_LOG_LEVEL: '' })).toBe('warn');
    expect((await good(text, { TOWLINE_POLL_SECONDS: '0.5' })).poll.intervalSeconds).toBe(0.5);
  });

  it('fills nothing into strings', async () => {
    expect((await good(file(environment('    folder: "${HOME}"\n')))).environments[0]?.layers).toEqual([
      '${HOME}',
    ]);
  });

  it('has the defaults that its schema shows to editors', async () => {
    const shown: unknown[] = [];
    const collect = (schema: unknown): void => {
      if (typeof schema !== 'object' || schema === null) return;
      if ('default' in schema && 'type' in schema) shown.push(schema.default);
      Object.values(schema).forEach(collect);
    };
    collect(configSchema);
    const values = JSON.stringify(DEFAULTS);
    expect(shown.length).toBeGreaterThan(15);
    for (const value of shown.filter((v) => !Array.isArray(v)))
      expect(values).toContain(JSON.stringify(value));
  });
});

describe('the rules for manifests', () => {
  const RULES = ['marathon/latest-tag', 'marathon/no-health-check', 'manifest/yaml-1.1'];
  const lines = (...text: string[]): string => `${text.join('\n')}\n`;

  it('are weighed for all environments, and again for one', async () => {
    const text =
      file(environment('    rules: { marathon/latest-tag: error }\n'), environment('', 'staging')) +
      lines('rules:', '  marathon/latest-tag: ignore', '  marathon/no-health-check: warning');
    const { environments } = await good(text, {}, { ruleCodes: RULES });
    expect(environments.map(({ rules }) => rules.levels)).toEqual([
      { 'marathon/latest-tag': 'error', 'marathon/no-health-check': 'warning' },
      { 'marathon/latest-tag': 'ignore', 'marathon/no-health-check': 'warning' },
    ]);
  });

  it('are taken back for some files, with a reason', async () => {
    const ignored = { rule: 'marathon/latest-tag', files: ['vendor/**'], reason: 'theirs' };
    const text = MINIMAL + lines('ignore:', `  - ${JSON.stringify(ignored)}`);
    expect((await good(text, {}, { ruleCodes: RULES })).environments[0]?.rules.ignored).toEqual([ignored]);
    expect(await bad(text.replace('"reason"', '"because"'), {}, { ruleCodes: RULES })).not.toEqual([]);
  });

  it('are named right, or the configuration is wrong', async () => {
    const text = MINIMAL + lines('rules:', '  marathon/lastest-tag: error', '  manifest/syntax: ignore');
    expect(await bad(text, {}, { ruleCodes: RULES })).toEqual([
      'towline.yaml:6:3 config/rule: there is no rule "marathon/lastest-tag"',
      "towline.yaml:7:3 config/rule: manifest/syntax can't be changed: without it there is no job to speak of",
    ]);
    expect(
      await bad(MINIMAL + lines('rules:', '  marathon/latest-tag: off'), {}, { ruleCodes: RULES }),
    ).toContainEqual(expect.stringMatching(/^towline\.yaml:6:24 config\/enum/));
  });
});

describe("Consul's own variables", () => {
  it.each([
    [{ CONSUL_HTTP_ADDR: '10.0.0.1:8500' }, 'http://10.0.0.1:8500'],
    [{ CONSUL_HTTP_ADDR: 'https://consul.example/' }, 'https://consul.example'],
    [{ CONSUL_HTTP_ADDR: '[::1]:8500' }, 'http://[::1]:8500'],
    [{ CONSUL_HTTP_ADDR: 'c:8501', CONSUL_HTTP_SSL: 'true' }, 'https://c:8501'],
    [{ CONSUL_HTTP_ADDR: 'http://c:8501', CONSUL_HTTP_SSL: '1' }, 'https://c:8501'],
    [{ CONSUL_HTTP_SSL: 'T' }, 'https://127.0.0.1:8500'],
  ])('%j is the address %s', async (env, address) => {
    expect((await good(MINIMAL, env)).consul.address).toBe(address);
  });

  it('win over the file, and a token file over a token', async () => {
    const text = `${MINIMAL}consul: { address: "http://f:1", namespace: f, verify: true, tokenFile: /run/token }\n`;
    const env = {
      CONSUL_HTTP_ADDR: 'e:1',
      CONSUL_NAMESPACE: 'e',
      CONSUL_HTTP_SSL_VERIFY: 'false',
      CONSUL_HTTP_AUTH: 'u:p',
    };
    expect((await good(text, env)).consul).toMatchObject({
      address: 'http://e:1',
      namespace: 'e',
      verify: false,
      token: 'from-file',
      auth: 'u:p',
    });
    expect((await good(text, { CONSUL_HTTP_TOKEN: 'env' })).consul.token).toBe('env');
    const both = { CONSUL_HTTP_TOKEN: 'env', CONSUL_HTTP_TOKEN_FILE: '/run/token' };
    expect((await good(MINIMAL, both)).consul.token).toBe('from-file');
  });

  it.each([
    [{ CONSUL_HTTP_ADDR: 'unix:///run/consul.sock' }, 'CONSUL_HTTP_ADDR', 'Unix sockets are not supported'],
    [{ CONSUL_HTTP_ADDR: 'tcp://c:1' }, 'CONSUL_HTTP_ADDR', 'no HTTP address'],
    [{ CONSUL_HTTP_ADDR: 'http://me:hunter2@c:1' }, 'CONSUL_HTTP_ADDR', 'holds a user or password'],
    [{ CONSUL_HTTP_ADDR: 'http://hunter2@c:1' }, 'CONSUL_HTTP_ADDR', 'holds a user or password'],
    [{ CONSUL_HTTP_ADDR: 'c:1/?token=hunter2' }, 'CONSUL_HTTP_ADDR', 'holds a query'],
    [{ CONSUL_HTTP_SSL: 'maybe' }, 'CONSUL_HTTP_SSL', 'neither true nor false'],
    [{ CONSUL_CLIENT_CERT: '/c.pem' }, 'towline.yaml:1:1', 'belong together'],
    [{ CONSUL_HTTP_TOKEN_FILE: '/run/gone' }, 'CONSUL_HTTP_TOKEN_FILE', "can't be read (ENOENT)"],
    [{ CONSUL_HTTP_TOKEN_FILE: '/run/empty' }, 'CONSUL_HTTP_TOKEN_FILE', 'is empty'],
    [{ CONSUL_CAPATH: '/certs', CONSUL_HTTP_SSL: '1' }, 'CONSUL_CAPATH', 'not supported'],
  ])('%j is refused by name', async (env, place, message) => {
    const found = await bad(MINIMAL, env);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(place);
    expect(found[0]).toContain(message);
    expect(found[0]).not.toContain('hunter2');
  });
});

describe('variables of one scheduler', () => {
  it('override its address, user, password and token', async () => {
    const env = {
      TOWLINE_ENVIRONMENT_EU_WEST_MARATHON_URL: 'http://a:1, https://b:2/path/',
      TOWLINE_ENVIRONMENT_EU_WEST_MARATHON_USER: 'me',
      TOWLINE_ENVIRONMENT_EU_WEST_MARATHON_PASSWORD: 'pw',
    };
    expect((await good(file(environment('', 'eu-west')), env)).environments[0]?.schedulers[0]).toMatchObject({
      urls: ['http://a:1', 'https://b:2/path'],
      user: 'me',
      password: 'pw',
    });
  });

  it.each([
    ['TOWLINE_ENVIRONMENT_PRODUCTION_MARATON_URL', 'http://a:1', 'no such setting'],
    ['TOWLINE_ENVIRONMENT_PRODUCTION_MARATHON_URL', 'http://u:hunter2@a:1', 'user or password'],
    ['TOWLINE_ENVIRONMENT_PRODUCTION_MARATHON_URL', 'a:1', 'no HTTP address'],
    ['TOWLINE_ENVIRONMENT_PRODUCTION_MARATHON_USER', 'me', 'has no password'],
  ])('%s=%s is refused', async (name, value, message) => {
    const found = await bad(MINIMAL, { [name]: value });
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(`${name} config/variable: ${name}: `);
    expect(found[0]).toContain(message);
    expect(found[0]).not.toContain('hunter2');
  });

  it('do not bind an environment that this file does not have', async () => {
    await expect(
      good(MINIMAL, { TOWLINE_ENVIRONMENT_STAGING_MARATHON_URL: 'http://a:1' }),
    ).resolves.toBeDefined();
  });
});

describe('policies', () => {
  const policy = (rest: string, base = ''): string =>
    `policies:\n  - { name: mine, ${rest} }\n`.replace(/^/gm, base).trimEnd() + '\n';

  it('are read from the file itself or from another one, for all environments or for one', async () => {
    const text =
      file(environment(policy('schema: policies/two.yaml, level: warning', '    '))) +
      policy('schema: { required: [labels] }, kinds: [app], files: [a/**]') +
      '  - { name: other, schema: {} }\n';
    const [first] = (await good(text)).environments;
    expect(first?.rules.policies.map(({ name, level, kinds }) => [name, level, kinds])).toEqual([
      ['mine', 'warning', []],
      ['other', 'error', []],
    ]);
  });

  it('can be weighed and taken back like every rule', async () => {
    const text = file(environment()) + policy('schema: {}') + 'rules: { policy/mine: warning }\n';
    const known = { ruleCodes: [] };
    expect((await good(text, {}, known)).environments[0]?.rules.levels).toEqual({ 'policy/mine': 'warning' });
    expect(await bad(text.replace('policy/mine', 'policy/min'), {}, known)).toEqual([
      expect.stringContaining('there is no rule "policy/min"'),
    ]);
  });

  it.each([
    ['schema: policies/none.json', 'there is no file policies/none.json'],
    ['schema: /secret', "the file /secret can't be read (EACCES)"],
    ['schema: policies/broken.json', 'policies/broken.json:1:2: '],
    ['schema: policies/list.json', 'policies/list.json holds no schema'],
    ['schema: policies/wrong.json', 'it is no JSON Schema: '],
    ['schema: {}, kinds: [apps]', 'there is no kind of job "apps"'],
    ['kinds: [app]', '"schema" is missing'],
  ])('with { %s } are refused', async (rest, expected) => {
    const found = await bad(file(environment()) + policy(rest), {}, { jobKinds: ['app', 'pod'] });
    expect(found).toEqual([expect.stringMatching(/^towline\.yaml:\d+:\d+ config\/(rule|enum|required)/)]);
    expect(found[0]).toContain(expected);
  });
});

describe('a wrong file', () => {
  it('gives all errors at once, of the file and of the variables, each at its place', async () => {
    const text =
      file(
        environment(
          '    folder: ../x\n    brnch: main\n    deploy: { concurrency: 0, onFailure: rolback }\n',
        ),
      ) + 'polll: {}\n';
    expect(await bad(text, { TOWLINE_LOG_LEVEL: 'loud', TOWLINE_POLL_SECONDS: '-1' })).toEqual([
      'TOWLINE_LOG_LEVEL config/variable: TOWLINE_LOG_LEVEL: its value is not known',
      'TOWLINE_POLL_SECONDS config/variable: TOWLINE_POLL_SECONDS: it must be a number above 0, at most 86400',
      'towline.yaml:5:13 config/rule: "../x" is no folder of the repository: it holds "." or ".."',
      'towline.yaml:6:5 config/unknown-field: unknown field "brnch"',
      'towline.yaml:7:28 config/range: "concurrency" must be at least 1, not 0',
      'towline.yaml:7:42 config/enum: "onFailure" must be one of "rollback", "hold", "leave", not "rolback"',
      'towline.yaml:8:1 config/unknown-field: unknown field "polll"',
    ]);
  });

  it.each([
    ['', 'towline.yaml config/type: the file holds no settings'],
    ['- 1\n', 'towline.yaml:1:1 config/type: the file holds no settings'],
    ['version: 1\nversion: 1\n', 'towline.yaml:2:1 manifest/duplicate-key: the key "version" is there twice'],
    [`${MINIMAL}---\nversion: 1\n`, 'towline.yaml:6:1 config/documents: there is more than one document'],
    ['version: 2\nenvironments: {}\n', 'towline.yaml:1:10 config/enum: "version" must be 1, not 2'],
    [file(environment('', 'Prod')), 'towline.yaml:3:3 config/name: the name "Prod" is not allowed'],
    [file('  a: {}\n'), 'towline.yaml:3:3 config/required: "schedulers" is missing'],
  ])('%j', async (text, expected) => {
    expect((await bad(text)).some((found) => found.startsWith(expected))).toBe(true);
  });

  it.each([
    ['consul: { token: hunter2 }', 'use tokenFile'],
    ['server: { webhookSecret: hunter2 }', 'use webhookSecretFile'],
    ['repository: { url: "https://me:hunter2@git.example/x" }', 'password or token'],
    ['repository: { url: "https://ghp_hunter2@git.example/x" }', 'password or token'],
    ['consul: { address: "http://me:hunter2@c:1" }', 'user or password'],
  ])('never holds a secret, nor does the finding: %s', async (line, message) => {
    const found = await bad(`${MINIMAL}${line}\n`);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(message);
    expect(found[0]).toMatch(/^towline\.yaml:5:/);
    expect(found[0]).not.toContain('hunter2');
  });

  it('nor does a scheduler', async () => {
    const text = file(
      '  a:\n    schedulers: { marathon: { url: "http://u:hunter2@m:1", password: hunter2, user: u } }\n',
    );
    const found = await bad(text);
    expect(found.map((f) => f.split(' ')[1])).toEqual([
      'config/pattern:',
      'config/not-allowed:',
      'config/rule:',
    ]);
    expect(found.join()).not.toContain('hunter2');
  });
});

describe('environments', () => {
  const two = (first: string, second: string): string =>
    file(environment(first, 'a'), environment(second, 'b'));

  it.each([
    ['the same KV prefix', two('    prefix: x\n', '    prefix: x/\n'), 'is also that of a'],
    ['a prefix inside the other', two('', '    prefix: towline/a/config/b/\n'), 'overlaps with that of a'],
    [
      'a prefix around the other',
      two('    prefix: x/status/a\n', '    prefix: x\n'),
      'overlaps with that of a',
    ],
    ['the same ledger', `${two('', '')}ledger: { branch: ledger }\n`, 'both keep their ledger on "ledger"'],
    [
      'a ledger in the way',
      `${two('    branch: l\n', '')}ledger: { branch: "l/{environment}" }\n`,
      "get in each other's way",
    ],
    ['a ledger on a source branch', `${two('    branch: ledger/b\n', '')}`, "get in each other's way"],
    [
      'a placeholder that is none',
      `${MINIMAL}ledger: { branch: "ledger/{env}" }\n`,
      'only {environment} is filled in',
    ],
    [
      'a name that Towline uses itself',
      file(environment('', 'releases')),
      'where Towline keeps its releases',
    ],
    [
      'a scheduler of no kind',
      file('  a:\n    schedulers: { east: { url: "http://m:1" } }\n'),
      'does not say what it is',
    ],
    [
      'a kind that there is not',
      file('  a:\n    schedulers: { east: { kind: nomad, url: "http://m:1" } }\n'),
      'no kind of scheduler "nomad"',
    ],
    ['a prefix that Consul refuses', file(environment('    prefix: /x\n')), 'no KV prefix'],
  ])("can't have %s", async (_name, text, message) => {
    const found = await bad(text);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(message);
    expect(found[0]).toMatch(/^towline\.yaml:\d+:\d+ config\/rule/);
  });

  it('may share a branch, and may have adapters that the caller brings', async () => {
    await expect(good(two('', ''))).resolves.toBeDefined();
    const text = file('  a:\n    schedulers: { nomad: { url: "http://m:1" } }\n');
    expect((await good(text, {}, { kinds: ['nomad'] })).environments[0]?.schedulers[0]?.kind).toBe('nomad');
  });

  it.each([
    '-f',
    'a..b',
    'a b',
    'refs/heads/x',
    '/x',
    'x/',
    'x.lock',
    '.x',
    'a//b',
    'x@{1}',
    'HEAD',
    'a:b',
    '@',
  ])('have no branch called %j', async (branch) => {
    const found = await bad(file(environment(`    branch: ${JSON.stringify(branch)}\n`)));
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/^towline\.yaml:5:13 config\/rule: .* is no branch name/);
  });
});
