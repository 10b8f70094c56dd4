import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { findServer } from '../../scripts/servers.mjs';
import type { Revision } from '../../src/domain/source/revision.js';
import { gitSignatures, gitStore } from '../../src/git/index.js';
import { silentLog } from '../../src/runtime/log.js';
import { GitSandbox } from '../fakes/git-sandbox.js';
import { SshSigner } from '../fakes/ssh-signer.js';
import { withServer } from '../servers/index.js';

const signal = AbortSignal.timeout(120_000);
const place = { file: '.towline/allowed_signers', keys: '.towline/keys' };

/** A repository with the port over it. */
function world(format: 'sha1' | 'sha256' = 'sha1', gpg?: string) {
  const sandbox = new GitSandbox(format);
  const author = { name: 'Towline', email: 'towline@localhost' };
  const store = gitStore({ location: sandbox.work, storeDir: sandbox.root, author, log: silentLog() });
  const signatures = gitSignatures({
    repository: store,
    signers: place,
    log: silentLog(),
    ...(gpg === undefined ? {} : { gpg }),
  });
  const close = async (): Promise<void> => {
    await signatures.close();
    await store.close();
    sandbox.remove();
  };
  const bytes = async (revision: Revision): Promise<Buffer> =>
    Buffer.from((await store.commitBytes(revision, { signal })) ?? []);
  return { sandbox, signatures, close, bytes };
}

