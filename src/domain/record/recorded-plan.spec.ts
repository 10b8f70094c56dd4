import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { chronosJob } from '../../../test/builders/chronos-job.js';
import { marathonApp } from '../../../test/builders/marathon-app.js';
import { input, job, known, LENIENT, live, plainModel } from '../../../test/builders/plan-input.js';
import { chronosModel } from '../../schedulers/chronos/model/index.js';
import { marathonModel } from '../../schedulers/marathon/model/index.js';
import { jobRef, type JobRef } from '../job/job-ref.js';
import type { Job, ValidatedJob } from '../job/job.js';
import { makePlan } from '../plan/make-plan.js';
import type { LiveJob } from '../plan/plan.js';
import type { KnownJob, PlanInput } from '../plan/plan-input.js';
import { openPolicy, type GatePolicy } from '../plan/policy.js';
import { canonicalJson, isObject, sortKeys, type Json, type JsonObject } from '../source/json.js';
import { planJson } from './plan/plan-json.js';
import { replayPlan } from './plan/replay-plan.js';
import { recordedPlan } from './recorded-plan.js';

const kinds = new Map([plainModel, marathonModel, chronosModel].map((model) => [model.kind, model]));
const KEEP = { keepInputBytes: 4 * 1024 * 1024 };

/** As the ledger keeps it: written with sorted keys, and read back. */
const kept = (value: object): JsonObject =>
  JSON.parse(JSON.stringify(sortKeys(value as unknown as Json))) as JsonObject;

function recordOf(parts: PlanInput, policy: GatePolicy = LENIENT) {
  const plan = makePlan(parts, policy);
  return { plan, recorded: recordedPlan(parts, policy, plan, KEEP) };
}

const sizeOf = (value: object): number => JSON.stringify(value).length;

/** Environments of the same few jobs that need each other, with all that people can order. */
const names = ['a', 'b', 'c', 'd', 'e', 'f'];
const some = fc.subarray(names);
const spec = fc.record({ cmd: fc.constantFrom('x', 'y') });
const asked = { by: 'ann', at: '2026-01-01T00:00:00.000Z' };
const environment: fc.Arbitrary<PlanInput> = fc
  .record({
    needs: fc.array(fc.tuple(fc.nat(5), fc.nat(5)), { maxLength: 6 }),
    stated: some,
    present: some,
    recorded: some,
    rejected: fc.subarray(names, { maxLength: 2 }),
    failed: some,
    paused: fc.subarray([...names, '*'], { maxLength: 2 }),
    restarts: fc.subarray(names, { maxLength: 2 }),
    runs: fc.subarray(names, { maxLength: 2 }),
    unresolved: fc.subarray(names, { maxLength: 2 }),
    complete: fc.boolean(),
    specs: fc.array(spec, { minLength: 18, maxLength: 18 }),
    adopt: fc.constantFrom<'none' | 'all'>('none', 'all'),
    owner: fc.subarray(names),
  })
  .map((made) => {
    const at = (name: string): number => names.indexOf(name);
    const needsOf = (name: string): JsonObject => {
      const needs = made.needs.filter(([a, b]) => a === at(name) && b < a).map(([, b]) => names[b] ?? '');
      return needs.length === 0 ? {} : { needs };
    };
    const specOf = (name: string, from: number): JsonObject => ({
      ...made.specs[at(name) + from],
      ...needsOf(name),
    });
    const ref = (name: string): JobRef => jobRef('plain', name);
    return input({
      desired: made.stated.filter((n) => !made.rejected.includes(n)).map((n) => job(n, specOf(n, 0))),
      live: made.present.map((n) =>
        live(n, specOf(n, 6), made.owner.includes(n) ? { ownerLabel: 'test' } : {}),
      ),
      known: new Map(made.recorded.map((n) => known(n, specOf(n, 12)))),
      rejected: new Map(made.rejected.map((n) => [ref(n), 'it is broken'])),
      paused: new Map(made.paused.map((n) => [n === '*' ? n : ref(n), asked])),
      restarts: new Map(made.restarts.map((n) => [ref(n), asked])),
      runs: new Map(made.runs.map((n) => [ref(n), { ...asked, act: 'trigger' as const, args: '-v' }])),
      unresolved: new Set(made.unresolved.map(ref)),
      complete: made.complete,
      adopt: made.adopt,
    });
  });

