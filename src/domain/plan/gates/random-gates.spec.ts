import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NOON, heldIn, only, TWO, GLASS } from '../../../../test/builders/gates.js';
import { input, job, known, LENIENT, live } from '../../../../test/builders/plan-input.js';
import { makePlan } from '../make-plan.js';
import type { Plan } from '../plan.js';
import type { PlanInput } from '../plan-input.js';
import type { BreakGlass } from '../policy.js';

describe('plans with random gates', () => {
  const ids = ['/a', '/b', '/c', '/d', '/e'];
  const some = fc.subarray(ids);
  const patterns = fc.constantFrom([], ['/a'], ['/b', '/c'], ['/*']);
  const policies = fc.record({
    freezes: fc.array(
      fc.record({
        name: fc.constantFrom('one', 'other'),
        from: fc.constantFrom('08:00', '20:00'),
        to: fc.constantFrom('07:00', '12:00'),
        zone: fc.constantFrom('UTC', 'Europe/Berlin'),
        jobs: patterns,
      }),
      { maxLength: 2 },
    ),
    approvals: fc.array(
      fc
        .record({
          required: fc.integer({ min: 1, max: 2 }),
          jobs: patterns,
          minChanges: fc.integer({ min: 1, max: 3 }),
        })
        .map((rule) => ({ ...TWO, ...rule })),
      { maxLength: 2 },
    ),
    prune: fc.record({
      enabled: fc.boolean(),
      maxCount: fc.integer({ min: 0, max: 2 }),
      maxShare: fc.constant(1),
      allowed: fc.boolean(),
    }),
    breakGlass: fc.constant(LENIENT.breakGlass),
  });
  const worlds = fc
    .record({
      desired: some,
      live: some,
      paused: fc.subarray(['plain:/a', '*'], { maxLength: 1 }),
      needs: fc.boolean(),
    })
    .map((w) =>
      input({
        desired: w.desired.map((id, n) =>
          job(id, { v: 2, needs: w.needs ? w.desired.slice(0, n).slice(-1) : [] }),
        ),
        live: w.live.map((id) => live(id, { v: 1 })),
        known: new Map(w.live.map((id) => known(id, { v: 1 }))),
        paused: new Map(w.paused.map((name) => [name, { by: 'ann', at: 'then' }])),
      }),
    );
  const moments = fc.integer({ min: 0, max: 7 * 24 * 60 }).map((minute) => NOON + minute * 60_000);
  const people = fc.subarray(['ann@x', 'bob@y', 'cid@z']);
  const glass = fc.option(fc.constant({ ...GLASS, until: '2027-01-01T00:00:00Z' }), { nil: undefined });
  const withFacts = (
    parts: PlanInput,
    by: readonly string[],
    breakGlass: BreakGlass | undefined,
    now: number,
  ): PlanInput => {
    const { digest: plan } = makePlan(parts, LENIENT);
    return {
      ...parts,
      now,
      facts: {
        approvals: by.map((each) => ({ plan, by: each, at: 'then', signed: true, commit: 'c' })),
        vetoes: [],
        authors: ['cid@z'],
        ...(breakGlass === undefined ? {} : { breakGlass }),
      },
    };
  };

  it('have a digest that neither time nor approvals nor break-glass changes', () => {
    fc.assert(
      fc.property(worlds, policies, people, glass, moments, (parts, policy, by, broken, now) => {
        const plan = makePlan(withFacts(parts, by, broken, now), policy);
        expect(plan.digest).toBe(makePlan(parts, policy).digest);
      }),
    );
  });

  it('do not depend on the order of their inputs, and put every change behind those that it comes after', () => {
    fc.assert(
      fc.property(worlds, policies, people, moments, (parts, policy, by, now) => {
        const given = withFacts(parts, by, undefined, now);
        const plan = makePlan(given, policy);
        const turned = {
          ...given,
          desired: [...given.desired].reverse(),
          live: [...given.live].reverse(),
          facts: { ...given.facts, approvals: [...given.facts.approvals].reverse() },
        };
        expect(JSON.stringify(makePlan(turned, policy))).toBe(JSON.stringify(plan));
        const seen = new Set<string>();
        for (const change of plan.changes) {
          for (const ref of change.after) expect(seen.has(ref)).toBe(true);
          seen.add(change.ref);
        }
      }),
    );
  });

  it('send nothing that comes after what is held, and of what needs people all or nothing', () => {
    fc.assert(
      fc.property(worlds, policies, people, glass, moments, (parts, policy, by, broken, now) => {
        const plan = makePlan(withFacts(parts, by, broken, now), policy);
        const held = new Set(heldIn(plan));
        for (const { action, after } of plan.changes)
          if (action !== 'blocked' && action !== 'none')
            expect(after.some((ref) => held.has(ref))).toBe(false);
        if (only(plan, 'approval') === undefined) return;
        const free = makePlan(parts, {
          ...policy,
          freezes: [],
          approvals: [],
          prune: { ...policy.prune, maxCount: 9 },
        });
        const goes = (each: Plan) =>
          each.changes.filter(({ action }) => action !== 'blocked' && action !== 'none').length;
        expect([0, goes(free)]).toContain(goes(plan));
      }),
    );
  });

  it('hold for a reason that a decision gives, and plan nothing once all was applied', () => {
    fc.assert(
      fc.property(worlds, policies, moments, (parts, policy, now) => {
        const plan = makePlan({ ...parts, now }, policy);
        const held = plan.decisions.flatMap(({ verdict, refs }) => (verdict === 'held' ? refs : []));
        expect(heldIn(plan).length > 0).toBe(held.length > 0);
        for (const ref of held) expect(heldIn(plan)).toContain(ref);
        const done = parts.desired.map((each) => live(each.id, each.spec));
        const after = {
          ...parts,
          now,
          live: done,
          known: new Map(done.map((each) => known(each.id, each.spec))),
        };
        expect(makePlan(after, policy)).toMatchObject({ decisions: [] });
      }),
    );
  });
});
