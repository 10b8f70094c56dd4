import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  input,
  job,
  known,
  LENIENT,
  live,
  plainModel,
  REVISION,
  TREE,
} from '../../../../test/builders/plan-input.js';
import { digest } from '../../source/digest.js';
import { makePlan } from '../make-plan.js';
import { strictest } from './approvals.js';
import type { Plan } from '../plan.js';
import type { PlanInput } from '../plan-input.js';
import {
  NO_FACTS,
  type Approval,
  type ApprovalRule,
  type BreakGlass,
  type FreezeRule,
  type GateDecision,
  type GateFacts,
  type GatePolicy,
  type Veto,
} from '../policy.js';

const at = (iso: string): number => Date.parse(iso);
const NOON = at('2026-01-03T12:00:00Z');
const WEEKEND: FreezeRule = { name: 'weekend', from: 'Fri 16:00', to: 'Mon 08:00', zone: 'UTC', jobs: [] };
const TWO: ApprovalRule = {
  name: 'two',
  required: 2,
  from: [],
  authorMayApprove: false,
  signed: true,
  jobs: [],
  actions: [],
  minChanges: 1,
};
const GLASS: BreakGlass = {
  by: 'eve@x',
  at: '2026-01-03T11:30:00Z',
  until: '2026-01-03T12:30:00Z',
  reason: 'the shop is down',
};

const policyOf = (parts: Partial<GatePolicy>): GatePolicy => ({ ...LENIENT, ...parts });
const facts = (parts: Partial<GateFacts>): GateFacts => ({ ...NO_FACTS, ...parts });
const approval = ({ digest: plan }: Plan, by: string, more: Partial<Approval> = {}): Approval => ({
  plan,
  by,
  at: '2026-01-03T11:00:00Z',
  signed: true,
  commit: 'c'.repeat(40),
  ...more,
});

/** Two jobs that depend on nothing, one that is updated, one that goes. */
const world = (parts: Partial<PlanInput> = {}): PlanInput =>
  input({
    desired: [job('/shop/web', { cmd: 'b' }), job('/shop/api'), job('/db/main')],
    live: [live('/shop/web', { cmd: 'a' }), live('/old', { cmd: 'old' })],
    known: new Map([known('/shop/web', { cmd: 'a' }), known('/old')]),
    now: NOON,
    ...parts,
  });
const EVERYTHING = ['plain:/db/main', 'plain:/old', 'plain:/shop/api', 'plain:/shop/web'];
const heldIn = ({ changes }: Plan): string[] =>
  changes.flatMap(({ ref, action }) => (action === 'blocked' ? [ref] : [])).sort();
const reasonOf = ({ changes }: Plan, ref: string): string | undefined =>
  changes.find((change) => change.ref === ref)?.reason;
const said = ({ decisions }: Plan): string[] =>
  decisions.map(({ verdict, gate, name, refs }) => `${verdict} ${gate} ${name} ${refs.length}`);
const only = ({ decisions }: Plan, gate: GateDecision['gate']): GateDecision | undefined =>
  decisions.find((each) => each.gate === gate);

