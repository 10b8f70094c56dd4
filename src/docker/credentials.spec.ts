import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { redact } from '../runtime/redact.js';
import { dockerLogins } from './credentials.js';

const waiting = { signal: AbortSignal.timeout(30_000) };
const auth = (text: string): string => Buffer.from(text).toString('base64');

describe("logins of Docker's own configuration", () => {
  let folder: string;
  let env: Record<string, string>;
  const write = (config: unknown): Promise<void> =>
    writeFile(path.join(folder, 'config.json'), typeof config === 'string' ? config : JSON.stringify(config));
  const helper = async (name: string, script: string): Promise<void> => {
    const file = path.join(folder, 'bin', `docker-credential-${name}`);
    await writeFile(file, `#!/bin/sh\n${script}\n`);
    await chmod(file, 0o755);
  };
  const of = (host: string) => dockerLogins(env).of(host, waiting);

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'tl-logins-'));
    await mkdir(path.join(folder, 'bin'));
    env = { DOCKER_CONFIG: folder, PATH: `${path.join(folder, 'bin')}:${process.env['PATH'] ?? ''}` };
    await helper(
      'store',
      `test "$1" = get || exit 9; cat > "${folder}/asked"; echo '{"ServerURL":"x","Username":"store","Secret":"canary-store"}'`,
    );
    await helper('own', `cat > /dev/null; echo '{"Username":"<token>","Secret":"canary-token"}'`);
    await helper('empty', `echo 'credentials not found in native keychain'; exit 1`);
    await helper('broken', `echo 'canary-broken'; echo canary-broken >&2; exit 2`);
    await helper('nonsense', `echo 'canary-nonsense'`);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('are none where there is none', async () => {
    await rm(path.join(folder, 'config.json'), { force: true });
    expect(await of('registry:5000')).toBeUndefined();
    await write({ auths: { 'registry:5000': {} } });
    expect(await of('registry:5000')).toBeUndefined();
  });

  it('stand in the file, under a host or an old address', async () => {
    await write({
      auths: {
        'registry:5000': { auth: auth('ann:canary:with colon') },
        'https://old.example.org/v1/': { auth: auth('bob:canary-old\0\0') },
        'https://index.docker.io/v1/': { auth: auth('hub:canary-hub') },
        'token.example.org': { auth: auth('x:'), identitytoken: 'canary-identity' },
      },
    });
    const login = { kind: 'password', username: 'ann', password: 'canary:with colon' };
    expect(await of('registry:5000')).toEqual(login);
    expect(await of('old.example.org')).toMatchObject({ username: 'bob', password: 'canary-old' });
    expect(await of('docker.io')).toMatchObject({ username: 'hub', password: 'canary-hub' });
    expect(await of('token.example.org')).toEqual({ kind: 'identity-token', token: 'canary-identity' });
    expect(await of('registry')).toBeUndefined();
    expect(await of('constructor')).toBeUndefined();
  });

  it("a registry's helper beats the store of all, and that beats the file", async () => {
    const auths = { 'a.example.org': { auth: auth('file:canary-file') } };
    await write({ auths, credsStore: 'store', credHelpers: { 'b.example.org': 'own' } });
    expect(await of('b.example.org')).toEqual({ kind: 'identity-token', token: 'canary-token' });
    expect(await of('a.example.org')).toMatchObject({ username: 'store' });
    expect(await readFile(path.join(folder, 'asked'), 'utf8')).toBe('a.example.org');
    await of('docker.io');
    expect(await readFile(path.join(folder, 'asked'), 'utf8')).toBe('https://index.docker.io/v1/');
    await write({ auths, credsStore: 'empty' });
    expect(await of('a.example.org')).toMatchObject({ username: 'file' });
    await write({ auths, credHelpers: { 'a.example.org': 'empty' } });
    expect(await of('a.example.org')).toBeUndefined();
  });

  it.each(['broken', 'nonsense', 'absent', '../bin/docker-credential-own', '-x', 'a;b'])(
    'a helper called %j that gives none is an error that shows nothing of it',
    async (name) => {
      await write({ credsStore: name });
      const failed = of('a.example.org');
      await expect(failed).rejects.toMatchObject({ code: 'image-credentials' });
      const error = await failed.catch((e: unknown) => e);
      expect(JSON.stringify(error) + String((error as Error).cause)).not.toContain('canary');
    },
  );

  it.each(['{"auths": canary', '[]', { auths: { 'a.example.org': { auth: 'canary' } } }])(
    'a file like %j is an error that shows nothing of it',
    async (config) => {
      await write(config);
      const error = await of('a.example.org').catch((e: unknown) => e);
      expect(error).toMatchObject({ code: 'image-credentials', kind: 'invalid' });
      expect(JSON.stringify(error)).not.toContain('canary');
    },
  );

  it('for base images are all that there are; a helper that fails is told', async () => {
    await write({
      auths: { 'a.example.org': { auth: auth('ann:canary-a') }, 'none.example.org': {} },
      credHelpers: { 'b.example.org': 'own', 'c.example.org': 'broken' },
    });
    const lines: string[] = [];
    const all = await dockerLogins(env).all({ ...waiting, onLine: ({ text }) => lines.push(text) });
    expect([...all.keys()].sort()).toEqual(['a.example.org', 'b.example.org']);
    expect(lines).toEqual([expect.stringMatching(/^no login for c\.example\.org: docker-credential-broken/)]);
  });

  it('are never printed once they are known', () => {
    expect(redact(`canary-store canary-token ${auth('ann:canary:with colon')}`)).toBe('*** *** ***');
  });
});
