import { afterAll, describe, expect, it } from '@jest/globals';
import type { LedgerEntry } from '../../src/domain/record/ledger-entry.js';
import type { ObjectId, Revision } from '../../src/domain/source/revision.js';
import { gitStore } from '../../src/git/index.js';
import { gitLedger, journaledLedger } from '../../src/ledger/index.js';
import { ledgerContract } from '../../src/ports/ledger.contract.js';
import { silentLog } from '../../src/runtime/log.js';
import { GitSandbox } from '../fakes/git-sandbox.js';
import { MemoryLedger } from '../fakes/memory-ledger.js';

const author = { name: 'Towline', email: 'towline@localhost' };
const stores: { close(): Promise<void> }[] = [];
const ledgerOf = (sandbox: GitSandbox, location: string, copies: string) => {
  const store = gitStore({ location, storeDir: `${sandbox.root}/${copies}`, author, log: silentLog() });
  stores.push(store);
  return gitLedger({ store, branch: 'ledger/test', environment: 'test', author });
};
afterAll(async () => void (await Promise.all(stores.map((store) => store.close()))));

describe('in memory', () =>
  ledgerContract(async () => ({ ledger: new MemoryLedger(), revision: 'a'.repeat(40) as Revision })));

describe('with a journal before it', () => {
  const sandboxes: GitSandbox[] = [];
  afterAll(() => sandboxes.forEach((sandbox) => sandbox.remove()));
  ledgerContract(async () => {
    const sandbox = new GitSandbox();
    sandboxes.push(sandbox);
    sandbox.write({ 'jobs/web.yaml': 'id: /web\n' });
    const revision = sandbox.commit() as Revision;
    sandbox.push();
    const inner = ledgerOf(sandbox, sandbox.bare, 'copies');
    const folder = `${sandbox.root}/journal`;
    return { ledger: journaledLedger(inner, { folder, environment: 'test', log: silentLog() }), revision };
  });
});

for (const [what, scheme] of [
  ['in a bare repository', ''],
  ['over a remote', 'file://'],
] as const) {
  describe(what, () => {
    const sandboxes: GitSandbox[] = [];
    afterAll(() => sandboxes.forEach((sandbox) => sandbox.remove()));
    const begin = (): { sandbox: GitSandbox; revision: Revision } => {
      const sandbox = new GitSandbox();
      sandboxes.push(sandbox);
      sandbox.write({ 'jobs/web.yaml': 'id: /web\n' });
      const revision = sandbox.commit() as Revision;
      sandbox.push();
      return { sandbox, revision };
    };
    ledgerContract(async () => {
      const { sandbox, revision } = begin();
      return { ledger: ledgerOf(sandbox, `${scheme}${sandbox.bare}`, 'copies'), revision };
    });

    const waiting = { signal: new AbortController().signal };
    const entry = (revision: Revision, pass: string): LedgerEntry => ({
      phase: 'outcome',
      environment: 'test',
      pass,
      planDigest: 'abc',
      actor: 'ann@host',
      decisions: [],
      revision,
      trees: [{ folder: '', tree: 'b'.repeat(40) as ObjectId }],
      trigger: 'test',
      at: '2026-01-01T00:00:01.000Z',
      outcomes: [],
      files: { 'marathon/web.json': { id: '/web', cmd: pass } },
      state: {
        version: 1,
        environment: 'test',
        revision,
        trees: [{ folder: '', tree: 'b'.repeat(40) as ObjectId }],
        pass,
        jobs: {},
        intents: [],
      },
    });

    it('has the entry before and the deployed revision as parents, so that plain git tells the story', async () => {
      const { sandbox, revision } = begin();
      const ledger = ledgerOf(sandbox, `${scheme}${sandbox.bare}`, 'copies');
      await ledger.head(waiting);
      const first = await ledger.append(entry(revision, 'p1'), undefined, waiting);
      sandbox.write({ 'jobs/web.yaml': 'id: /web\ncmd: x\n' });
      const next = sandbox.commit('Change web') as Revision;
      sandbox.push();
      await ledger.head(waiting);
      const second = await ledger.append(entry(next, 'p2'), first, waiting);
      sandbox.git('fetch', '-q', 'origin');
      expect(sandbox.git('log', '-1', '--format=%P', second)).toBe(`${first} ${next}`);
      expect(sandbox.git('log', '--first-parent', '--format=%s', 'origin/ledger/test').split('\n')).toEqual([
        expect.stringContaining('Deploy'),
        expect.stringContaining('Deploy'),
        'Begin the ledger of test',
      ]);
      expect(sandbox.git('log', '--format=%s', 'origin/ledger/test')).toContain('Change web');
      expect(sandbox.git('ls-tree', '-r', '--name-only', second).split('\n')).toEqual([
        'marathon/web.json',
        'state.json',
      ]);
    });

    it('lets one of two writers win; the other finds what it missed', async () => {
      const { sandbox, revision } = begin();
      const one = ledgerOf(sandbox, `${scheme}${sandbox.bare}`, 'one');
      const two = ledgerOf(sandbox, `${scheme}${sandbox.bare}`, 'two');
      await Promise.all([one.head(waiting), two.head(waiting)]);
      const heads = await Promise.allSettled([
        one.append(entry(revision, 'p1'), undefined, waiting),
        two.append(entry(revision, 'p2'), undefined, waiting),
      ]);
      expect(heads.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
      const [seenByOne, seenByTwo] = await Promise.all([one.head(waiting), two.head(waiting)]);
      expect(seenByOne).toEqual(seenByTwo);
    });

    it('is not used where somebody wrote into it by hand, or where it is of another environment', async () => {
      const { sandbox, revision } = begin();
      const ledger = ledgerOf(sandbox, `${scheme}${sandbox.bare}`, 'copies');
      sandbox.git('push', '-q', 'origin', 'HEAD:refs/heads/ledger/test');
      await expect(ledger.head(waiting)).rejects.toMatchObject({ code: 'ledger-damaged' });
      sandbox.git('push', '-q', 'origin', ':refs/heads/ledger/test');
      await ledger.head(waiting);
      await ledger.append(
        { ...entry(revision, 'p1'), state: { ...entry(revision, 'p1').state, environment: 'other' } },
        undefined,
        waiting,
      );
      await expect(ledger.head(waiting)).rejects.toMatchObject({
        code: 'ledger-damaged',
        message: expect.stringContaining('"other"'),
      });
    });
  });
}
