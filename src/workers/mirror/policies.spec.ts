import { describe, expect, it } from '@jest/globals';
import { mirrorWorld as world, root, signal, text } from '../../../test/fakes/mirror-world.js';
import { kvKey, MIRROR_FLAG, mirrorLayout } from '../../domain/source/kv-layout.js';
import { readMirror } from '../../queries/desired.js';
import { readClaims } from './index.js';

describe('keys of somebody else below the prefix', () => {
  it('stay, and go only where that is configured', async () => {
    const { commit, mirror, once, put, values } = world();
    commit({ a: '1', b: '2', c: '3' });
    await put('conf/theirs', 'x');
    await once(mirror());
    expect(Object.keys(await values())).toEqual(['a', 'b', 'c', 'theirs']);
    await once(mirror({ policy: { foreign: 'delete', drift: 'repair' } }));
    expect(Object.keys(await values())).toEqual(['a', 'b', 'c']);
  });

  it('count for the guard when they would go', async () => {
    const { commit, mirror, once, put, values } = world();
    commit({ a: '1' });
    for (let at = 0; at < 20; at++) await put(`conf/theirs/${at}`, String(at));
    const guarded = mirror({
      policy: { foreign: 'delete', drift: 'repair' },
      deletes: { maxCount: 10, maxShare: 1, allowed: false },
    });
    await expect(once(guarded)).rejects.toMatchObject({ code: 'mirror-deletes' });
    expect(Object.keys(await values())).toHaveLength(20);
  });
});

describe('keys that were edited by hand', () => {
  it('can be left as they are and named, while what Git changes is mirrored; readers see that they are no whole state', async () => {
    const { kv, commit, mirror, once, put, values } = world();
    const reporting = { policy: { foreign: 'keep', drift: 'report' } } as const;
    commit({ a: '1', b: '2', c: '3' });
    await once(mirror(reporting));
    await put('conf/a', 'by hand');
    await put('conf/forged', 'x', MIRROR_FLAG);
    await kv.delete(kvKey('conf/b'), { signal });
    expect(await once(mirror(reporting))).toMatchObject({
      kind: 'unchanged',
      plan: { drift: ['conf/a', 'conf/b', 'conf/forged'] },
    });
    commit({ a: '1', b: '2', c: 'three', d: '4' });
    expect(await once(mirror(reporting))).toMatchObject({ kind: 'applied', applied: { written: 2 } });
    expect(await values()).toEqual({ a: 'by hand', c: 'three', d: '4', forged: 'x' });
    expect(await readMirror(kv, mirrorLayout(root, 'conf', 'conf/'), { signal })).toMatchObject({
      kind: 'tampered',
    });
    await once(mirror());
    expect(await values()).toEqual({ a: '1', b: '2', c: 'three', d: '4' });
  });
});

describe('a branch that is gone', () => {
  it('is an error and changes nothing, unless its keys shall go with it', async () => {
    const { kv, repository, commit, mirror, once, put, values } = world();
    const revision = commit({ a: '1', b: '2' });
    repository.point('main', revision);
    repository.point('other', revision);
    await put('conf/theirs', 'x');
    const revisionKey = kvKey('conf.ref');
    await once(mirror({ revisionKey }));
    repository.named.delete('main');
    await expect(once(mirror())).rejects.toMatchObject({ code: 'mirror-branch-missing' });
    const guarded = mirror({
      gone: 'delete',
      revisionKey,
      deletes: { maxCount: 1, maxShare: 1, allowed: false },
    });
    await expect(once(guarded)).rejects.toMatchObject({ code: 'mirror-deletes' });
    expect(Object.keys(await values())).toHaveLength(3);
    await once(mirror({ gone: 'delete', revisionKey }));
    expect(await values()).toEqual({ theirs: 'x' });
    expect(await kv.get(revisionKey, { signal })).toBeUndefined();
    expect(await readMirror(kv, mirrorLayout(root, 'conf', 'conf/'), { signal })).toEqual({ kind: 'absent' });
  });

  it('takes nothing along when the repository has no branch at all any more', async () => {
    const { repository, commit, mirror, once, values } = world();
    repository.point('main', commit({ a: '1' }));
    await once(mirror());
    repository.named.delete('main');
    repository.resolve = async () => undefined;
    repository.refs = async () => [];
    await expect(once(mirror({ gone: 'delete' }))).rejects.toMatchObject({ code: 'mirror-branch-missing' });
    expect(await values()).toEqual({ a: '1' });
  });
});

