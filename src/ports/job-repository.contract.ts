import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GitSandbox } from '../../test/fakes/git-sandbox.js';
import type { ObjectId, Revision } from '../domain/source/revision.js';
import { blobId, treeId } from '../domain/source/tree-id.js';
import type { JobRepository } from './job-repository.js';

/** What every JobRepository must do, over real repositories. `rawNames`: names that are not UTF-8 are kept exactly. */
export function jobRepositoryContract(
  open: (location: string) => JobRepository & { close?: () => Promise<void> },
  { rawNames, largeBlobs }: { rawNames: boolean; largeBlobs: boolean },
): void {
  describe('a job repository', () => {
    const signal = new AbortController().signal;
    const sandbox = new GitSandbox();
    let repository: ReturnType<typeof open>;
    let first: Revision;
    let second: Revision;
    const big = Buffer.alloc(largeBlobs ? 20_000_000 : 200_000, 'z');
    const files: Record<string, string | Buffer> = {
      'jobs/web.yaml': 'id: /web\n',
      'jobs/deep/er/api.json': '{}',
      'jobs/ spaced "quoted"': 'x',
      // isomorphic-git refuses such a name for Windows' sake, and with it the whole tree.
      ...(rawNames ? { 'jobs/back\\slash': 'x' } : {}),
      'jobs/line\nbreak': 'x',
      'jobs/-dash': 'x',
      'jobs/ünï/💾.json': 'x',
      'jobs/empty': '',
      'jobs/binary': Buffer.from([0, 255, 10, 13, 10, 0]),
      'jobs/big': big,
      'jobs2/beside.json': '{}',
      'readme.md': 'hello',
    };

    beforeAll(() => {
      sandbox.write(files);
      sandbox.write({ 'jobs/run.sh': '#!/bin/sh\n' });
      sandbox.executable('jobs/run.sh');
      sandbox.link('jobs/link', 'web.yaml');
      first = sandbox.commit(
        'First of all\n\nWith a body.\n\nTowline-Release: shop/web:1\nTowline-Environment: test',
      ) as Revision;
      sandbox.push();
      sandbox.write({ 'jobs/web.yaml': 'id: /web\ncmd: x\n', 'jobs/empty': null, 'jobs/new': 'n' });
      second = sandbox.commit('Second') as Revision;
      sandbox.push();
      sandbox.git('tag', '-a', 'v1', '-m', 'one', first);
      sandbox.push('origin', 'v1');
      repository = open(sandbox.bare);
    });
    afterAll(async () => {
      await repository.close?.();
      sandbox.remove();
    });

    it('names the commit of a branch, a tag and an id, and nothing where there is none', async () => {
      expect(await repository.resolve('main', { signal })).toBe(second);
      expect(await repository.resolve('v1', { signal })).toBe(first);
      expect(await repository.resolve(first, { signal })).toBe(first);
      expect(await repository.resolve('no/such', { signal })).toBeUndefined();
      expect(await repository.resolve(first.slice(0, 10), { signal })).toBeUndefined();
      expect(await repository.resolve('main~1', { signal })).toBeUndefined();
    });

    it("understands people's ways to name a commit where a person is asked", async () => {
      expect(await repository.resolveExpression('main', { signal })).toBe(second);
      expect(await repository.resolveExpression(first.slice(0, 10), { signal })).toBe(first);
      expect(await repository.resolveExpression(`${second}~1`, { signal })).toBe(first);
      expect(await repository.resolveExpression(`${second}^`, { signal })).toBe(first);
      expect(await repository.resolveExpression(`${second}~2`, { signal })).toBeUndefined();
      expect(await repository.resolveExpression('no/such', { signal })).toBeUndefined();
    });

    it('reads a folder whole: every name, mode and id, and the id that they add up to', async () => {
      const tree = await repository.readTree(first, 'jobs', { signal });
      const expected = Object.keys(files)
        .filter((name) => name.startsWith('jobs/'))
        .map((name) => name.slice('jobs/'.length));
      expect(tree.entries.map((e) => e.path).sort()).toEqual([...expected, 'link', 'run.sh'].sort());
      expect(tree.entries.find((e) => e.path === 'link')?.mode).toBe('120000');
      expect(tree.entries.find((e) => e.path === 'run.sh')?.mode).toBe('100755');
      expect(tree.id).toBe(sandbox.git('rev-parse', `${first}:jobs`));
      expect(treeId(tree.entries, tree.format)).toBe(tree.id);
      for (const name of expected)
        expect(tree.entries.find((e) => e.path === name)?.id).toBe(
          blobId(Buffer.from(files[`jobs/${name}`] ?? ''), 'sha1'),
        );
    });

    it('gives exact bytes in the order asked for', async () => {
      const { entries } = await repository.readTree(first, 'jobs', { signal });
      const names = ['binary', 'big', 'empty', 'line\nbreak', 'web.yaml', 'binary'];
      const ids = names.map((name) => entries.find((e) => e.path === name)!.id);
      const read: Buffer[] = [];
      for await (const { id, bytes } of repository.readBlobs(ids, { signal })) {
        expect(id).toBe(ids[read.length]);
        read.push(Buffer.from(bytes));
      }
      expect(
        read.map((bytes) => bytes.equals(Buffer.from(files[`jobs/${names[read.indexOf(bytes)]}`] ?? ''))),
      ).toEqual(names.map(() => true));
      expect(
        Buffer.from((await repository.readFile(first, 'jobs/line\nbreak', { signal })) ?? []).toString(),
      ).toBe('x');
      expect(await repository.readFile(first, 'jobs/none', { signal })).toBeUndefined();
      expect(await repository.readFile(first, 'jobs', { signal })).toBeUndefined();
    });

    it('takes a missing folder or object for an error, never for an empty one', async () => {
      await expect(repository.readTree(first, 'nothing', { signal })).rejects.toMatchObject({
        kind: 'invalid',
      });
      await expect(repository.readTree(first, 'readme.md', { signal })).rejects.toMatchObject({
        kind: 'invalid',
      });
      const missing = async () => {
        for await (const _ of repository.readBlobs(['a'.repeat(40) as ObjectId], { signal })) return;
      };
      await expect(missing()).rejects.toMatchObject({ code: 'git-object-missing' });
      const away = open(`${sandbox.root}/not-there.git`);
      await expect(away.fetch({ signal }).then(() => away.resolve('main', { signal }))).rejects.toMatchObject(
        { kind: 'unavailable' },
      );
    });

    it('compares two revisions of a folder', async () => {
      const changes = await repository.diff(first, second, 'jobs', { signal });
      const lines = changes.map((c) => `${c.kind} ${c.kind === 'deleted' ? c.path : c.entry.path}`);
      expect(lines.sort()).toEqual(['added new', 'deleted empty', 'modified web.yaml']);
      expect(await repository.diff(first, second, 'jobs2', { signal })).toEqual([]);
      expect(await repository.diff(second, second, 'jobs', { signal })).toEqual([]);
    });

    it('tells the history, with trailers, limited to a file or a text', async () => {
      const all = await repository.log(second, { signal, limit: 10 });
      expect(all.map((c) => c.subject)).toEqual(['Second', 'First of all']);
      expect(all[1]).toMatchObject({
        revision: first,
        author: { name: 'Ann', email: 'ann@example.org' },
        trailers: [
          { key: 'Towline-Release', value: 'shop/web:1' },
          { key: 'Towline-Environment', value: 'test' },
        ],
      });
      expect(
        (
          await repository.log(second, { signal, limit: 1, paths: ['jobs/deep/er/api.json', 'no/such.json'] })
        ).map((c) => c.revision),
      ).toEqual([first]);
      expect(
        (await repository.log(second, { signal, limit: 5, grep: 'Towline-Release: shop/web:1' })).map(
          (c) => c.revision,
        ),
      ).toEqual([first]);
      expect(await repository.isAncestor(first, second, { signal })).toBe(true);
      expect(await repository.isAncestor(second, first, { signal })).toBe(false);
    });

    it('leaves out of its history what another commit has', async () => {
      const log = async (from: Revision, exclude: Revision): Promise<Revision[]> =>
        (await repository.log(from, { signal, limit: 10, exclude })).map(({ revision }) => revision);
      expect(await log(second, first)).toEqual([second]);
      expect(await log(second, second)).toEqual([]);
      expect(await log(first, second)).toEqual([]);
    });

    it('follows a forced push to an unrelated history', async () => {
      sandbox.git('checkout', '-q', '--orphan', 'other');
      sandbox.write({ 'jobs/only.json': '{}' });
      const third = sandbox.commit('Unrelated') as Revision;
      sandbox.push('-f', 'origin', 'HEAD:main');
      await repository.fetch({ signal });
      expect(await repository.resolve('main', { signal })).toBe(third);
      expect((await repository.diff(second, third, 'jobs', { signal })).length).toBeGreaterThan(0);
    });

    it('lists branches and tags, and says which tags have an object of their own', async () => {
      sandbox.git('tag', 'light', first);
      sandbox.git('tag', '-a', '-m', 'With a message', 'heavy/1', second);
      sandbox.push('origin', 'light', 'heavy/1');
      const refs = await repository.refs({ signal });
      const tags = refs.filter(({ kind, name }) => kind === 'tag' && name !== 'v1');
      expect(tags.map(({ name, annotated }) => [name, annotated]).sort()).toEqual([
        ['heavy/1', true],
        ['light', false],
      ]);
      expect(tags.find(({ name }) => name === 'light')?.id).toBe(first);
      await repository.fetch({ signal });
      const main = await repository.resolve('main', { signal });
      expect(refs.find(({ ref }) => ref === 'refs/heads/main')?.id).toBe(main);
      expect(await repository.resolve('heavy/1', { signal })).toBe(second);
    });

    (rawNames ? it : it.skip)('keeps names that are not UTF-8', async () => {
      const blob = sandbox.git('hash-object', '-w', 'readme.md');
      const raw = Buffer.from([0x66, 0xff]);
      const { execFileSync } = await import('node:child_process');
      const env = { ...sandbox.env, GIT_INDEX_FILE: `${sandbox.root}/raw-index` };
      const run = (args: string[], input?: Buffer) =>
        execFileSync('git', args, { cwd: sandbox.work, env, input }).toString().trim();
      run(
        ['update-index', '-z', '--index-info'],
        Buffer.concat([Buffer.from(`100644 ${blob}\tjobs/`), raw, Buffer.from([0])]),
      );
      const commit = run(['commit-tree', '-m', 'raw', run(['write-tree'])]) as Revision;
      sandbox.push('origin', `${commit}:refs/heads/raw`);
      await repository.fetch({ signal });
      const tree = await repository.readTree(commit, 'jobs', { signal });
      expect(tree.entries[0]?.pathHex).toBe(raw.toString('hex'));
      expect(treeId(tree.entries, 'sha1')).toBe(tree.id);
    });
  });
}