const policy: fc.Arbitrary<GatePolicy> = fc
  .record({
    enabled: fc.boolean(),
    maxCount: fc.constantFrom(1, 2, 100),
    maxShare: fc.constantFrom(0.2, 0.5, 1),
    allowed: fc.boolean(),
  })
  .map(openPolicy);

describe('a recorded plan', () => {
  it('is made again, byte for byte, whatever it was made of', () => {
    let [all, parted] = [0, 0];
    fc.assert(
      fc.property(environment, policy, fc.boolean(), (parts, rules, follows) => {
        const whole = follows ? following(parts) : parts;
        const { plan, recorded } = recordOf(whole, rules);
        const again = replayPlan(kept(recorded), kinds);
        expect(again.kind).toBe('equal');
        expect('plan' in again && canonicalJson(again.plan)).toBe(canonicalJson(planJson(plan)));
        all += 1;
        if (recorded.input?.['counts'] !== undefined) parted += 1;
      }),
      { numRuns: 100 },
    );
    // Nearly always the part that it comes from is enough.
    expect(parted / all).toBeGreaterThan(0.9);
  });

  it('is made again of apps of Marathon in every form, and of groups that others depend on', () => {
    const apps = fc.array(fc.tuple(marathonApp, marathonApp, fc.nat(3), fc.nat(2)), {
      minLength: 1,
      maxLength: 5,
    });
    fc.assert(
      fc.property(apps, policy, (all, rules) => {
        const names = all.map((_, at) => (at % 2 === 0 ? `/shop/app-${at}` : `/app-${at}`));
        const withNeeds = (app: JsonObject, at: number): JsonObject => ({
          ...app,
          id: names[at] ?? '',
          ...(at % 2 === 1 ? { dependencies: ['/shop'] } : {}),
        });
        const group = { id: '/shop', enforceRole: true };
        const parts = environmentOf('marathon', [
          { id: '/shop', kind: 'group', stated: group, present: group },
          ...all.map(([mine, theirs, where], at) => ({
            id: names[at] ?? '',
            kind: 'app',
            ...(where === 0 ? {} : { stated: withNeeds(mine, at) }),
            ...(where === 1 ? {} : { present: withNeeds(where === 2 ? mine : theirs, at) }),
          })),
        ]);
        expect(replayPlan(kept(recordOf(parts, rules).recorded), kinds).kind).toBe('equal');
      }),
      { numRuns: 40 },
    );
  });

  it('is made again of jobs of Chronos, by the clock and after each other', () => {
    const one = chronosJob(['job-0']);
    const jobs = fc.array(fc.tuple(one, one, fc.nat(3)), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(jobs, policy, (all, rules) => {
        const parts = environmentOf(
          'chronos',
          all.map(([mine, theirs, where], at) => ({
            id: `job-${at}`,
            kind: 'parents' in mine ? 'dependent' : 'scheduled',
            ...(where === 0 ? {} : { stated: { ...mine, name: `job-${at}` } }),
            ...(where === 1 ? {} : { present: { ...(where === 2 ? mine : theirs), name: `job-${at}` } }),
          })),
        );
        expect(replayPlan(kept(recordOf(parts, rules).recorded), kinds).kind).toBe('equal');
      }),
      { numRuns: 40 },
    );
  });

  it('costs what it changes, and not what there is', () => {
    const many = Array.from({ length: 5000 }, (_, at) => `job-${at}`);
    const parts = input({
      desired: many.map((name) => job(name, { cmd: name === 'job-7' ? 'new' : 'old', needs: ['job-0'] })),
      live: many.map((name) => live(name, { cmd: 'old', needs: ['job-0'] }, { ownerLabel: 'test' })),
      known: new Map(many.map((name) => known(name, { cmd: 'old', needs: ['job-0'] }))),
    });
    const { recorded } = recordOf(parts);
    expect(sizeOf(recorded)).toBeLessThan(4096);
    expect(recorded.input).toMatchObject({
      counts: { jobs: 5000, owned: 5000 },
      since: { touched: ['plain:job-7'] },
    });
    expect(replayPlan(kept(recorded), kinds).kind).toBe('equal');
  });

  it('knows of how many a deletion is one: the limit of pruning looks at all jobs', () => {
    const parts = input({
      desired: [job('a'), job('b'), job('c')],
      live: ['a', 'b', 'c', 'd', 'e'].map((name) => live(name, {}, { ownerLabel: 'test' })),
    });
    const limited = (maxShare: number): GatePolicy =>
      openPolicy({ enabled: true, maxCount: 100, maxShare, allowed: false });
    for (const [share, action] of [
      [0.3, 'blocked'],
      [0.5, 'delete'],
    ] as const) {
      const { plan, recorded } = recordOf(parts, limited(share));
      expect(plan.changes.filter((c) => c.desired === undefined).map((c) => c.action)).toEqual([
        action,
        action,
      ]);
      expect(sizeOf(recorded)).toBeLessThan(sizeOf(kept(recordedWhole(parts, limited(share)))));
      expect(replayPlan(kept(recorded), kinds).kind).toBe('equal');
    }
  });

  it('has all of its input where a part of it would give another plan', () => {
    // Of two jobs of one content under new names it is the order of Git that says which is which.
    const parts = input({
      desired: [job('z', { cmd: 'x' }), job('y', { cmd: 'x' }), job('same')],
      live: [live('old', { cmd: 'x' }, { ownerLabel: 'test' }), live('same', {}, { ownerLabel: 'test' })],
    });
    const { plan, recorded } = recordOf(parts);
    expect(plan.changes.find(({ id }) => id === 'z')?.effect).toMatch(/old under another name/);
    expect(recorded.input).not.toHaveProperty('since');
    expect(replayPlan(kept(recorded), kinds).kind).toBe('equal');
  });

  it('is kept without its input where that is above the limit, with the digest of it', () => {
    const parts = input({ desired: [job('a', { cmd: 'x'.repeat(2000) })] });
    const plan = makePlan(parts, LENIENT);
    const whole = recordedPlan(parts, LENIENT, plan, KEEP);
    for (const keepInputBytes of [0, 1000]) {
      const recorded = recordedPlan(parts, LENIENT, plan, { keepInputBytes });
      expect(recorded).toEqual({ version: 1, inputDigest: whole.inputDigest, plan: whole.plan });
      expect(replayPlan(kept(recorded), kinds)).toEqual({ kind: 'not-kept' });
    }
  });

  it('names the changes of a very large plan by their digest only', () => {
    const long = { cmd: 'x'.repeat(5 * 1024 * 1024) };
    const made = planJson(makePlan(input({ desired: [job('a')], live: [live('a', long)] }), LENIENT));
    expect(made).toMatchObject({ changes: [], omitted: { count: 1 } });
  });
});