describe('freezes', () => {
  const frozen = (parts: Partial<PlanInput> = {}, rules: FreezeRule[] = [WEEKEND]): Plan =>
    makePlan(world(parts), policyOf({ freezes: rules }));

  it('hold everything that would be sent, and say until when', () => {
    const plan = frozen();
    expect(heldIn(plan)).toEqual(EVERYTHING);
    expect(reasonOf(plan, 'plain:/old')).toBe('frozen by "weekend" until Mon 2026-01-05 08:00 UTC');
    expect(plan.decisions).toEqual([
      {
        gate: 'freeze',
        name: 'weekend',
        verdict: 'held',
        refs: EVERYTHING,
        reason: 'frozen by "weekend" until Mon 2026-01-05 08:00 UTC',
        opensAt: '2026-01-05T08:00:00Z',
      },
    ]);
  });

  it('let everything pass outside of their windows, without a word', () => {
    expect(frozen({ now: at('2026-01-05T08:00:00Z') })).toMatchObject({ decisions: [] });
    expect(heldIn(frozen({ now: at('2026-01-05T08:00:00Z') }))).toEqual([]);
  });

  it('hold only the jobs that they are about, and what depends on these', () => {
    const rules = [{ ...WEEKEND, jobs: ['/shop/*'] }];
    expect(heldIn(frozen({}, rules))).toEqual(['plain:/shop/api', 'plain:/shop/web']);
    const plan = frozen(
      { desired: [job('/shop/api'), job('/front', { needs: ['/shop/api'] })], live: [], known: new Map() },
      rules,
    );
    expect(heldIn(plan)).toEqual(['plain:/front', 'plain:/shop/api']);
    expect(reasonOf(plan, 'plain:/front')).toBe('waits for plain:/shop/api, which is held back');
    expect(only(plan, 'freeze')?.refs).toEqual(['plain:/shop/api']);
  });

  it('hold a set that is changed together as a whole', () => {
    const schedulers = new Map([
      ['plain', { model: { ...plainModel, setKinds: ['job'] }, context: { settings: {} } }],
    ]);
    const plan = frozen({ schedulers, together: ['/shop'] }, [{ ...WEEKEND, jobs: ['/shop/api'] }]);
    expect(heldIn(plan)).toEqual(['plain:/shop/api', 'plain:/shop/web']);
  });

  it('open when none of those about the same jobs is closed any more', () => {
    const monday = { ...WEEKEND, name: 'mondays', from: 'Mon 07:00', to: 'Mon 12:00', zone: 'Europe/Berlin' };
    const plan = frozen({}, [
      WEEKEND,
      monday,
      { ...monday, name: 'other', to: 'Tue 12:00', jobs: ['/none'] },
    ]);
    expect(plan.decisions).toMatchObject([{ name: 'weekend', opensAt: '2026-01-05T11:00:00Z' }]);
  });

  it('say so where they never open', () => {
    const rules = [
      { ...WEEKEND, name: 'days', from: '08:00', to: '20:00' },
      { ...WEEKEND, name: 'nights', from: '20:00', to: '08:00' },
    ];
    const plan = frozen({}, rules);
    expect(reasonOf(plan, 'plain:/old')).toContain('never opens');
    expect(only(plan, 'freeze')).not.toHaveProperty('opensAt');
  });

  it('are closed where they can’t be read', () => {
    expect(heldIn(frozen({}, [{ ...WEEKEND, zone: 'Mars/Base' }]))).toEqual(EVERYTHING);
  });

  it('say the same in every pass while nothing changes, so that no status is written anew', () => {
    const messages = (now: string): unknown => frozen({ now: at(now) }).changes.map(({ reason }) => reason);
    expect(messages('2026-01-04T23:59:00Z')).toEqual(messages('2026-01-02T16:00:00Z'));
  });

  it('hold what people ordered too: runs and restarts', () => {
    const asked = { by: 'ann', at: '2026-01-03T11:00:00Z' };
    const plan = makePlan(
      input({
        now: NOON,
        desired: [job('/a'), job('/b')],
        live: [live('/a'), live('/b')],
        known: new Map([known('/a'), known('/b')]),
        restarts: new Map([[job('/a').ref, asked]]),
        runs: new Map([[job('/b').ref, { ...asked, act: 'trigger' }]]),
      }),
      policyOf({ freezes: [WEEKEND] }),
    );
    expect(plan.changes.map(({ wanted }) => wanted)).toEqual(['restart', 'trigger']);
  });

  it('have nothing to say of a plan that sends nothing', () => {
    const plan = makePlan(
      input({ now: NOON, desired: [job('/a')], live: [live('/a')], known: new Map([known('/a')]) }),
      policyOf({ freezes: [WEEKEND], approvals: [TWO] }),
    );
    expect(plan.decisions).toEqual([]);
  });
});