for (const format of ['sha1', 'sha256'] as const)
  withServer('ssh-keygen', `commits signed by SSH keys (${format})`, () => {
    const { sandbox, signatures, close, bytes } = world(format);
    const signer = new SshSigner();
    let [ann, eve, before, signed]: [string, string, Revision, Revision] = [
      '',
      '',
      '' as Revision,
      '' as Revision,
    ];
    const commit = (key: string | undefined, message: string): Revision => {
      const how = key === undefined ? ['--no-gpg-sign'] : ['-S'];
      sandbox.git('config', 'user.signingkey', key ?? '');
      sandbox.git('commit', '-q', '--allow-empty', ...how, '-m', message);
      return sandbox.git('rev-parse', 'HEAD') as Revision;
    };
    beforeAll(() => {
      ann = signer.key('ann');
      eve = signer.key('eve', 'ecdsa', 256);
      sandbox.git('config', 'gpg.format', 'ssh');
      sandbox.write({ [place.file]: `ann@example.org ${signer.publicKey(ann)}\n` });
      before = sandbox.commit() as Revision;
      signed = commit(ann, 'Signed by Ann');
    });
    afterAll(async () => {
      await close();
      signer.remove();
    });
    const gitSays = (revision: string): boolean => {
      const file = path.join(sandbox.root, 'allowed');
      writeFileSync(file, `ann@example.org ${signer.publicKey(ann)}\n`);
      const args = ['-c', `gpg.ssh.allowedSignersFile=${file}`, 'verify-commit', revision];
      return spawnSync('git', args, { cwd: sandbox.work, env: sandbox.env }).status === 0;
    };

    it('are good where git says so', async () => {
      expect(gitSays(signed)).toBe(true);
      expect(await signatures.check(signed, { signersAt: before, signal })).toEqual({
        kind: 'ssh',
        state: 'good',
        by: 'ann@example.org',
        key: expect.stringMatching(/^SHA256:/),
      });
      expect(await signatures.checkBytes(await bytes(signed), { signersAt: before, signal })).toMatchObject({
        state: 'good',
      });
    });

    it('of nobody, and without a signature, are told', async () => {
      const [stranger, plain] = [commit(eve, 'By Eve'), commit(undefined, 'By nobody')];
      expect(await signatures.check(stranger, { signersAt: before, signal })).toMatchObject({
        state: 'unknown-signer',
      });
      expect(await signatures.check(plain, { signersAt: before, signal })).toMatchObject({
        kind: 'none',
        state: 'not-signed',
      });
      expect([gitSays(stranger), gitSays(plain)]).toEqual([false, false]);
    });

    it('of which a byte is another one are bad: message, time, tree, parent', async () => {
      const text = (await bytes(signed)).toString('latin1');
      for (const [from, to] of [
        ['Signed by Ann', 'Signed by Anm'],
        [/committer .* (\d+) /.exec(text)?.[1] ?? '', '1700000000'],
        [/^tree (.)/.exec(text)?.[0] ?? '', 'tree ' + (text[5] === '0' ? '1' : '0')],
        [/\nparent (.)/.exec(text)?.[0] ?? '', '\nparent ' + (/\nparent 0/.test(text) ? '1' : '0')],
      ] as const) {
        const forged = Buffer.from(text.replace(from, to), 'latin1');
        expect(await signatures.checkBytes(forged, { signersAt: before, signal })).toMatchObject({
          state: 'bad',
        });
      }
    });

    it('are judged by the signers of the named revision: neither an addition nor a removal is looked at', async () => {
      sandbox.write({ [place.file]: `eve@example.org ${signer.publicKey(eve)}\n` });
      sandbox.git('add', '-A');
      const coup = commit(eve, 'Eve makes herself a signer');
      expect(await signatures.checkRevision(coup, { signal })).toMatchObject({ state: 'unknown-signer' });
      expect(await signatures.check(signed, { signersAt: coup, signal })).toMatchObject({
        state: 'unknown-signer',
      });
      expect(await signatures.check(signed, { signersAt: before, signal })).toMatchObject({ state: 'good' });
      expect(await signatures.checkRevision(commit(eve, 'After that'), { signal })).toMatchObject({
        by: 'eve@example.org',
      });
    });

    it('are judged at the time that they say', async () => {
      sandbox.write({ [place.file]: `ann valid-before="20200101" ${signer.publicKey(ann)}\n` });
      const expired = sandbox.commit() as Revision;
      expect(await signatures.check(signed, { signersAt: expired, signal })).toMatchObject({
        state: 'expired',
      });
      const at = Date.UTC(2019, 0, 1);
      expect(await signatures.check(signed, { signersAt: expired, at, signal })).toMatchObject({ by: 'ann' });
    });

    it('say what is missing: the file, the revision, the commit', async () => {
      sandbox.write({ [place.file]: null });
      const none = sandbox.commit() as Revision;
      const nowhere = 'f'.repeat(before.length) as Revision;
      const check = (id: Revision, signersAt: Revision) => signatures.check(id, { signersAt, signal });
      expect(await check(signed, none)).toMatchObject({
        state: 'unknown-signer',
        reason: expect.stringContaining(place.file),
      });
      expect(await check(signed, nowhere)).toMatchObject({
        state: 'unknown-signer',
        reason: expect.stringContaining(nowhere),
      });
      expect(await check(nowhere, before)).toMatchObject({ state: 'bad' });
      const root = sandbox.git('rev-list', '--max-parents=0', 'HEAD') as Revision;
      expect(await signatures.checkRevision(root, { signal })).toMatchObject({ state: 'not-signed' });
    });
  });

