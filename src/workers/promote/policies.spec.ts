import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ledgerWith, MODELS, PromoteWorld } from '../../../test/fakes/promote-world.js';
import { TowlineError } from '../../runtime/errors.js';
import { systemClock } from '../../runtime/system-clock.js';
import type { PromoteWorkerOptions } from './index.js';

const D1 = `sha256:${'1'.repeat(64)}`;
const app = (id: string, image: string): string =>
  `id: ${id}\ncmd: x\ncontainer: {docker: {image: "${image}"}} # here\n`;

describe('the policies of an environment', () => {
  let world: PromoteWorld;
  beforeEach(() => {
    world = new PromoteWorld({
      'production/web.yaml': app('/web', 'shop/web:1.0.0'),
      'production/api.yaml': app('/api', 'shop/web:1.0.0'),
      'production/other.json': '{"id": "/other", "container": {"docker": {"image": "shop/other:7"}}}',
    });
  });
  afterEach(() => world.close());

  const from = async (
    ledger: Promise<PromoteWorkerOptions['ledger']>,
    now: string,
    healthyForMs = 1_800_000,
  ): Promise<Partial<PromoteWorkerOptions>> => {
    const repository = world.store();
    return {
      repository,
      policy: { rules: [], pin: 'keep', from: { environment: 'staging', healthyForMs } },
      upstream: { environment: 'staging', branch: 'main', repository, ledger: await ledger, models: MODELS },
      clock: { ...systemClock, now: () => Date.parse(now) },
    };
  };

  it('several jobs that use one image get it in one commit, which names them and the digest', async () => {
    await world.release('1.1.0', { digest: D1 });
    expect(await world.promote()).toMatchObject({
      applied: { commits: [{ release: `shop/web:1.1.0@${D1}` }] },
    });
    expect(world.bare('diff', '--stat', 'main~1', 'main')).toContain(
      '2 files changed, 2 insertions(+), 2 deletions(-)',
    );
    const trailers = world.bare('log', '-1', '--format=%(trailers)', 'main');
    expect(trailers).toContain('Towline-Job: marathon:/web');
    expect(trailers).toContain('Towline-Job: marathon:/api');
    expect(trailers).toContain(`Towline-Digest: ${D1}`);
  });

  it('images are pinned where that is asked, and wait for a digest', async () => {
    const policy = { rules: [{ newest: true }], pin: 'digest' } as const;
    await world.release('1.1.0');
    expect(await world.promote({ policy })).toMatchObject({
      kind: 'unchanged',
      plan: { held: [{ reason: expect.stringContaining('release it with its digest') }] },
    });
    await world.release('1.1.0', { digest: D1 });
    await world.promote({ policy });
    expect(world.bare('show', 'main:production/web.yaml')).toContain(`"shop/web:1.1.0@${D1}"}} # here`);
  });

  it('nothing goes back without a person who says so', async () => {
    await world.release('0.9.0');
    const before = world.tip();
    const told = await world.promote();
    expect(told).toMatchObject({ kind: 'unchanged', plan: { held: [{ release: 'shop/web:0.9.0' }] } });
    expect(JSON.stringify(told)).toContain('0.9.0 is older than 1.0.0');
    const releases = [{ image: 'shop/web', tag: '0.9.0', by: 'ann', at: '2026-01-01T00:00:00Z' }];
    const refused = await world.promote({ asked: { releases, allowDowngrade: false } });
    expect(JSON.stringify(refused)).toContain('add --allow-downgrade to go back');
    expect(world.tip()).toBe(before);
    await world.promote({ asked: { releases, allowDowngrade: true } });
    expect(world.bare('show', 'main:production/web.yaml')).toContain('shop/web:0.9.0');
  });

  it('what runs in another environment comes in once it ran there long enough, although a newer one is out', async () => {
    await world.release('1.2.0');
    const staging = ledgerWith({ '/web': { image: 'shop/web:1.1.0', at: '2026-01-01T00:00:00.000Z' } });
    const before = world.tip();
    const early = await world.promote(await from(staging, '2026-01-01T00:29:59Z'));
    expect(early).toMatchObject({ kind: 'unchanged' });
    expect(JSON.stringify(early)).toContain('it is promoted at 2026-01-01T00:30:00Z');
    expect(JSON.stringify(early)).toContain('staging runs 1.1.0 of it');
    expect(world.tip()).toBe(before);
    const later = await world.promote(await from(staging, '2026-01-01T00:30:00Z'));
    expect(later).toMatchObject({ applied: { commits: [{ release: 'shop/web:1.1.0' }] } });
    expect(world.bare('log', '-1', '--format=%(trailers)', 'main')).toContain(
      'Towline-Promoted-From: staging',
    );
  });

  it.each(['failed', 'rolled-back', 'blocked', 'unknown'] as const)(
    'what is %s there stays out',
    async (outcome) => {
      const staging = ledgerWith({ '/web': { image: 'shop/web:1.1.0', outcome } });
      const before = world.tip();
      expect(await world.promote(await from(staging, '2027-01-01T00:00:00Z'))).toMatchObject({
        kind: 'unchanged',
        plan: { held: [{ reason: expect.stringContaining('marathon:/web in staging') }] },
      });
      expect(world.tip()).toBe(before);
    },
  );

  it('nothing comes in where nobody can tell what runs there', async () => {
    await world.release('1.1.0');
    const dark = await ledgerWith({});
    dark.head = () => Promise.reject(new TowlineError('ledger-damaged', 'invalid', 'no JSON'));
    const before = world.tip();
    await expect(
      world.promote(await from(Promise.resolve(dark), '2027-01-01T00:00:00Z')),
    ).rejects.toMatchObject({
      code: 'ledger-damaged',
    });
    expect(world.tip()).toBe(before);
  });

  it('a release that is announced a hundred times is committed once, and stays taken back', async () => {
    const promoter = world.worker();
    const announce = async (n: number): Promise<void> => {
      await world.release('1.1.0', { buildUrl: `https://ci.example/${n}`, at: new Date(n).toISOString() });
      await promoter.once({ signal: new AbortController().signal, trigger: 'test' });
    };
    for (let n = 0; n < 100; n++) await announce(n);
    expect(world.subjects()).toEqual(['Promote shop/web 1.1.0 to production', 'Begin']);
    world.sandbox.git('pull', '-q', 'origin', 'main');
    world.sandbox.git('revert', '--no-edit', 'HEAD');
    world.sandbox.push();
    for (let n = 0; n < 20; n++) await announce(n);
    expect(world.subjects()).toHaveLength(3);
  }, 120_000);
});
