import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { existsSync, writeFileSync } from 'node:fs';
import { GitSandbox } from '../../test/fakes/git-sandbox.js';
import type { Revision } from '../domain/source/revision.js';
import type { GitStore } from './git-store.js';

/** What every GitStore must do beyond reading, over real repositories. */
export function gitStoreContract(open: (location: string) => GitStore & { close(): Promise<void> }): void {
  describe('a git store', () => {
    const signal = new AbortController().signal;
    const sandbox = new GitSandbox();
    let store: ReturnType<typeof open>;
    let base: Revision;
    const author = { name: 'Towline', email: 'towline@localhost' };
    const at = Date.UTC(2026, 0, 2, 3, 4, 5);
    const write = (
      files: Record<string, string | null>,
      parents: Revision[] = [base],
      from: Revision | null = base,
    ) =>
      store.writeCommit(
        {
          ...(from === null ? {} : { base: from }),
          parents,
          files: new Map(
            Object.entries(files).map(([name, text]) => [name, text === null ? null : Buffer.from(text)]),
          ),
          message: 'Change\n\nTowline-Pass: 1\n',
          author,
          at,
        },
        { signal },
      );
    const inBare = (...args: string[]) => sandbox.git('--git-dir', sandbox.bare, ...args);

    beforeAll(() => {
      sandbox.write({ 'a.sh': 'x', 'b/c.json': '{}' });
      sandbox.executable('a.sh');
      base = sandbox.commit() as Revision;
      sandbox.push();
      store = open(sandbox.bare);
    });
    afterAll(async () => {
      await store.close();
      sandbox.remove();
    });

    it('writes a commit with the parents that it was told, keeping the modes of files', async () => {
      await store.fetch({ signal });
      const commit = await write({ 'a.sh': 'y', 'b/c.json': null, 'new name.json': '{"a":1}' });
      await store.publish('side', commit, { expected: undefined, runHooks: false, signal });
      expect(
        inBare('ls-tree', '-r', commit)
          .split('\n')
          .map((l) => l.split(/[ \t]/)[0]),
      ).toEqual(['100755', '100644']);
      expect(inBare('log', '-1', '--format=%an %ae %aI %P', commit)).toBe(
        `Towline towline@localhost 2026-01-02T03:04:05+00:00 ${base}`,
      );
      const root = await write({ 'x.json': '1' }, [], null);
      expect((await store.readTree(root, '', { signal })).entries.map((e) => e.path)).toEqual(['x.json']);
    });

    it('moves a branch only from where it was expected to be', async () => {
      const one = await write({ 'b/c.json': '1' });
      const two = await write({ 'b/c.json': '2' });
      await store.publish('race', one, { expected: undefined, runHooks: false, signal });
      await expect(
        store.publish('race', two, { expected: undefined, runHooks: false, signal }),
      ).rejects.toMatchObject({ kind: 'conflict' });
      await expect(
        store.publish('race', two, { expected: base, runHooks: true, signal }),
      ).rejects.toMatchObject({ kind: 'conflict' });
      expect(await store.resolve('race', { signal })).toBe(one);
      const results = await Promise.allSettled(
        [two, await write({ 'b/c.json': '3' })].map((commit) =>
          store.publish('race', commit, { expected: one, runHooks: false, signal }),
        ),
      );
      expect(results.map((r) => r.status).sort()).toEqual(['fulfilled', 'rejected']);
    });

    it('writes and publishes in one step, or leaves the branch where somebody else has put it', async () => {
      const one = await write({ 'b/c.json': '1' });
      await store.publish('steps', one, { expected: undefined, runHooks: false, signal });
      const append = (from: Revision, text: string) => {
        const files = new Map([['b/c.json', Buffer.from(text)]]);
        return store.append(
          'steps',
          { base: from, parents: [from, base], files, message: `${text}\n`, author, at },
          { expected: from, runHooks: false, signal },
        );
      };
      const two = await append(one, '2');
      expect(await store.resolve('steps', { signal })).toBe(two);
      expect(inBare('log', '--format=%P', 'refs/heads/steps', `--max-count=1`)).toBe(`${one} ${base}`);
      expect(inBare('show', 'refs/heads/steps:b/c.json')).toBe('2');
      await expect(append(one, 'late')).rejects.toMatchObject({ code: 'git-lost-race', kind: 'conflict' });
      expect(inBare('rev-parse', 'refs/heads/steps')).toBe(two);
      const many = Object.fromEntries(
        Array.from({ length: 100 }, (_, n) => [`many/${n}`, Buffer.from(`${n}`)]),
      );
      const three = await store.append(
        'steps',
        { base: two, parents: [two], files: new Map(Object.entries(many)), message: 'Many\n', author, at },
        { expected: two, runHooks: false, signal },
      );
      expect(inBare('ls-tree', '-r', '--name-only', three).split('\n')).toHaveLength(102);
      expect(inBare('rev-parse', 'refs/heads/steps')).toBe(three);
      expect(inBare('fsck', '--strict', '--no-dangling')).toBe('');
    });

    it('runs the hooks of the repository when asked, and says why one refused', async () => {
      writeFileSync(
        `${sandbox.bare}/hooks/pre-receive`,
        '#!/bin/sh\necho "no: jobs/web.json:3:4 wrong" >&2\nexit 1\n',
        { mode: 0o755 },
      );
      writeFileSync(`${sandbox.bare}/hooks/post-receive`, `#!/bin/sh\ntouch ${sandbox.root}/ran\n`, {
        mode: 0o755,
      });
      const commit = await write({ 'b/c.json': '4' });
      await expect(
        store.publish('hooked', commit, { expected: undefined, runHooks: true, signal }),
      ).rejects.toMatchObject({
        kind: 'refused',
        message: expect.stringContaining('jobs/web.json:3:4'),
      });
      writeFileSync(`${sandbox.bare}/hooks/pre-receive`, '#!/bin/sh\nexit 0\n', { mode: 0o755 });
      await store.publish('hooked', commit, { expected: undefined, runHooks: true, signal });
      expect(await store.resolve('hooked', { signal })).toBe(commit);
      expect(existsSync(`${sandbox.root}/ran`)).toBe(true);
    });

    it('refuses names that could be taken for options', async () => {
      await expect(store.resolve('--all', { signal })).rejects.toMatchObject({ kind: 'invalid' });
    });
  });
}