describe('approvals', () => {
  const asked = makePlan(world(), policyOf({ approvals: [TWO] }));
  const planned = (
    given: Partial<GateFacts>,
    rule: Partial<ApprovalRule> = {},
    parts: Partial<PlanInput> = {},
  ): Plan =>
    makePlan(world({ facts: facts(given), ...parts }), policyOf({ approvals: [{ ...TWO, ...rule }] }));
  const reason = (plan: Plan): string | undefined => only(plan, 'approval')?.reason;

  it('hold the plan until there are as many as are needed, and say how to give one', () => {
    expect(heldIn(asked)).toEqual(EVERYTHING);
    expect(reason(asked)).toBe(
      `needs 2 signed approvals of plan ${asked.id}; has none: towline approve ${asked.id}`,
    );
  });

  it.each<[string, boolean, Partial<GateFacts>, Partial<ApprovalRule>, string]>([
    [
      'two people',
      true,
      { approvals: [approval(asked, 'ann@x'), approval(asked, 'bob@y')] },
      {},
      `plan ${asked.id} is approved by ann@x, bob@y`,
    ],
    ['one of two', false, { approvals: [approval(asked, 'ann@x')] }, {}, 'has 1 (ann@x)'],
    [
      'one person twice, in two ways of writing',
      false,
      { approvals: [approval(asked, 'ann@x'), approval(asked, 'Ann <ANN@x>')] },
      {},
      'has 1 (ann@x)',
    ],
    [
      'an author',
      false,
      { approvals: [approval(asked, 'ann@x'), approval(asked, 'bob@y')], authors: ['Bob@Y'] },
      {},
      'has 1 (ann@x); bob@y wrote one of the commits',
    ],
    [
      'an author who may',
      true,
      { approvals: [approval(asked, 'ann@x'), approval(asked, 'bob@y')], authors: ['Bob <bob@y>'] },
      { authorMayApprove: true },
      'approved by ann@x, bob@y',
    ],
    [
      'approvals of another plan, from before it changed',
      false,
      {
        approvals: [
          approval(asked, 'ann@x', { plan: `${asked.digest.slice(0, -1)}x` }),
          approval(asked, 'bob@y', { plan: asked.id }),
        ],
      },
      {},
      'has none',
    ],
    [
      'an unsigned one where a signature is demanded',
      false,
      { approvals: [approval(asked, 'ann@x'), approval(asked, 'bob@y', { signed: false })] },
      {},
      'has 1 (ann@x); bob@y has not signed',
    ],
    [
      'unsigned ones where none is demanded',
      true,
      { approvals: ['ann@x', 'bob@y'].map((by) => approval(asked, by, { signed: false })) },
      { signed: false },
      'approved by',
    ],
    [
      'somebody who may not',
      false,
      { approvals: [approval(asked, 'ann@x'), approval(asked, 'cid@z')] },
      { from: ['ann@x', 'bob@y'] },
      `by ann@x, bob@y; has 1 (ann@x); cid@z is none of those who may`,
    ],
    // Whose key has expired has no approval in the facts any more.
    [
      'a signer whose key has expired',
      false,
      { approvals: [] },
      { required: 1 },
      'needs 1 signed approval of',
    ],
  ])('%s', (_, passes, given, rule, text) => {
    const plan = planned(given, rule);
    expect(heldIn(plan)).toEqual(passes ? [] : EVERYTHING);
    expect(only(plan, 'approval')?.verdict).toBe(passes ? 'passed' : 'held');
    expect(reason(plan)).toContain(text);
  });

  it('are of what is sent: with another change in it, it is another plan', () => {
    const both = { approvals: [approval(asked, 'ann@x'), approval(asked, 'bob@y')] };
    const more = world({ facts: facts(both) });
    const plan = makePlan(
      { ...more, desired: [...more.desired, job('/new')] },
      policyOf({ approvals: [TWO] }),
    );
    expect(heldIn(plan)).toEqual(['plain:/db/main', 'plain:/new', ...EVERYTHING.slice(1)]);
    const edited = planned(
      both,
      {},
      { live: [live('/shop/web', { cmd: 'a' }, { version: 'v2' }), live('/old', { cmd: 'old' })] },
    );
    expect(heldIn(edited)).toEqual(EVERYTHING);
  });

  it.each<[string, Partial<ApprovalRule>, string[] | undefined]>([
    ['no job that is changed', { jobs: ['/none/*'] }, undefined],
    ['some of the jobs', { jobs: ['/shop/*'] }, ['plain:/shop/api', 'plain:/shop/web']],
    ['one job by its reference', { jobs: ['plain:/old'] }, ['plain:/old']],
    ['deletions', { actions: ['delete'] }, ['plain:/old']],
    ['deletions of jobs that stay', { actions: ['delete'], jobs: ['/shop/*'] }, undefined],
    ['so many changes', { minChanges: 4 }, EVERYTHING],
    ['more changes', { minChanges: 5 }, undefined],
  ])('are needed for %s, and then the whole plan waits', (_, rule, refs) => {
    const plan = planned({}, rule);
    expect(only(plan, 'approval')?.refs).toEqual(refs);
    expect(heldIn(plan)).toEqual(refs === undefined ? [] : EVERYTHING);
  });

  it('make a plan go as a whole: where a freeze holds one job of it, all wait and say why', () => {
    const given = { approvals: [approval(asked, 'ann@x'), approval(asked, 'bob@y')] };
    const freezes = [{ ...WEEKEND, jobs: ['/old'] }];
    const plan = makePlan(world({ facts: facts(given) }), policyOf({ approvals: [TWO], freezes }));
    expect(plan.digest).toBe(asked.digest);
    expect(heldIn(plan)).toEqual(EVERYTHING);
    expect(said(plan)).toEqual(['passed approval two 4', 'held freeze weekend 1']);
    expect(reasonOf(plan, 'plain:/old')).toBe('frozen by "weekend" until Mon 2026-01-05 08:00 UTC');
    expect(reasonOf(plan, 'plain:/db/main')).toBe(
      `goes with the rest of plan ${plan.id} or not at all, and that waits: frozen by "weekend" until Mon 2026-01-05 08:00 UTC`,
    );
    const later = makePlan(
      world({ facts: facts(given), now: at('2026-01-05T08:00:00Z') }),
      policyOf({ approvals: [TWO], freezes }),
    );
    expect([later.digest, heldIn(later)]).toEqual([asked.digest, []]);
  });

  it('make a plan wait for the freezes of all of its jobs, and it says until when that is', () => {
    const later = { ...WEEKEND, name: 'later', to: 'Mon 10:00', jobs: ['/db/*'] };
    const freezes = [{ ...WEEKEND, jobs: ['/old'] }, later];
    const opens = (policy: Partial<GatePolicy>) =>
      makePlan(world(), policyOf({ freezes, ...policy })).decisions.flatMap(({ name, opensAt }) =>
        opensAt === undefined ? [] : [`${name} ${opensAt}`],
      );
    expect(opens({})).toEqual(['weekend 2026-01-05T08:00:00Z', 'later 2026-01-05T10:00:00Z']);
    expect(opens({ approvals: [TWO] })).toEqual([
      'weekend 2026-01-05T10:00:00Z',
      'later 2026-01-05T10:00:00Z',
    ]);
  });

  it('leave out what is not to be sent at all: it is no part of what is approved', () => {
    const foreign = {
      desired: [job('/a'), job('/of-others', { cmd: 'b' })],
      live: [live('/of-others')],
      known: new Map(),
    };
    const first = planned({}, { required: 1 }, foreign);
    const plan = planned({ approvals: [approval(first, 'ann@x')] }, { required: 1 }, foreign);
    expect(heldIn(plan)).toEqual(['plain:/of-others']);
  });
});

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

