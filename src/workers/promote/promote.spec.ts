import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MemoryKv, MemoryLock } from '../../../test/fakes/memory-kv.js';
import { MemoryLedger } from '../../../test/fakes/memory-ledger.js';
import { GitSandbox } from '../../../test/fakes/git-sandbox.js';
import type { Veto } from '../../domain/plan/policy.js';
import { firstState, orderEntry, type Order } from '../../domain/record/orders.js';
import type { ObjectId, Revision } from '../../domain/source/revision.js';
import { kvKey, kvLayout } from '../../domain/source/kv-layout.js';
import type { Release } from '../../domain/release/release.js';
import { gitStore } from '../../git/index.js';
import { TowlineError } from '../../runtime/errors.js';
import { silentLog } from '../../runtime/log.js';
import { systemClock } from '../../runtime/system-clock.js';
import { SCHEDULER_KINDS } from '../../schedulers/registry.js';
import { promoteWorker, type PromoteWorkerOptions } from './index.js';

const signal = new AbortController().signal;
const layout = kvLayout('towline/', 'production');
const askedFor = (release: Release) => ({ releases: [release], allowDowngrade: false });
const web = `# The front page
id: /web
container:
  docker: { image: "shop/web:1.0.0" }   # set by promotions
cmd: run
`;

