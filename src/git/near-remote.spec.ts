import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { GitSandbox } from '../../test/fakes/git-sandbox.js';
import type { Revision } from '../domain/source/revision.js';
import type { GitStore } from '../ports/git-store.js';
import { silentLog } from '../runtime/log.js';
import { gitStore } from './index.js';

const signal = AbortSignal.timeout(60_000);
const author = { name: 'Towline', email: 'towline@localhost' };
const AT = Date.UTC(2026, 0, 2);
const branch = 'ledger/test';
let sandbox: GitSandbox;
let closers: (() => Promise<void>)[] = [];
const global = process.env['GIT_CONFIG_GLOBAL'];

beforeEach(() => {
  sandbox = new GitSandbox();
  sandbox.write({ 'jobs/a.json': '{}' });
  sandbox.commit();
  sandbox.push();
  // The log of a branch says by what it was moved.
  theirs('config', 'core.logAllRefUpdates', 'always');
  process.env['GIT_CONFIG_GLOBAL'] = path.join(sandbox.root, 'gitconfig');
});
afterEach(async () => {
  for (const close of closers) await close();
  closers = [];
  if (global === undefined) delete process.env['GIT_CONFIG_GLOBAL'];
  else process.env['GIT_CONFIG_GLOBAL'] = global;
  sandbox.remove();
});

const theirs = (...args: string[]) => sandbox.git('--git-dir', sandbox.bare, ...args);
const hook = (name: string, text: string) =>
  writeFileSync(path.join(sandbox.bare, 'hooks', name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
const movedBy = () => theirs('log', '-g', '-1', '--format=%gs', branch);

function open(location = `file://${sandbox.bare}`, copies = 'copies') {
  const store = gitStore({ location, storeDir: path.join(sandbox.root, copies), author, log: silentLog() });
  closers.push(() => store.close());
  return store;
}

/** A branch with one commit, as a ledger has it before everything that counts here. */
async function begun(store: GitStore): Promise<Revision> {
  await store.fetch({ signal });
  const first = { parents: [], files: new Map(), message: 'Begin\n', author, at: AT };
  return store.append(branch, first, { expected: undefined, runHooks: false, signal });
}

const next = (store: GitStore, from: Revision, text: string, parents: Revision[] = []): Promise<Revision> =>
  store.append(
    branch,
    {
      base: from,
      parents: [from, ...parents],
      files: new Map([[`said/${text}`, Buffer.from(text)]]),
      message: `${text}\n`,
      author,
      at: AT,
    },
    { expected: from, runHooks: false, signal },
  );

describe('a file:// remote that asks nobody', () => {
  it('is written to without a push, and is what a push would have left', async () => {
    const store = open();
    const main = (await store.fetch({ signal }), await store.resolve('main', { signal })) as Revision;
    const one = await next(store, await begun(store), 'one', [main]);
    expect(movedBy()).toBe('towline');
    const two = await next(store, one, 'two', [main]);
    expect(theirs('rev-parse', branch)).toBe(two);
    expect(theirs('log', '-1', '--format=%P', branch)).toBe(`${one} ${main}`);
    expect(theirs('ls-tree', '-r', '--name-only', branch).split('\n')).toEqual(['said/one', 'said/two']);
    expect(theirs('fsck', '--strict', '--no-dangling')).toBe('');
    // What this side knows of the other is up to date without a fetch.
    expect(await store.resolve(branch, { signal })).toBe(two);
  });

  it('is one also for SHA-256, and for a path with odd characters', async () => {
    const strange = new GitSandbox('sha256');
    const folder = path.join(strange.root, 'a b%#ü.git');
    renameSync(strange.bare, folder);
    strange.git('remote', 'set-url', 'origin', folder);
    strange.write({ 'jobs/a.json': '{}' });
    strange.commit();
    strange.push();
    strange.git('--git-dir', folder, 'config', 'core.logAllRefUpdates', 'always');
    const store = open(`file://${encodeURI(folder).replace('#', '%23')}`);
    const tip = await next(store, await begun(store), 'one');
    expect(strange.git('--git-dir', folder, 'log', '-g', '-1', '--format=%H %gs', branch)).toBe(
      `${tip} towline`,
    );
    strange.remove();
  });

  it('gets signed entries as they were signed', async () => {
    const key = path.join(sandbox.root, 'key');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'ann', '-f', key]);
    for (const [name, value] of Object.entries({
      'gpg.format': 'ssh',
      'user.signingKey': key,
      'commit.gpgSign': 'true',
    }))
      sandbox.git('config', '--global', name, value);
    const store = open();
    const tip = await next(store, await begun(store), 'one');
    expect(movedBy()).toBe('towline');
    expect(theirs('cat-file', 'commit', tip)).toContain('-----BEGIN SSH SIGNATURE-----');
    expect(theirs('fsck', '--strict', '--no-dangling')).toBe('');
  });

  it('lets one of several writers win each time, and loses nothing', async () => {
    const stores = ['a', 'b', 'c'].map((name) => open(undefined, name));
    let tip = await begun(open());
    for (let round = 0; round < 5; round++) {
      for (const store of stores) await store.fetch({ signal });
      const tries = await Promise.allSettled(stores.map((store, at) => next(store, tip, `${round}-${at}`)));
      const won = tries.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
      expect(won).toHaveLength(1);
      for (const each of tries)
        if (each.status === 'rejected') expect(each.reason).toMatchObject({ code: 'git-lost-race' });
      [tip] = won as [Revision];
    }
    expect(theirs('rev-list', '--count', branch)).toBe('6');
  });

  it('gets a push again where the commit stands on something that it does not have', async () => {
    const store = open();
    const tip = await begun(store);
    const stray = await store.writeCommit(
      { parents: [], files: new Map([['x', Buffer.from('x')]]), message: 'x\n', author, at: AT },
      { signal },
    );
    await next(store, tip, 'one', [stray]);
    expect(movedBy()).toBe('push');
    expect(theirs('cat-file', '-t', stray)).toBe('commit');
  });

  it('is looked at anew for each: a hook that came meanwhile is asked, another repository in its place is seen', async () => {
    const store = open();
    const tip = await next(store, await begun(store), 'one');
    expect(movedBy()).toBe('towline');
    hook('pre-receive', 'echo "the ledger is closed" >&2; exit 1');
    await expect(next(store, tip, 'two')).rejects.toMatchObject({
      code: 'git-rejected',
      message: expect.stringContaining('the ledger is closed'),
    });
    expect(theirs('rev-parse', branch)).toBe(tip);
    const aside = `${sandbox.bare}.old`;
    renameSync(sandbox.bare, aside);
    await expect(next(store, tip, 'three')).rejects.toMatchObject({ code: 'git-remote-away' });
    expect(existsSync(sandbox.bare)).toBe(false);
    renameSync(aside, sandbox.bare);
    hook('pre-receive', 'exit 0');
    expect(theirs('rev-parse', branch)).toBe(tip);
    await next(store, tip, 'four');
    expect(movedBy()).toBe('push');
  });
});