describe('pauses', () => {
  const asked = { by: 'ann', at: '2026-01-03T11:00:00Z' };
  const paused = (name: string, until?: string): Plan =>
    makePlan(
      world({ paused: new Map([[name, { ...asked, ...(until === undefined ? {} : { until }) }]]) }),
      LENIENT,
    );

  it('hold a job, or all of them', () => {
    expect(heldIn(paused('plain:/old'))).toEqual(['plain:/old']);
    expect(heldIn(paused('*'))).toEqual(EVERYTHING);
    expect(said(paused('*'))).toEqual(['held pause * 4']);
    expect(said(paused('plain:/not-changed'))).toEqual([]);
  });

  it('end by themselves where they have an end', () => {
    expect(heldIn(paused('*', '2026-01-03T12:00:01Z'))).toEqual(EVERYTHING);
    expect(only(paused('*', '2026-01-03T12:00:01Z'), 'pause')).toMatchObject({
      opensAt: '2026-01-03T12:00:01Z',
      reason: 'the environment is paused by ann since 2026-01-03T11:00:00Z until 2026-01-03T12:00:01Z',
    });
    expect(heldIn(paused('*', '2026-01-03T12:00:00Z'))).toEqual([]);
    expect(said(paused('*', '2026-01-03T12:00:00Z'))).toEqual([]);
  });
});

