import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { input, job, known, LENIENT, live } from '../../../test/builders/plan-input.js';
import { jobRef, type JobRef } from '../job/job-ref.js';
import { digest } from '../source/digest.js';
import { makePlan } from './make-plan.js';
import { openPolicy } from './policy.js';
import { changesSomething, type Change, type LiveJob, type Plan } from './plan.js';
import type { PlanInput } from './plan-input.js';

const lines = (plan: Plan): string[] => plan.changes.map((c) => `${c.action} ${c.id}`);
const of = (plan: Plan, id: string): Change => {
  const change = plan.changes.find((c) => c.id === id);
  if (change === undefined) throw new Error(`no change for ${id}`);
  return change;
};

describe('a plan', () => {
  it('creates what is new in Git, updates what differs, scales what only changes in number, leaves the rest', () => {
    const plan = makePlan(
      input({
        desired: [job('new'), job('other', { cmd: 'b' }), job('more', { instances: 3 }), job('same')],
        live: [live('other', { cmd: 'a' }), live('more', { instances: 1 }), live('same')],
        known: new Map([known('other', { cmd: 'a' }), known('more', { instances: 1 }), known('same')]),
      }),
      LENIENT,
    );
    expect(lines(plan)).toEqual(['scale more', 'create new', 'update other', 'none same']);
  });

  it('deletes only what is owned and gone from Git', () => {
    const plan = makePlan(
      input({
        desired: [job('kept')],
        live: [
          live('kept', {}, { ownerLabel: 'test' }),
          live('gone', {}, { ownerLabel: 'test' }),
          live('recorded'),
          live('of-somebody'),
          live('of-staging', {}, { ownerLabel: 'staging' }),
        ],
        known: new Map([known('recorded')]),
      }),
      LENIENT,
    );
    expect(lines(plan)).toEqual(['delete gone', 'delete recorded', 'none kept']);
  });

  it('does not touch a job that exists and belongs to somebody else, and says how to adopt it', () => {
    const parts = { desired: [job('web', { cmd: 'new' })], live: [live('web', { cmd: 'old' })] };
    const held = of(makePlan(input(parts), LENIENT), 'web');
    expect(held).toMatchObject({
      action: 'blocked',
      wanted: 'update',
      reason: expect.stringContaining('--adopt'),
    });
    expect(of(makePlan(input({ ...parts, adopt: 'all' }), LENIENT), 'web')).toMatchObject({
      action: 'update',
      reason: 'adopted',
    });
  });

  it('adopts a job that already is as in Git without any call: it is only put on record', () => {
    const plan = makePlan(input({ desired: [job('web')], live: [live('web')], adopt: 'all' }), LENIENT);
    expect(of(plan, 'web')).toMatchObject({ action: 'none', unresolved: true });
    expect(changesSomething(plan)).toBe(false);
  });

  it('never touches a job that another environment owns, even when told to adopt', () => {
    const plan = makePlan(
      input({
        desired: [job('web', { a: 1 })],
        live: [live('web', {}, { ownerLabel: 'staging' })],
        adopt: 'all',
      }),
      LENIENT,
    );
    expect(of(plan, 'web')).toMatchObject({ action: 'blocked', reason: expect.stringContaining('staging') });
  });

  it('tells a change in Git from a change by hand', () => {
    const planOf = (now: string, sent: string) =>
      of(
        makePlan(
          input({
            desired: [job('web', { cmd: 'b' })],
            live: [live('web', { cmd: now })],
            known: new Map([known('web', { cmd: sent })]),
          }),
          LENIENT,
        ),
        'web',
      );
    expect(planOf('a', 'a')).toMatchObject({
      reason: 'changed in Git',
      drift: false,
      fields: [{ by: 'git' }],
    });
    expect(planOf('x', 'b')).toMatchObject({
      reason: 'changed by hand',
      drift: true,
      fields: [{ by: 'hand' }],
    });
    expect(planOf('x', 'a')).toMatchObject({
      reason: 'changed in Git and by hand',
      drift: false,
      fields: [{ by: 'both' }],
    });
  });

  it('does not try a failed definition again until it changes or a person asks', () => {
    const failed = job('web', { cmd: 'crashes' });
    const memory = known('web', { cmd: 'good' }, { failedDigest: digest(failed.spec) });
    const parts = { live: [live('web', { cmd: 'good' })], known: new Map([memory]) };
    expect(of(makePlan(input({ ...parts, desired: [failed] }), LENIENT), 'web').action).toBe('blocked');
    expect(of(makePlan(input({ ...parts, desired: [failed], retry: 'all' }), LENIENT), 'web').action).toBe(
      'update',
    );
    expect(
      of(makePlan(input({ ...parts, desired: [job('web', { cmd: 'fixed' })] }), LENIENT), 'web').action,
    ).toBe('update');
  });

  it('concludes nothing from a file that could not be read: no job counts as gone', () => {
    const plan = makePlan(
      input({ complete: false, live: [live('web')], known: new Map([known('web')]) }),
      LENIENT,
    );
    expect(of(plan, 'web')).toMatchObject({ action: 'blocked', wanted: 'delete' });
  });

  it('leaves a job alone whose manifest was refused', () => {
    const rejected = new Map([[jobRef('plain', 'web'), 'web.json:3:4: wrong']]);
    const plan = makePlan(input({ rejected, live: [live('web')], known: new Map([known('web')]) }), LENIENT);
    expect(of(plan, 'web')).toMatchObject({
      action: 'blocked',
      reason: expect.stringContaining('web.json:3:4'),
    });
  });

  it('leaves the jobs of a scheduler alone that could not be read', () => {
    const plan = makePlan(
      input({
        desired: [job('web')],
        known: new Map([known('web'), known('old')]),
        unreadable: new Map([['plain', '503']]),
      }),
      LENIENT,
    );
    expect(lines(plan)).toEqual(['blocked web']);
  });

  it('applies dependencies first and deletes them last', () => {
    const plan = makePlan(
      input({
        desired: [job('web', { needs: ['api'] }), job('api', { needs: ['db'] }), job('db')],
        live: [live('old-web', { needs: ['old-api'] }), live('old-api', { old: true })],
        known: new Map([known('old-web'), known('old-api')]),
      }),
      LENIENT,
    );
    const order = plan.changes.map((c) => c.id);
    expect(order.indexOf('db')).toBeLessThan(order.indexOf('api'));
    expect(order.indexOf('api')).toBeLessThan(order.indexOf('web'));
    expect(order.indexOf('old-web')).toBeLessThan(order.indexOf('old-api'));
    expect(of(plan, 'old-api').after).toEqual(['plain:old-web']);
  });

  it('deletes a dependency after the job that stops needing it', () => {
    const plan = makePlan(
      input({
        desired: [job('web')],
        live: [live('web', { needs: ['api'] }), live('api')],
        known: new Map([known('web', { needs: ['api'] }), known('api')]),
      }),
      LENIENT,
    );
    expect(lines(plan)).toEqual(['update web', 'delete api']);
    expect(of(plan, 'api').after).toEqual(['plain:web']);
  });

  it('holds back what depends on a held job, and nothing else', () => {
    const plan = makePlan(
      input({
        desired: [job('api'), job('web', { needs: ['api'] }), job('shop', { needs: ['web'] }), job('other')],
        live: [live('api', { mine: true })],
      }),
      LENIENT,
    );
    expect(plan.changes.map((c) => [c.id, c.action])).toEqual([
      ['api', 'blocked'],
      ['other', 'create'],
      ['web', 'blocked'],
      ['shop', 'blocked'],
    ]);
    expect(of(plan, 'shop').reason).toContain('plain:web');
  });

  it('marks what an earlier pass left open, so that it is read back and not sent again', () => {
    const plan = makePlan(
      input({ desired: [job('web')], live: [live('web')], unresolved: new Set([jobRef('plain', 'web')]) }),
      LENIENT,
    );
    expect(of(plan, 'web')).toMatchObject({ action: 'none', unresolved: true });
  });

  it('forgets a job that neither Git nor the scheduler has', () => {
    const plan = makePlan(input({ known: new Map([known('web')]) }), LENIENT);
    expect(of(plan, 'web')).toMatchObject({
      action: 'none',
      unresolved: true,
      reason: expect.stringContaining('gone'),
    });
  });
});

