import { describe, expect, it } from '@jest/globals';
import { facts, world, EVERYTHING, heldIn, reasonOf } from '../../../../test/builders/gates.js';
import {
  job,
  known,
  LENIENT,
  live,
  REVISION,
  TREE,
  plainModel,
} from '../../../../test/builders/plan-input.js';
import { digest } from '../../source/digest.js';
import { makePlan } from '../make-plan.js';
import type { Plan } from '../plan.js';
import type { PlanInput } from '../plan-input.js';
import type { Veto } from '../policy.js';

describe('vetoes', () => {
  const asked = { by: 'ann', at: '2026-01-03T11:00:00Z', reason: 'it loses orders' };
  const images = new Map([
    ['plain', { model: { ...plainModel, images: () => ['/image'] }, context: { settings: {} } }],
  ]);
  const parts = (image: string): Partial<PlanInput> => ({
    schedulers: images,
    desired: [job('/shop/web', { image }), job('/db/main', { image: 'db:1' })],
  });
  const vetoed = (veto: Omit<Veto, 'by' | 'at'>, more: Partial<PlanInput> = {}): Plan =>
    makePlan(world({ ...more, facts: facts({ vetoes: [{ ...asked, ...veto }] }) }), LENIENT);

  it.each<[string, Omit<Veto, 'by' | 'at'>, Partial<PlanInput>, string[]]>([
    ['the revision', { kind: 'revision', name: REVISION, digests: [] }, {}, EVERYTHING],
    [
      'a commit with the same trees',
      { kind: 'revision', name: 'd'.repeat(40), digests: [TREE] },
      {},
      EVERYTHING,
    ],
    ['another revision', { kind: 'revision', name: 'd'.repeat(40), digests: ['e'.repeat(40)] }, {}, []],
    [
      'one of two trees only',
      { kind: 'revision', name: 'd'.repeat(40), digests: [TREE] },
      {
        trees: [
          { folder: 'a', tree: TREE },
          { folder: 'b', tree: 'f'.repeat(40) as typeof TREE },
        ],
      },
      [],
    ],
    ['no trees at all', { kind: 'revision', name: 'd'.repeat(40), digests: [] }, { trees: [] }, []],
    [
      'the image',
      { kind: 'release', name: 'shop/web:1.2', digests: [] },
      parts('shop/web:1.2'),
      ['plain:/shop/web'],
    ],
    [
      'the image with a digest',
      { kind: 'release', name: 'shop/web:1.2', digests: [] },
      parts(`shop/web:1.2@sha256:${'a'.repeat(64)}`),
      ['plain:/shop/web'],
    ],
    [
      'latest',
      { kind: 'release', name: 'shop/web:latest', digests: [] },
      parts('shop/web'),
      ['plain:/shop/web'],
    ],
    ['another tag', { kind: 'release', name: 'shop/web:1.2', digests: [] }, parts('shop/web:1.2.1'), []],
    [
      'another registry',
      { kind: 'release', name: 'shop/web:1.2', digests: [] },
      parts('reg:5000/shop/web:1.2'),
      [],
    ],
    [
      'the definition',
      { kind: 'job', name: 'plain:/shop/web', digests: [digest({ id: '/shop/web', cmd: 'b' })] },
      {},
      ['plain:/shop/web'],
    ],
    [
      'another definition',
      { kind: 'job', name: 'plain:/shop/web', digests: [digest({ id: '/shop/web' })] },
      {},
      [],
    ],
    ['a job that is deleted', { kind: 'job', name: 'plain:/old', digests: [digest({ id: '/old' })] }, {}, []],
  ])('of %s', (_, veto, more, held) => {
    const plan = vetoed(veto, more);
    expect(heldIn(plan)).toEqual(held);
    expect(plan.decisions.map(({ gate, name, refs }) => [gate, name, refs])).toEqual(
      held.length === 0 ? [] : [['veto', veto.name, held]],
    );
  });

  it('say who, since when, why, and what to do', () => {
    const plan = vetoed({ kind: 'release', name: 'shop/web:1.2', digests: [] }, parts('shop/web:1.2'));
    expect(reasonOf(plan, 'plain:/shop/web')).toBe(
      'the release shop/web:1.2 is vetoed by ann since 2026-01-03T11:00:00Z: it loses orders; to lift that: towline lift shop/web:1.2 --env test',
    );
  });

  it('hold what depends on what they hold, and are no part of what is approved', () => {
    const plan = vetoed(
      { kind: 'release', name: 'db:1', digests: [] },
      {
        ...parts('shop/web:1'),
        desired: [job('/db/main', { image: 'db:1' }), job('/shop/web', { needs: ['/db/main'] }), job('/x')],
      },
    );
    expect(heldIn(plan)).toEqual(['plain:/db/main', 'plain:/shop/web']);
    const without = makePlan(
      world({ ...parts('shop/web:1'), desired: [job('/x')], live: [live('/old', { cmd: 'old' })] }),
      LENIENT,
    );
    expect(plan.digest).toBe(without.digest);
  });

  it('let runs be ended of what they are about', () => {
    const more = {
      schedulers: images,
      desired: [job('/a', { image: 'a:1' })],
      live: [live('/a', { image: 'a:1' })],
      known: new Map([known('/a', { image: 'a:1' })]),
    };
    const run = (act: 'kill' | 'trigger') => ({ runs: new Map([[job('/a').ref, { ...asked, act }]]) });
    const veto = { kind: 'release', name: 'a:1', digests: [] } as const;
    expect(heldIn(vetoed(veto, { ...more, ...run('kill') }))).toEqual([]);
    expect(heldIn(vetoed(veto, { ...more, ...run('trigger') }))).toEqual(['plain:/a']);
  });
});