describe('the prune limit', () => {
  const gone = (parts: Partial<PlanInput> = {}): PlanInput => {
    const ids = ['/a', '/b', '/c'];
    return input({
      now: NOON,
      live: ids.map((id) => live(id)),
      known: new Map(ids.map((id) => known(id))),
      desired: [job('/new')],
      ...parts,
    });
  };
  const prune = { enabled: true, maxCount: 2, maxShare: 1, allowed: false };
  const GONE = ['plain:/a', 'plain:/b', 'plain:/c'];

  it('holds the deletions above it and lets all else pass, and says who can let them pass', () => {
    const plan = makePlan(gone(), policyOf({ prune }));
    expect(heldIn(plan)).toEqual(GONE);
    expect(only(plan, 'prune')?.reason).toBe(
      `3 jobs would be deleted, more than the limit of 2; allow it with --allow-prune, or it needs 1 approval of plan ${plan.id}; has none: towline approve ${plan.id}`,
    );
  });

  it('is passed by an approval of anybody where no rule says more, and the plan goes as a whole', () => {
    const held = makePlan(gone(), policyOf({ prune }));
    const given = facts({ approvals: [approval(held, 'ann@x', { signed: false })] });
    const plan = makePlan(gone({ facts: given }), policyOf({ prune }));
    expect([heldIn(plan), said(plan)]).toEqual([[], ['passed prune * 3']]);
    const frozen = makePlan(
      gone({ facts: given }),
      policyOf({ prune, freezes: [{ ...WEEKEND, jobs: ['/new'] }] }),
    );
    expect(heldIn(frozen)).toEqual([...GONE, 'plain:/new']);
  });

  it('needs those of the strictest rule there is, also where that one is about other jobs', () => {
    const approvals = [
      { ...TWO, name: 'one', required: 1, signed: false, jobs: ['/none'] },
      { ...TWO, jobs: ['/none'] },
    ];
    const held = makePlan(gone(), policyOf({ prune, approvals }));
    expect(only(held, 'prune')?.reason).toContain('needs 2 signed approvals');
    const by = (...names: string[]) => facts({ approvals: names.map((name) => approval(held, name)) });
    const planned = (given: GateFacts) => makePlan(gone({ facts: given }), policyOf({ prune, approvals }));
    expect(heldIn(planned(by('ann@x')))).toEqual(GONE);
    expect(heldIn(planned(by('ann@x', 'bob@y')))).toEqual([]);
  });

  it.each<[string, Partial<ApprovalRule>, Partial<ApprovalRule>]>([
    ['that needs more people', { required: 2, signed: false }, { required: 1 }],
    ['that needs a signature', { authorMayApprove: true }, { signed: false }],
    ['that does not count authors', {}, { authorMayApprove: true, from: ['ann@x', 'bob@y'] }],
    ['that names fewer who may', { from: ['ann@x', 'bob@y'] }, {}],
    ['that names any at all', { from: ['ann@x', 'bob@y', 'cid@z'] }, { from: [] }],
  ])('takes for the strictest rule the one %s', (_, strict, other) => {
    const [rule, looser] = [
      { ...TWO, ...strict, name: 'strict' },
      { ...TWO, ...other, name: 'looser' },
    ];
    expect(strictest([looser, rule])).toBe(rule);
    expect(strictest([rule, looser])).toBe(rule);
  });

  it('is overridden by the flag, which is on record where it mattered', () => {
    const allowed = { ...prune, allowed: true };
    const plan = makePlan(gone(), policyOf({ prune: allowed }));
    expect([heldIn(plan), said(plan)]).toEqual([[], ['overridden prune * 3']]);
    expect(said(makePlan(gone(), policyOf({ prune: { ...allowed, maxCount: 3 } })))).toEqual([]);
  });

  it('is none where nothing is pruned at all: no approval helps, and it is no part of what is approved', () => {
    const off = { ...prune, enabled: false };
    const plan = makePlan(gone(), policyOf({ prune: off }));
    expect([heldIn(plan), said(plan)]).toEqual([GONE, ['held prune * 3']]);
    const given = facts({ approvals: [approval(plan, 'ann@x')] });
    expect(heldIn(makePlan(gone({ facts: given }), policyOf({ prune: off })))).toEqual(GONE);
    expect(plan.digest).toBe(makePlan(gone({ live: [], known: new Map() }), LENIENT).digest);
    const flagged = makePlan(gone(), policyOf({ prune: { ...off, allowed: true } }));
    expect([heldIn(flagged), said(flagged)]).toEqual([[], ['overridden prune * 3']]);
  });
});