describe('a history that was rewritten', () => {
  it('is followed, or held until somebody allows it', async () => {
    const { repository, commit, mirror, once, values } = world();
    const held = mirror({ rewritten: 'hold' });
    repository.point('main', commit({ a: '1' }));
    await once(held);
    repository.point('main', commit({ a: '2' }));
    await once(held);
    expect(await values()).toEqual({ a: '2' });
    repository.rewritten = true;
    repository.point('main', commit({ a: '3' }));
    for (const full of [true, false])
      await expect(once(held, full)).rejects.toMatchObject({ code: 'mirror-rewritten' });
    expect(await values()).toEqual({ a: '2' });
    await once(mirror());
    expect(await values()).toEqual({ a: '3' });
  });

  it('of a tag is any other commit', async () => {
    const { repository, commit, mirror, once } = world();
    const held = mirror({ rewritten: 'hold', branch: 'v1' });
    repository.point('v1', commit({ a: '1' }), 'tag');
    await once(held);
    await once(held);
    repository.point('v1', commit({ a: '2' }), 'tag');
    await expect(once(held)).rejects.toThrow('was moved');
  });
});

describe('a view of a folder', () => {
  it('is of the files that are included and not excluded, and goes on when others change', async () => {
    const { kv, commit, mirror, once, values } = world();
    const view = { select: { include: ['*.json', 'conf/**'], exclude: ['.git*', 'secret.json'] } };
    commit({
      'a.json': '1',
      'deep/b.json': '2',
      'conf/x.txt': '3',
      'README.md': '4',
      '.github/c.json': '5',
      'secret.json': '6',
    });
    await once(mirror({ view }));
    expect(await values()).toEqual({ 'a.json': '1', 'deep/b.json': '2', 'conf/x.txt': '3' });
    expect(await readMirror(kv, mirrorLayout(root, 'conf', 'conf/'), { signal })).toMatchObject({
      kind: 'whole',
    });
    commit({ 'a.json': '1', 'deep/b.json': 'two', 'README.md': 'new' });
    await once(mirror({ view }), false);
    expect(await values()).toEqual({ 'a.json': '1', 'deep/b.json': 'two' });
    expect(await readMirror(kv, mirrorLayout(root, 'conf', 'conf/'), { signal })).toMatchObject({
      kind: 'whole',
    });
  });

  it('has values of this machine in it; one that is missing keeps everything as it was', async () => {
    const { kv, commit, mirror, once, values } = world();
    const view = {
      secrets: { DB_PASSWORD: 'p"w' },
      expand: { arrays: 'index', ignoreExtension: false },
    } as const;
    commit({ 'a.txt': 'pw={{{ DB_PASSWORD }}} {{DB_PASSWORD}}', 'b.json': '{"user": "x"}' });
    await once(mirror({ view }));
    expect(await values()).toEqual({ 'a.txt': 'pw=p"w {{DB_PASSWORD}}', 'b.json/user': 'x' });
    expect(await readMirror(kv, mirrorLayout(root, 'conf', 'conf/'), { signal })).toMatchObject({
      kind: 'whole',
    });
    commit({ 'a.txt': '{{{OTHER}}}' });
    await expect(once(mirror({ view }))).rejects.toMatchObject({
      code: 'mirror-secret',
      details: ['a.txt: {{{OTHER}}}'],
    });
    expect(await values()).toEqual({ 'a.txt': 'pw=p"w {{DB_PASSWORD}}', 'b.json/user': 'x' });
  });

  it('names files whose content Git LFS keeps elsewhere, also when they come later', async () => {
    const { kv, commit, mirror, once, values } = world();
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'a'.repeat(64)}\nsize 12\n`;
    const attributes = { '.gitattributes': '*.bin filter=lfs diff=lfs merge=lfs -text\n' };
    commit({ ...attributes, 'a.bin': pointer, 'b.txt': 'x', 'c.bin': 'real bytes' });
    const skipped = async () => {
      const state = await readMirror(kv, mirrorLayout(root, 'conf', 'conf/'), { signal });
      return state.kind === 'whole'
        ? state.mirrorRef.folders.flatMap((f) => f.exceptions.filter((e) => !e.held).map((e) => e.path))
        : [state.kind];
    };
    await once(mirror());
    expect(Object.keys(await values())).toEqual(['.gitattributes', 'b.txt', 'c.bin']);
    expect(await skipped()).toEqual(['a.bin']);
    commit({ ...attributes, 'a.bin': pointer, 'b.txt': 'y', 'c.bin': pointer.replace('12', '13') });
    await once(mirror(), false);
    expect(Object.keys(await values())).toEqual(['.gitattributes', 'b.txt']);
    expect(await skipped()).toEqual(['a.bin', 'c.bin']);
    // Without a word in .gitattributes it is a file as any other, on both ways to a plan.
    commit({ 'a.bin': pointer, 'b.txt': 'y', 'c.bin': pointer.replace('12', '13') });
    await once(mirror(), false);
    expect(Object.keys(await values())).toEqual(['a.bin', 'b.txt', 'c.bin']);
    commit({ 'a.bin': pointer, 'b.txt': 'y', 'c.bin': pointer.replace('12', '14') });
    await once(mirror(), false);
    expect((await values())['c.bin']).toContain('size 14');
  });
});

describe('files that KV holds otherwise than Git does', () => {
  const many = (count: number, mode: '100755' | '120000') =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`f/${at}`, { mode, text: String(at) }]));

  it('may be executable by the thousands, and the tree is still proven', async () => {
    const { kv, commit, mirror, once, values } = world();
    commit({ ...many(4000, '100755'), plain: 'x' });
    await once(mirror());
    expect(Object.keys(await values())).toHaveLength(4001);
    const read = () => readMirror(kv, mirrorLayout(root, 'conf', 'conf/'), { signal });
    expect(await read()).toMatchObject({ kind: 'whole' });
    commit({ ...many(4000, '100755'), plain: 'y' });
    expect(await once(mirror(), false)).toMatchObject({ applied: { written: 1 } });
    expect(await read()).toMatchObject({ kind: 'whole' });
  });

  it('are an error where they are too many to be named, before anything is written', async () => {
    const { kv, commit, mirror, once } = world();
    commit({ ...many(4000, '120000'), plain: 'x' });
    await expect(once(mirror())).rejects.toMatchObject({ code: 'mirror-exceptions' });
    expect((await kv.list('conf/', { signal })).value).toEqual([]);
    expect(await kv.get(mirrorLayout(root, 'conf', 'conf/').changes, { signal })).toBeUndefined();
  });
});

describe('mirrors whose prefixes lie in one another', () => {
  it('leave each other alone, whoever comes first', async () => {
    const { commit, mirror, once, values } = world();
    const outer = () => mirror({}, 'outer', 'conf/');
    const inner = () => mirror({}, 'inner', 'conf/inner/');
    commit({ a: '1', 'inner/b': '2' });
    await once(outer());
    await once(inner());
    await once(outer());
    await once(inner());
    expect(await values()).toEqual({ a: '1', 'inner/a': '1', 'inner/inner/b': '2' });
    commit({ a: 'one', 'inner/b': 'two' });
    await once(outer(), false);
    await once(inner(), false);
    expect(await values()).toEqual({ a: 'one', 'inner/a': 'one', 'inner/inner/b': 'two' });
    commit({ a: 'one' });
    await once(outer(), false);
    expect(await values()).toEqual({ a: 'one', 'inner/a': 'one', 'inner/inner/b': 'two' });
  });

  it("never touch Towline's own keys from the root of the store", async () => {
    const { kv, commit, mirror, once, put } = world();
    await put('towline/production/config/job.json', 'x', MIRROR_FLAG);
    commit({ a: '1', 'towline/production/config/other.json': 'y' });
    const all = () => mirror({ policy: { foreign: 'delete', drift: 'repair' } }, 'all', '');
    await once(all());
    await once(all());
    expect(text((await kv.get(kvKey('towline/production/config/job.json'), { signal }))?.value)).toBe('x');
    expect(await kv.get(kvKey('towline/production/config/other.json'), { signal })).toBeUndefined();
    expect(text((await kv.get(kvKey('a'), { signal }))?.value)).toBe('1');
  });

  it('never touch an environment that has a prefix of its own', async () => {
    const { kv, commit, mirror, once, put } = world();
    await put('shop/config/job.json', 'x', MIRROR_FLAG);
    commit({ a: '1' });
    const all = mirror(
      { claims: { root, read: () => readClaims(kv, root, { signal, also: ['shop/'] }) } },
      'all',
      '',
    );
    await once(all);
    expect(text((await kv.get(kvKey('shop/config/job.json'), { signal }))?.value)).toBe('x');
  });

  it('are refused where they are the same and the other one is at work', async () => {
    const { commit, mirror, once } = world();
    commit({ a: '1' });
    const [first, second] = [mirror({}, 'first'), mirror({}, 'second')];
    await once(first);
    await once(second);
    const stop = new AbortController();
    const running = first.run({ signal: stop.signal });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await expect(once(second)).rejects.toMatchObject({ code: 'mirror-claimed' });
    stop.abort();
    await running.catch(() => undefined);
    await once(second);
  });

  it('keep a file out whose key tells the revision', async () => {
    const { commit, mirror, once, values } = world();
    const revision = commit({ 'main.ref': 'x', 'main.refs': 'y' });
    const worker = () => mirror({ revisionKey: kvKey('conf/main.ref') });
    await once(worker());
    expect(await once(worker())).toMatchObject({ kind: 'unchanged' });
    expect(await values()).toEqual({ 'main.ref': revision, 'main.refs': 'y' });
  });
});
