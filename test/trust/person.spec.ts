import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Readable, Writable } from 'node:stream';
import { openSession } from '../../src/cli/compose.js';
import type { Io } from '../../src/cli/io.js';
import type { OrderEntry } from '../../src/domain/record/orders.js';
import type { ObjectId, Revision } from '../../src/domain/source/revision.js';
import { GitSandbox } from '../fakes/git-sandbox.js';
import { SshSigner } from '../fakes/ssh-signer.js';
import { withServer } from '../servers/index.js';

const signal = AbortSignal.timeout(120_000);
const place = '.towline/allowed_signers';
const entry = (revision: Revision): OrderEntry => ({
  phase: 'order',
  environment: 'test',
  order: { verb: 'pause', refs: [], by: 'ann', at: '2026-01-01T00:00:00.000Z' },
  state: {
    version: 1,
    environment: 'test',
    sequence: 1,
    revision,
    trees: [{ folder: '', tree: revision as string as ObjectId }],
    pass: '',
    jobs: {},
    intents: [],
  },
});

withServer('ssh-keygen', 'entries of the ledger that a person writes', () => {
  const sandbox = new GitSandbox();
  const signer = new SshSigner();
  let [ann, revision] = ['', '' as Revision];
  let session: Awaited<ReturnType<typeof openSession>>;
  const sink = (): Writable => new Writable({ write: (_chunk, _encoding, done) => done() });
  const open = (extra = ''): ReturnType<typeof openSession> => {
    const config = `version: 1\nrepository: { url: '${sandbox.bare}' }\n${extra}environments:\n  test:\n    schedulers: { marathon: { url: 'http://127.0.0.1:9' } }\n`;
    const file = path.join(sandbox.root, 'towline.yaml');
    writeFileSync(file, config);
    const folder = path.join(sandbox.work, 'below');
    mkdirSync(folder, { recursive: true });
    const streams = { stdin: Readable.from([]), stdout: sink(), stderr: sink() };
    const io: Io = { ...streams, env: { ...sandbox.env, TOWLINE_CONFIG: file }, cwd: folder, signal };
    return openSession({ logLevel: 'silent' }, io);
  };
  const append = async (asPerson: boolean): Promise<ObjectId> => {
    const [environment] = session.environments();
    if (environment === undefined) throw new Error('no environment');
    const ledger = await session.ledger(environment, { asPerson });
    return ledger.append(entry(revision), (await ledger.head({ signal })).commit, { signal });
  };
  const authorOf = (commit: string): string =>
    sandbox.git('--git-dir', sandbox.bare, 'log', '-1', '--format=%an <%ae> %cn', commit);
  const reopened = async (extra?: string): Promise<void> => {
    await session.close();
    session = await open(extra);
  };

  beforeAll(async () => {
    ann = signer.key('ann');
    sandbox.write({ [place]: `ann@example.org ${signer.publicKey(ann)}\n` });
    revision = sandbox.commit() as Revision;
    sandbox.push();
    session = await open();
  });
  afterAll(async () => {
    await session.close();
    signer.remove();
    sandbox.remove();
  });

  it('have them as author, and no signature where git does not say with which key', async () => {
    const commit = await append(true);
    expect(authorOf(commit)).toBe('Ann <ann@example.org> Ann');
    expect(authorOf(await append(false))).toBe('Towline <towline@localhost> Towline');
    const signatures = await session.signatures();
    expect(await signatures.check(commit, { signersAt: revision, signal })).toMatchObject({
      state: 'not-signed',
    });
  });

  it('are signed as the configuration of their folder says, and git agrees', async () => {
    sandbox.git('config', 'gpg.format', 'ssh');
    // Named from the top of the work tree, as git takes it, while the person stands in a folder below.
    sandbox.git('config', 'user.signingkey', path.relative(sandbox.work, ann));
    await reopened();
    const [commit, workers] = [await append(true), await append(false)];
    const signatures = await session.signatures();
    expect(await signatures.check(commit, { signersAt: revision, signal })).toMatchObject({
      state: 'good',
      by: 'ann@example.org',
    });
    expect(await signatures.check(workers, { signersAt: revision, signal })).toMatchObject({
      state: 'not-signed',
    });
    const allowed = ['-c', `gpg.ssh.allowedSignersFile=${path.join(sandbox.work, place)}`];
    const verify = [...allowed, '--git-dir', sandbox.bare, 'verify-commit', commit];
    expect(spawnSync('git', verify, { env: sandbox.env }).status).toBe(0);
  });

  it('are not written where they have to be signed and can not be', async () => {
    sandbox.git('config', 'user.signingkey', '/nowhere/key');
    await reopened();
    await expect(append(true)).rejects.toMatchObject({ code: 'git-unsigned', kind: 'refused' });
  });

  it('are signed by workers too where the ledger has to be', async () => {
    sandbox.git('--git-dir', sandbox.bare, 'config', 'gpg.format', 'ssh');
    sandbox.git('--git-dir', sandbox.bare, 'config', 'user.signingkey', ann);
    await reopened('ledger: { signed: true }\n');
    const signatures = await session.signatures();
    expect(await signatures.check(await append(false), { signersAt: revision, signal })).toMatchObject({
      by: 'ann@example.org',
    });
  });
});