describe('the radius', () => {
  const many = (parts: Partial<PlanInput> = {}): PlanInput => {
    const ids = ['/a', '/b', '/c', '/d'];
    return input({
      now: NOON,
      desired: ids.map((id) => job(id, { n: id === '/d' ? 1 : 2 })),
      live: ids.map((id) => live(id, { n: 1 })),
      known: new Map(ids.map((id) => known(id, { n: 1 }))),
      ...parts,
    });
  };

  it.each<[string, { maxCount: number; maxShare: number }, boolean]>([
    ['above the number', { maxCount: 2, maxShare: 1 }, true],
    ['at the number', { maxCount: 3, maxShare: 1 }, false],
    ['above the share', { maxCount: 100, maxShare: 0.5 }, true],
    ['at the share', { maxCount: 100, maxShare: 0.75 }, false],
  ])('holds all changes of a pass, or none: %s', (_, radius, held) => {
    const plan = makePlan(many(), policyOf({ radius }));
    expect(heldIn(plan)).toEqual(held ? ['plain:/a', 'plain:/b', 'plain:/c'] : []);
    expect(said(plan)).toEqual(held ? ['held radius * 3'] : []);
  });

  it('lets a single change pass whatever its share, and counts a first deployment against what comes', () => {
    const radius = { maxCount: 100, maxShare: 0.5 };
    const both = input({ desired: [job('/a'), job('/b')] });
    expect(heldIn(makePlan(both, policyOf({ radius: { ...radius, maxShare: 1 } })))).toEqual([]);
    expect(heldIn(makePlan(input({ desired: [job('/a')] }), policyOf({ radius })))).toEqual([]);
    expect(heldIn(makePlan(input({ desired: [job('/a'), job('/b')] }), policyOf({ radius })))).toHaveLength(
      2,
    );
  });

  it('counts no runs', () => {
    const runs = new Map(
      ['/a', '/b'].map((id) => [job(id).ref, { act: 'trigger', by: 'a', at: 'b' } as const]),
    );
    const calm = {
      desired: ['/a', '/b'].map((id) => job(id)),
      live: ['/a', '/b'].map((id) => live(id)),
      known: new Map(['/a', '/b'].map((id) => known(id))),
    };
    const plan = makePlan(many({ ...calm, runs }), policyOf({ radius: { maxCount: 1, maxShare: 1 } }));
    expect(plan.changes.map(({ action }) => action)).toEqual(['trigger', 'trigger']);
  });

  it('is passed by an approval', () => {
    const policy = policyOf({ radius: { maxCount: 2, maxShare: 1 } });
    const held = makePlan(many(), policy);
    expect(only(held, 'radius')?.reason).toBe(
      `3 jobs would be changed at once, more than the limit of 2; it needs 1 approval of plan ${held.id}; has none: towline approve ${held.id}`,
    );
    const plan = makePlan(many({ facts: facts({ approvals: [approval(held, 'ann@x')] }) }), policy);
    expect([heldIn(plan), said(plan)]).toEqual([[], ['passed radius * 3']]);
  });
});

describe('break-glass', () => {
  const everything = policyOf({
    freezes: [WEEKEND],
    approvals: [TWO],
    radius: { maxCount: 1, maxShare: 1 },
    prune: { enabled: true, maxCount: 0, maxShare: 1, allowed: false },
  });

  it('overrides freezes, approvals and budgets while it lasts, with who and why', () => {
    const plan = makePlan(world({ facts: facts({ breakGlass: GLASS }) }), everything);
    expect(heldIn(plan)).toEqual([]);
    expect(said(plan)).toEqual([
      'overridden prune * 1',
      'overridden radius * 4',
      'overridden approval two 4',
      'overridden freeze weekend 4',
      'passed break-glass * 4',
    ]);
    expect(only(plan, 'freeze')?.reason).toBe(
      'frozen by "weekend" until Mon 2026-01-05 08:00 UTC; overridden by eve@x until 2026-01-03T12:30:00Z: the shop is down',
    );
  });

  it('does nothing once it is over', () => {
    const over = makePlan(
      world({ facts: facts({ breakGlass: GLASS }), now: at('2026-01-03T12:30:00Z') }),
      everything,
    );
    expect(heldIn(over)).toEqual(EVERYTHING);
    expect(only(over, 'break-glass')).toBeUndefined();
  });

  it('does not open what people have stopped: vetoes and pauses', () => {
    const veto: Veto = { kind: 'revision', name: REVISION, digests: [], by: 'ann', at: 'now' };
    const given = facts({ breakGlass: GLASS, vetoes: [veto] });
    expect(heldIn(makePlan(world({ facts: given }), everything))).toEqual(EVERYTHING);
    const paused = new Map([['*', { by: 'ann', at: 'now' }]]);
    expect(heldIn(makePlan(world({ facts: facts({ breakGlass: GLASS }), paused }), everything))).toEqual(
      EVERYTHING,
    );
  });

  it('is not mentioned where nothing would be held', () => {
    expect(makePlan(world({ facts: facts({ breakGlass: GLASS }) }), LENIENT).decisions).toEqual([]);
  });
});

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