describe('the prune limit', () => {
  const owned = (count: number): PlanInput => {
    const ids = Array.from({ length: count }, (_, at) => `job-${at}`);
    return input({ live: ids.map((id) => live(id)), known: new Map(ids.map((id) => known(id))) });
  };
  const policy = { enabled: true, maxCount: 10, maxShare: 0.3, allowed: false };

  it('holds every deletion when there are too many, or too large a share', () => {
    for (const parts of [owned(40), owned(2)]) {
      const plan = makePlan(parts, openPolicy(policy));
      expect(new Set(plan.changes.map((c) => c.action))).toEqual(new Set(['blocked']));
    }
  });

  it('lets a single deletion pass, and everything that a person allowed', () => {
    expect(makePlan(owned(1), openPolicy(policy)).changes[0]?.action).toBe('delete');
    expect(
      makePlan(owned(40), openPolicy({ ...policy, allowed: true })).changes.every(
        (c) => c.action === 'delete',
      ),
    ).toBe(true);
  });

  it('never deletes where pruning is switched off', () => {
    expect(makePlan(owned(1), openPolicy({ ...policy, enabled: false })).changes[0]?.action).toBe('blocked');
  });
});

describe('plans over random environments', () => {
  const spec = fc.record({ cmd: fc.constantFrom('a', 'b'), instances: fc.integer({ min: 0, max: 2 }) });
  const ids = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { maxLength: 6 });
  const world = fc
    .record({ desired: ids, live: ids, specs: fc.array(spec, { minLength: 12, maxLength: 12 }) })
    .map((w) => {
      const at = (n: number) => w.specs[n] ?? { cmd: 'a', instances: 1 };
      return input({
        desired: w.desired.map((id, n) => job(id, { ...at(n), needs: w.desired.slice(0, n).slice(-1) })),
        live: w.live.map((id, n) => live(id, at(6 + n))),
        known: new Map(w.live.map((id) => known(id))),
      });
    });

  it('plan nothing once they were applied', () => {
    fc.assert(
      fc.property(world, (parts) => {
        const after = applied(parts, makePlan(parts, LENIENT));
        expect(changesSomething(makePlan(after, LENIENT))).toBe(false);
      }),
    );
  });

  it('do not depend on the order of their inputs', () => {
    fc.assert(
      fc.property(world, (parts) => {
        const turned = { ...parts, desired: [...parts.desired].reverse(), live: [...parts.live].reverse() };
        expect(JSON.stringify(makePlan(turned, LENIENT))).toBe(JSON.stringify(makePlan(parts, LENIENT)));
      }),
    );
  });

  it('put every change behind those that it must come after', () => {
    fc.assert(
      fc.property(world, (parts) => {
        const seen = new Set<JobRef>();
        for (const change of makePlan(parts, LENIENT).changes) {
          for (const ref of change.after) expect(seen.has(ref)).toBe(true);
          seen.add(change.ref);
        }
      }),
    );
  });

  function applied(parts: PlanInput, plan: Plan): PlanInput {
    const jobs = new Map<JobRef, LiveJob>(parts.live.map((l) => [l.ref, l]));
    for (const change of plan.changes) {
      if (change.action === 'delete') jobs.delete(change.ref);
      if (change.desired !== undefined) jobs.set(change.ref, live(change.id, change.desired.spec));
    }
    return {
      ...parts,
      live: [...jobs.values()],
      known: new Map([...jobs.values()].map((l) => known(l.id, l.spec))),
    };
  }
});