describe('a file:// remote that asks somebody gets a push', () => {
  const cases: [what: string, prepare: () => void][] = [
    ...['pre-receive', 'update', 'post-receive', 'post-update'].map((name): [string, () => void] => [
      `a ${name} hook`,
      () => hook(name, `echo ${name} >> ${sandbox.root}/asked`),
    ]),
    ['checks of what arrives', () => theirs('config', 'transfer.fsckObjects', 'true')],
    ['settings for what it receives', () => theirs('config', 'receive.denyNonFastForwards', 'true')],
    ['hooks in another place', () => theirs('config', 'core.hooksPath', `${sandbox.root}/hooks`)],
    ['a group that shares it', () => theirs('config', 'core.sharedRepository', 'group')],
    ['a work tree', () => theirs('config', 'core.bare', 'false')],
    [
      'a push that goes to another address',
      () => {
        const elsewhere = path.join(sandbox.root, 'elsewhere');
        cpSync(sandbox.bare, path.join(elsewhere, 'jobs.git'), { recursive: true });
        sandbox.git('config', '--global', `url.file://${elsewhere}/.insteadOf`, `file://${sandbox.root}/`);
      },
    ],
  ];
  it.each(cases)('%s', async (what, prepare) => {
    const tip = await begun(open());
    prepare();
    const store = open(undefined, 'others');
    await store.fetch({ signal });
    const one = await next(store, tip, 'one');
    const bare = what.includes('address') ? path.join(sandbox.root, 'elsewhere/jobs.git') : sandbox.bare;
    const log = sandbox.git('--git-dir', bare, 'log', '-g', '-1', '--format=%H %gs', branch);
    expect(log).toBe(`${one} push`);
    const asked = path.join(sandbox.root, 'asked');
    if (what.endsWith('hook')) expect(readFileSync(asked, 'utf8').trim().split('\n')).toHaveLength(1);
  });
});