describe('the promoter', () => {
  let sandbox: GitSandbox;
  let kv: MemoryKv;
  let ledger: MemoryLedger;
  let stores: { close(): Promise<void> }[];

  beforeEach(() => {
    sandbox = new GitSandbox();
    kv = new MemoryKv();
    ledger = new MemoryLedger();
    stores = [];
    sandbox.write({
      'production/web.yaml': web,
      'production/other.json':
        '{"id": "/other", "cmd": "x", "container": {"docker": {"image": "shop/other:7"}}}',
      'staging/web.yaml': web,
    });
    sandbox.commit('Begin');
    sandbox.push();
  });
  afterEach(async () => {
    await Promise.all(stores.map((store) => store.close()));
    sandbox.remove();
  });

  const store = () => {
    const author = { name: 'Towline', email: 'towline@localhost' };
    const made = gitStore({
      location: `file://${sandbox.bare}`,
      storeDir: `${sandbox.root}/copies`,
      author,
      log: silentLog(),
    });
    stores.push(made);
    return made;
  };
  const worker = (more: Partial<PromoteWorkerOptions> = {}) =>
    promoteWorker({
      environment: 'production',
      branch: 'main',
      layers: ['production'],
      policy: { rules: [{ tag: '1.*' }, { tag: '2.*' }], pin: 'keep' },
      via: { by: 'push' },
      releasesPrefix: 'towline/releases/',
      repository: store(),
      kv,
      ledger,
      models: new Map(
        [...SCHEDULER_KINDS].map(([name, { model }]) => [name, { model, context: { settings: {} } }]),
      ),
      author: { name: 'Towline', email: 'towline@localhost' },
      lockKey: layout.lock('promote'),
      lock: new MemoryLock(kv),
      clock: systemClock,
      log: silentLog(),
      pollMs: 60_000,
      ...more,
    });
  const promote = (more: Partial<PromoteWorkerOptions> = {}) =>
    worker(more).once({ signal, trigger: 'test' });
  const release = (tag: string, more: Partial<Release> = {}) =>
    kv.put(
      kvKey('towline/releases/shop/web'),
      Buffer.from(JSON.stringify({ image: 'shop/web', tag, by: 'ann', at: '2026-01-01T00:00:00Z', ...more })),
      { signal },
    );
  const tip = (): string => sandbox.git('--git-dir', sandbox.bare, 'rev-parse', 'main');
  const show = (what: string): string => sandbox.git('--git-dir', sandbox.bare, 'show', what);

  it('commits the new image and nothing else, and says where it comes from', async () => {
    const before = tip();
    await release('1.1.0', { sourceCommit: 'c0ffee', buildUrl: 'https://ci.example/7' });
    expect(await promote()).toMatchObject({ kind: 'applied' });
    expect(show('main:production/web.yaml')).toBe(web.replace('1.0.0', '1.1.0').trim());
    expect(sandbox.git('--git-dir', sandbox.bare, 'diff', '--stat', before, 'main')).toContain(
      '1 file changed, 1 insertion(+), 1 deletion(-)',
    );
    expect(show('main:staging/web.yaml')).toContain('1.0.0');
    const trailers = sandbox.git('--git-dir', sandbox.bare, 'log', '-1', '--format=%(trailers)', 'main');
    expect(trailers).toContain('Towline-Release: shop/web:1.1.0');
    expect(trailers).toContain('Towline-Source-Commit: c0ffee');
    expect(trailers).toContain('Towline-Build: https://ci.example/7');
    expect(trailers).toContain('Towline-Released-By: ann');
    expect(trailers).toContain('Towline-Job: marathon:/web');
  });

  describe('where the environment has layers', () => {
    const layers = ['base', 'production'];
    beforeEach(() => {
      sandbox.write({
        'base/web.yaml': 'id: /web\ncmd: run\ncontainer: {docker: {image: "shop/web:0.1.0"}}\n',
        'base/shared.yaml': 'id: /shared\ncmd: run\ncontainer: {docker: {image: "shop/shared:1.0.0"}}\n',
        'production/web.yaml': '# ours\ncontainer:\n  docker: { image: "shop/web:1.0.0" } # here\n',
        'production/shared.yaml': 'instances: 2\n',
      });
      sandbox.commit('Layers');
      sandbox.push();
    });

    it('commits into the last one, although the job is stated in the first', async () => {
      await release('1.1.0');
      expect(await promote({ layers })).toMatchObject({ kind: 'applied' });
      expect(show('main:production/web.yaml')).toBe(
        '# ours\ncontainer:\n  docker: { image: "shop/web:1.1.0" } # here',
      );
      expect(show('main:base/web.yaml')).toContain('shop/web:0.1.0');
    });

    it('holds a release whose image stands in a layer that others share, and says where to state it', async () => {
      const before = tip();
      await kv.put(
        kvKey('towline/releases/shop/shared'),
        Buffer.from(JSON.stringify({ image: 'shop/shared', tag: '1.1.0' })),
        { signal },
      );
      const result = await promote({ layers });
      expect(result).toMatchObject({
        plan: {
          held: [
            {
              release: 'shop/shared:1.1.0',
              reason: expect.stringContaining(
                'stands in base/shared.yaml, which other environments may share',
              ),
            },
          ],
        },
      });
      expect(tip()).toBe(before);
    });
  });

  it('does nothing when asked again: it never triggers itself', async () => {
    await release('1.1.0');
    await promote();
    const after = tip();
    expect((await promote()).kind).toBe('unchanged');
    expect(tip()).toBe(after);
  });

  it('lets a revert stand, and promotes the release after it', async () => {
    await release('1.1.0');
    await promote();
    sandbox.git('pull', '-q', 'origin', 'main');
    sandbox.git('revert', '--no-edit', 'HEAD');
    sandbox.push();
    expect(await promote()).toMatchObject({
      kind: 'unchanged',
      plan: { held: [{ release: 'shop/web:1.1.0' }] },
    });
    expect(show('main:production/web.yaml')).toContain('1.0.0');
    await release('1.2.0');
    await promote();
    expect(show('main:production/web.yaml')).toContain('1.2.0');
  });

  it('leaves tags alone that are not promoted automatically, unless a person asks', async () => {
    await release('3.0.0-rc1');
    expect(await promote()).toMatchObject({
      kind: 'unchanged',
      plan: { held: [{ release: 'shop/web:3.0.0-rc1' }] },
    });
    await promote({ asked: askedFor({ image: 'shop/web', tag: '3.0.0-rc1', by: 'ann', at: '' }) });
    expect(show('main:production/web.yaml')).toContain('3.0.0-rc1');
  });

  describe('where a release is vetoed', () => {
    const TREES = [{ folder: 'production', tree: 'b'.repeat(40) as ObjectId }];
    const order = async (more: Pick<Order, 'verb' | 'vetoes'>): Promise<void> => {
      const { commit, state = firstState('production', tip() as Revision, TREES) } = await ledger.head();
      const entry = orderEntry({ by: 'bob', at: '2026-01-02T03:04:05.000Z', refs: [], ...more }, state);
      if (entry !== undefined) await ledger.append(entry, commit);
    };
    const veto = (name: string, kind: Veto['kind'] = 'release'): Veto => ({
      by: 'bob',
      at: '2026-01-02T03:04:05.000Z',
      reason: 'it leaks',
      kind,
      name,
      digests: [],
    });

    it('promotes none of it, however often it is announced, until that is lifted', async () => {
      const before = tip();
      await order({ verb: 'veto', vetoes: [veto('shop/web:1.1.0')] });
      const promoter = worker();
      for (let n = 0; n < 100; n++) {
        await release('1.1.0', {
          buildUrl: `https://ci.example/${n}`,
          digest: `sha256:${`${n}`.padStart(64, '0')}`,
        });
        const result = await promoter.once({ signal, trigger: 'test' });
        expect(result.kind).toBe('unchanged');
      }
      expect(tip()).toBe(before);
      const told = await promoter.once({ signal, trigger: 'test', dryRun: true });
      expect(told).toMatchObject({ plan: { held: [{ reason: expect.stringContaining('vetoed by bob') }] } });
      expect(JSON.stringify(told)).toContain('it leaks');
      await order({ verb: 'lift', vetoes: [veto('shop/web:1.1.0')] });
      expect(await promoter.once({ signal, trigger: 'test' })).toMatchObject({ kind: 'applied' });
    });

    it('promotes the next one, and other images with its tag', async () => {
      await order({ verb: 'veto', vetoes: [veto('shop/web:1.1.0'), veto('shop/web:1.2.0', 'job')] });
      await kv.put(kvKey('towline/releases/shop/other'), Buffer.from('1.1.0'), { signal });
      await release('1.2.0');
      expect(await promote()).toMatchObject({
        applied: { commits: [{ release: 'shop/other:1.1.0' }, { release: 'shop/web:1.2.0' }] },
      });
    });

    it('refuses it to a person too, and says whose veto it is and how it is lifted', async () => {
      await order({ verb: 'veto', vetoes: [veto('shop/web:1.1.0')] });
      const asked: Release = { image: 'shop/web', tag: '1.1.0', by: 'ann', at: '' };
      const before = tip();
      await expect(promote({ asked: askedFor(asked) })).rejects.toMatchObject({
        code: 'release-vetoed',
        kind: 'refused',
        message: 'shop/web:1.1.0 is vetoed in production by bob since 2026-01-02T03:04:05.000Z: it leaks',
        help: expect.stringContaining('towline lift shop/web:1.1.0 --env production'),
      });
      expect(tip()).toBe(before);
    });

    it('promotes nothing at all where nobody can tell what is', async () => {
      await release('1.1.0');
      const before = tip();
      const dark = new MemoryLedger();
      dark.head = () => Promise.reject(new TowlineError('ledger-damaged', 'invalid', 'no JSON'));
      await expect(promote({ ledger: dark })).rejects.toMatchObject({ code: 'ledger-damaged' });
      expect(tip()).toBe(before);
    });
  });

  it('understands a bare tag from a build that only knows curl', async () => {
    await kv.put(kvKey('towline/releases/shop/web'), Buffer.from('1.3.0\n'), { signal });
    await promote();
    expect(show('main:production/web.yaml')).toContain('shop/web:1.3.0');
  });

  it('does it again on the new tip when somebody else pushed first', async () => {
    await release('1.1.0');
    const lost = store();
    let races = 0;
    const repository = Object.assign(Object.create(lost) as typeof lost, {
      publish: async (...args: Parameters<typeof lost.publish>) => {
        if (races++ === 0) {
          sandbox.write({ 'production/new.yaml': 'id: /new\ncmd: x\n' });
          sandbox.commit('Quicker');
          sandbox.push();
        }
        return lost.publish(...args);
      },
    });
    expect(await promote({ repository })).toMatchObject({ kind: 'applied' });
    expect(races).toBe(2);
    expect(sandbox.git('--git-dir', sandbox.bare, 'log', '--format=%s', 'main').split('\n')).toEqual([
      'Promote shop/web 1.1.0 to production',
      'Quicker',
      'Begin',
    ]);
    expect(show('main:production/new.yaml')).toContain('/new');
  });

  it('refuses to edit what it can not edit safely, with the place', async () => {
    sandbox.write({
      'production/web.yaml': 'id: /web\ncmd: x\ncontainer:\n  docker:\n    image: >-\n      shop/web:1.0.0\n',
    });
    sandbox.commit();
    sandbox.push();
    await release('1.1.0');
    const before = tip();
    await expect(promote()).rejects.toMatchObject({
      code: 'manifest-not-editable',
      place: { file: 'production/web.yaml', line: 5 },
    });
    expect(tip()).toBe(before);
    await kv.put(kvKey('towline/releases/shop/other'), Buffer.from('1.9'), { signal });
    expect(await promote()).toMatchObject({
      applied: { commits: [{ release: 'shop/other:1.9' }], refused: [{ release: 'shop/web:1.1.0' }] },
    });
    expect(show('main:production/other.json')).toContain('shop/other:1.9');
  });

  it('does not let a value of KV forge a trailer', async () => {
    await release('1.1.0', { by: 'eve\n\nTowline-Source-Commit: forged', buildUrl: 'x\r\nTowline-Pass: 0' });
    await promote();
    const trailers = sandbox
      .git('--git-dir', sandbox.bare, 'log', '-1', '--format=%(trailers)', 'main')
      .split('\n');
    expect(trailers.filter((line) => line.startsWith('Towline-Source-Commit:'))).toEqual([]);
    expect(trailers.filter((line) => line.startsWith('Towline-Pass:'))).toHaveLength(1);
  });

  it('stops when its lock is lost, and writes nothing after that', async () => {
    await release('1.1.0');
    const lock = new MemoryLock(kv);
    const before = tip();
    const taken = store();
    const repository = Object.assign(Object.create(taken) as typeof taken, {
      resolve: async (...args: Parameters<typeof taken.resolve>) => {
        lock.lose(layout.lock('promote'));
        return taken.resolve(...args);
      },
    });
    await expect(promote({ repository, lock })).rejects.toBeDefined();
    expect(tip()).toBe(before);
  });
});