withServer('gpg', 'commits signed by GPG keys', () => {
  const { sandbox, signatures, close, bytes } = world('sha1', findServer('gpg'));
  const home = mkdtempSync(path.join(os.tmpdir(), 'towline-gnupg-'));
  const gpg = (...args: string[]): string =>
    execFileSync(findServer('gpg'), ['--homedir', home, '--batch', '--no-tty', '--passphrase', '', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    }).toString();
  let [before, signed]: Revision[] = [];
  const wrapper = path.join(home, 'gpg');
  const commit = (who: string, message: string, date?: string): Revision => {
    const args = ['-c', `gpg.program=${wrapper}`, '-c', `user.signingkey=${who}`, 'commit', '-q', '-S'];
    execFileSync('git', [...args, '--allow-empty', '-m', message], {
      cwd: sandbox.work,
      env: { ...sandbox.env, ...(date === undefined ? {} : { GIT_COMMITTER_DATE: date }) },
    });
    return sandbox.git('rev-parse', 'HEAD') as Revision;
  };
  beforeAll(() => {
    writeFileSync(
      wrapper,
      `#!/bin/sh\nexec '${findServer('gpg')}' --homedir '${home}' --batch --no-tty "$@"\n`,
      {
        mode: 0o755,
      },
    );
    for (const [who, expires] of [
      ['Ann <ann@example.org>', 'never'],
      ['Bob <bob@example.org>', '1y'],
      ['Eve <eve@example.org>', 'never'],
    ] as const)
      gpg('--quick-generate-key', who, 'ed25519', 'sign', expires);
    sandbox.write({
      [`${place.keys}/ann.asc`]: gpg('--armor', '--export', 'ann@example.org'),
      [`${place.keys}/bob.asc`]: gpg('--armor', '--export', 'bob@example.org'),
      [`${place.keys}/README`]: 'Public keys of who may sign.\n',
      [`${place.keys}/empty.asc`]: 'nothing\n',
      [`${place.keys}/eve.asc`]: '-----BEGIN PGP PRIVATE KEY BLOCK-----\n',
    });
    before = sandbox.commit() as Revision;
    signed = commit('ann@example.org', 'Signed by Ann');
  });
  afterAll(async () => {
    await close();
    spawnSync('gpgconf', ['--homedir', home, '--kill', 'gpg-agent']);
    rmSync(home, { recursive: true, force: true });
  });
  const check = (revision = signed, more: { at?: number } = {}) =>
    signatures.check(revision ?? ('' as Revision), {
      signersAt: before ?? ('' as Revision),
      signal,
      ...more,
    });

  it('are good, with the address of the user id as who it is', async () => {
    expect(await check()).toEqual({
      kind: 'gpg',
      state: 'good',
      by: 'ann@example.org',
      key: expect.stringMatching(/^[0-9A-F]{40}$/),
    });
  });

  it('of other bytes are bad', async () => {
    const forged = Buffer.from(
      (await bytes(signed ?? ('' as Revision))).toString('latin1').replace('Signed', 'sIgned'),
      'latin1',
    );
    const options = { signersAt: before ?? ('' as Revision), signal };
    expect(await signatures.checkBytes(forged, options)).toMatchObject({ kind: 'gpg', state: 'bad' });
  });

  it('of a key that is not in the folder are of nobody', async () => {
    expect(await check(commit('eve@example.org', 'By Eve'))).toMatchObject({
      kind: 'gpg',
      state: 'unknown-signer',
    });
  });

  it('are judged as of then: a key counts until it expires', async () => {
    const bobs = commit('bob@example.org', 'By Bob');
    expect(await check(bobs)).toMatchObject({ state: 'good', by: 'bob@example.org' });
    const later = Date.now() + 3 * 365 * 86_400_000;
    expect(await check(bobs, { at: later })).toMatchObject({ state: 'expired' });
    expect(await check(signed, { at: later })).toMatchObject({ state: 'good' });
  });

  it('of a key that was revoked count for nothing', async () => {
    const revocation = path.join(home, 'revocation');
    const text = execFileSync('sh', [
      '-c',
      `cat '${home}'/openpgp-revocs.d/$(echo "$1").rev`,
      'sh',
      (await check()).key ?? '',
    ]).toString();
    writeFileSync(revocation, text.replace(':-----BEGIN', '-----BEGIN'));
    gpg('--import', revocation);
    sandbox.write({ [`${place.keys}/ann.asc`]: gpg('--armor', '--export', 'ann@example.org') });
    const revoked = sandbox.commit() as Revision;
    expect(await signatures.check(signed ?? ('' as Revision), { signersAt: revoked, signal })).toMatchObject({
      state: 'revoked',
    });
    expect(await check()).toMatchObject({ state: 'good' });
  });

  it('need gpg on the machine, and say so', async () => {
    const missing = world('sha1', '/nowhere/gpg');
    missing.sandbox.write({ [`${place.keys}/ann.asc`]: gpg('--armor', '--export', 'ann@example.org') });
    const revision = missing.sandbox.commit() as Revision;
    const raw = await bytes(signed ?? ('' as Revision));
    await expect(missing.signatures.checkBytes(raw, { signersAt: revision, signal })).rejects.toMatchObject({
      code: 'gpg-missing',
      help: expect.stringContaining('GnuPG'),
    });
    await missing.close();
  });
});