describe('making a recorded plan again', () => {
  const parts = input({
    desired: [job('a', { cmd: 'new' }), job('b', { cmd: 'new' })],
    live: [live('a', { cmd: 'old' }, { ownerLabel: 'test' })],
  });
  const { recorded } = recordOf(parts);

  it('shows a planner that has changed as the decisions that are others now', () => {
    const again = replayPlan(kept(recorded), kinds, (given, rules) => {
      const plan = makePlan(given, rules);
      const [first, ...rest] = plan.changes;
      if (first === undefined) throw new Error('no change');
      const held = { ...first, action: 'blocked' as const, wanted: first.action, reason: 'not today' };
      return { ...plan, changes: [held, ...rest] };
    });
    expect(again).toMatchObject({
      kind: 'different',
      differences: [
        {
          about: 'change',
          name: 'plain:a',
          before: { action: 'update', reason: 'changed in Git' },
          now: { action: 'blocked', wanted: 'update', reason: 'not today' },
          members: ['action', 'reason', 'wanted'],
        },
      ],
    });
  });

  it.each<[string, (plan: ReturnType<typeof makePlan>) => ReturnType<typeof makePlan>, object]>([
    ['a job that is left out', (plan) => ({ ...plan, changes: plan.changes.slice(1) }), { name: 'plain:a' }],
    ['another digest', (plan) => ({ ...plan, digest: `sha256:${'0'.repeat(64)}` }), { name: 'digest' }],
    ['another order', (plan) => ({ ...plan, changes: [...plan.changes].reverse() }), { name: 'order' }],
    [
      'a gate that says something else',
      (plan) => ({
        ...plan,
        decisions: [{ gate: 'freeze', name: 'weekend', verdict: 'held', refs: [], reason: 'x' }],
      }),
      { about: 'gate', name: 'freeze weekend' },
    ],
  ])('tells of %s', (_what, change, expected) => {
    const again = replayPlan(kept(recorded), kinds, (given, rules) => change(makePlan(given, rules)));
    expect(again).toMatchObject({ kind: 'different', differences: [expected] });
  });

  it.each<[string, (record: JsonObject) => Json, RegExp]>([
    ['another version of the form', (r) => ({ ...r, version: 2 }), /version 2, this program reads 1/],
    ['no version', ({ version: _, ...r }) => r, /version null/],
    ['no object', () => [], /no JSON object/],
    [
      'an input that was edited',
      (r) => ({ ...r, input: { ...(isObject(r['input']) ? r['input'] : {}), complete: false } }),
      /does not have the digest/,
    ],
    ['an input without jobs', (r) => ({ ...r, input: { environment: 'test' } }), /\/input/],
  ])('refuses %s, and misreads nothing', (_what, edit, reason) => {
    expect(replayPlan(edit(kept(recorded)), kinds)).toEqual({
      kind: 'refused',
      reason: expect.stringMatching(reason),
    });
  });

  it('refuses a scheduler of a kind that it does not know', () => {
    expect(replayPlan(kept(recorded), new Map())).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('"plain"'),
    });
  });
});

