import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { GitSandbox } from '../fakes/git-sandbox.js';
import { Processes, until, type Finished } from '../scenario/processes.js';
import { startConsul, withServer, type ConsulServer } from '../servers/index.js';

const program = path.resolve(import.meta.dirname, '../../dist/towline.js');
const ROOT = '11111111-2222-3333-4444-555555555555';

withServer('consul', 'a mirror whose token sees only a part', () => {
  let consul: ConsulServer;
  let sandbox: GitSandbox;
  let processes: Processes;
  beforeAll(async () => {
    consul = await startConsul({
      hcl: [`acl { enabled = true, default_policy = "deny", tokens { master = "${ROOT}" } }`],
      token: ROOT,
    });
    sandbox = new GitSandbox();
    processes = new Processes({
      PATH: process.env['PATH'] ?? '',
      HOME: sandbox.root,
      NO_COLOR: '1',
      CONSUL_HTTP_ADDR: consul.url,
    });
    writeFileSync(
      path.join(sandbox.root, 'towline.yaml'),
      `version: 1\nrepository: { url: '${sandbox.bare}' }\nmirrors:\n  conf: { prefix: conf/, deletes: { maxShare: 1 } }\nlog: { level: warn }\n`,
    );
    await until('the root token is known', async () => (await call('GET', '/v1/acl/token/self')).ok);
  }, 90_000);
  afterAll(async () => {
    await processes?.stopAll();
    await consul?.close();
    sandbox?.remove();
  });

  const call = (method: string, at: string, body?: unknown): Promise<Response> =>
    fetch(consul.url + at, {
      method,
      headers: { 'x-consul-token': ROOT },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  async function tokenFor(rules: string): Promise<string> {
    const name = `p${Date.now()}-${Math.random().toString(36).slice(2)}`;
    expect((await call('PUT', '/v1/acl/policy', { Name: name, Rules: rules })).ok).toBe(true);
    const token = await call('PUT', '/v1/acl/token', { Policies: [{ Name: name }] });
    return ((await token.json()) as { SecretID: string }).SecretID;
  }
  const mirror = (token: string): Promise<Finished> =>
    processes.run(process.execPath, [program, 'mirror', '--once'], {
      cwd: sandbox.root,
      env: { CONSUL_HTTP_TOKEN: token },
    });
  async function held(): Promise<string[]> {
    return (await (await call('GET', '/v1/kv/conf/?keys')).json()) as string[];
  }
  const own =
    'key_prefix "towline/" { policy = "write" } session_prefix "" { policy = "write" } node_prefix "" { policy = "read" }';
  let before: string[];

  it('needs no more than the rights that the manual names', async () => {
    sandbox.write({ 'a.txt': '1', 'b.txt': '2', 'hidden/c.txt': '3', 'hidden/d.txt': '4' });
    sandbox.commit();
    sandbox.push();
    const result = await mirror(await tokenFor(`key_prefix "conf/" { policy = "write" } ${own}`));
    expect([result.code, result.stderr]).toEqual([0, '']);
    before = await held();
    expect(before).toHaveLength(4);
  }, 60_000);

  it.each([
    [
      'hides a folder from it',
      'key_prefix "conf/" { policy = "write" } key_prefix "conf/hidden/" { policy = "deny" }',
    ],
    ['hides everything from it', ''],
    ['lets it read and not write', 'key_prefix "conf/" { policy = "read" }'],
  ])(
    'deletes nothing where its token %s, and says which right is missing',
    async (_what, rules) => {
      sandbox.write({ 'a.txt': `new ${rules}`, 'hidden/c.txt': `new ${rules}` });
      sandbox.commit();
      sandbox.push();
      const { code, stderr } = await mirror(await tokenFor(`${rules} ${own}`));
      expect(code).toBe(1);
      expect(stderr).toContain('key:write on the prefix');
      expect(await held()).toEqual(before);
    },
    60_000,
  );

  it('does not take a token that is not known for an empty store', async () => {
    const { code, stderr } = await mirror('99999999-2222-3333-4444-555555555555');
    expect([code, stderr]).toEqual([1, expect.stringMatching(/403|denied|not found/i)]);
    expect(await held()).toEqual(before);
  }, 60_000);
});
