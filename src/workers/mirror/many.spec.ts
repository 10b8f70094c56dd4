import { describe, expect, it } from '@jest/globals';
import { mirrorWorld, signal } from '../../../test/fakes/mirror-world.js';
import { kvKey } from '../../domain/source/kv-layout.js';
import type { Revision } from '../../domain/source/revision.js';
import { TowlineError } from '../../runtime/errors.js';

describe('mirrors of all branches and tags that fit', () => {
  const setUp = () => {
    const all = mirrorWorld();
    const { repository, commit } = all;
    const first = commit({ a: '1' });
    const second = commit({ a: '2' });
    repository.point('main', second);
    repository.point('env/eu', first);
    repository.point('env/us', second);
    repository.point('v1', first, 'tag', true);
    repository.point('light', second, 'tag');
    return { ...all, first, second };
  };
  const round = (group: ReturnType<ReturnType<typeof setUp>['many']>) =>
    group.once({ signal, trigger: 'once' });

  it('write each below a prefix of its own, and the revision where it is wanted', async () => {
    const { many, values, first } = setUp();
    await round(
      many({
        branches: ['env/*'],
        tags: ['*'],
        annotatedOnly: true,
        revisionKeyOf: (ref) => kvKey(`refs/${ref}`),
      }),
    );
    expect(await values('all/')).toEqual({ 'env/eu/a': '1', 'env/us/a': '2', 'v1/a': '1' });
    expect((await values('refs/'))['v1']).toBe(first);
  });

  it('look again only at what moved, and find what is new', async () => {
    const { many, repository, commit, values } = setUp();
    const group = many({ branches: ['env/*'], tags: ['v*'] });
    await round(group);
    repository.fetched.length = 0;
    await round(group);
    expect(repository.fetched).toEqual([]);
    repository.point('env/eu', commit({ a: '3' }));
    repository.point('v2', commit({ a: '4' }), 'tag');
    await round(group);
    expect(repository.fetched).toEqual(['env/eu', 'v2']);
    expect(await values('all/')).toEqual({ 'env/eu/a': '3', 'env/us/a': '2', 'v1/a': '1', 'v2/a': '4' });
  });

  it('keep what is gone, or delete it, but never all of it', async () => {
    const { many, repository, values } = setUp();
    await round(many({ branches: ['env/*'] }));
    repository.named.delete('env/eu');
    await round(many({ branches: ['env/*'] }));
    expect(Object.keys(await values('all/'))).toEqual(['env/eu/a', 'env/us/a']);
    await round(many({ branches: ['env/*'], gone: 'delete' }));
    expect(Object.keys(await values('all/'))).toEqual(['env/us/a']);
    repository.named.delete('env/us');
    await round(many({ branches: ['env/*'], gone: 'delete' }));
    expect(Object.keys(await values('all/'))).toEqual(['env/us/a']);
  });

  it('go on where one of them can not be mirrored', async () => {
    const { many, repository, values } = setUp();
    repository.point('env/bad', 'f'.repeat(40) as Revision);
    const readTree = repository.readTree.bind(repository);
    repository.readTree = async (revision, folder) => {
      if (revision === 'f'.repeat(40))
        throw new TowlineError('git-folder-missing', 'invalid', 'no such folder');
      return readTree(revision, folder);
    };
    await round(many({ branches: ['env/*'] }));
    expect(Object.keys(await values('all/'))).toEqual(['env/eu/a', 'env/us/a']);
  });
});