/** The whole input on record, for comparison. */
function recordedWhole(parts: PlanInput, rules: GatePolicy): object {
  return {
    ...recordedPlan(parts, rules, makePlan(parts, rules), KEEP),
    input: [...parts.desired, ...parts.live],
  };
}

/** The same as a plan that follows another one and looks at half of the jobs. */
function following(parts: PlanInput): PlanInput {
  return {
    ...parts,
    since: {
      touched: new Set(names.slice(0, 3).map((name) => jobRef('plain', name))),
      desired: new Map(parts.desired.map((each) => [each.ref, each])),
      live: new Map(parts.live.map((each) => [each.ref, each])),
    },
  };
}

interface Placed {
  id: string;
  kind: string;
  stated?: JsonObject;
  present?: JsonObject;
}

function environmentOf(scheduler: 'marathon' | 'chronos', placed: readonly Placed[]): PlanInput {
  const model = scheduler === 'marathon' ? marathonModel : chronosModel;
  const desired = placed.flatMap(({ id, kind, stated }): ValidatedJob[] => {
    if (stated === undefined) return [];
    const source = { file: 'jobs.json', files: ['jobs.json'], document: 0, pointer: `/${id}` };
    const placeOf = (at: string) => ({ file: 'jobs.json', pointer: at });
    const made: Job = {
      ref: jobRef(scheduler, id),
      scheduler,
      kind,
      id,
      spec: stated,
      source: { ...source, placeOf },
    };
    return [made as ValidatedJob];
  });
  const present = placed.flatMap(({ id, kind, present: spec }): LiveJob[] =>
    spec === undefined
      ? []
      : [{ ref: jobRef(scheduler, id), kind, id, spec, version: 'v1', ownerLabel: 'test' }],
  );
  const onRecord = present.map(({ ref, kind, id, spec }): [JobRef, KnownJob] => [
    ref,
    { scheduler, kind, id, document: spec },
  ]);
  return input({
    desired,
    live: present,
    known: new Map(onRecord),
    schedulers: new Map([[scheduler, { model, context: { settings: {}, now: 1 } }]]),
  });
}
