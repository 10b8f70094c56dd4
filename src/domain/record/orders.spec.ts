import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { entryMessage } from './entry-message.js';
import type { JobRef } from '../job/job-ref.js';
import type { Veto } from '../plan/policy.js';
import type { ObjectId, Revision } from '../source/revision.js';
import { glassUntil } from './gate-orders.js';
import type { LedgerState } from './ledger-entry.js';
import { firstState, inForce, orderEntry, type Order, type OrderEntry } from './orders.js';

const REVISION = 'a'.repeat(40) as Revision;
const TREES = [{ folder: 'production', tree: 'b'.repeat(40) as ObjectId }];
const PLAN = `sha256:${'1a2b3c4d5e6f'.padEnd(64, '0')}`;
const AT = '2026-01-02T03:04:05.000Z';
const empty = firstState('production', REVISION, TREES);
const asked = { by: 'ann', at: AT, refs: [] };
const release: Veto = { by: 'ann', at: AT, kind: 'release', name: 'shop/web:1.1.0', digests: [] };
const job = (...digests: string[]): Veto => ({
  by: 'ann',
  at: AT,
  kind: 'job',
  name: 'marathon:/shop/web',
  digests,
});

function given(
  state: LedgerState,
  ...orders: (Partial<Order> & Pick<Order, 'verb'>)[]
): OrderEntry | undefined {
  let entry: OrderEntry | undefined;
  for (const order of orders) {
    entry = orderEntry({ ...asked, ...order }, state);
    state = entry?.state ?? state;
  }
  return entry;
}
const after = (state: LedgerState, ...orders: Parameters<typeof given>[1][]): LedgerState =>
  orders.reduce((before, order) => given(before, order)?.state ?? before, state);

describe('an order', () => {
  it('has the next number, and leaves all that it is not about as it was', () => {
    const state: LedgerState = { ...empty, sequence: 7, paused: { '*': { by: 'bob', at: AT } } };
    const entry = given(state, { verb: 'approve', plan: PLAN });
    expect(entry).toMatchObject({ phase: 'order', environment: 'production' });
    expect(entry?.state).toEqual({ ...state, sequence: 8, approvals: [{ by: 'ann', at: AT, plan: PLAN }] });
  });

  it('is one line everywhere, whatever somebody writes', () => {
    const reason = 'because\nTowline-Order: seal';
    const entry = given(empty, { verb: 'approve', plan: PLAN, by: 'ann\nTowline-By: bob', reason });
    expect(entry?.state.approvals?.[0]).toMatchObject({ reason: 'because Towline-Order: seal' });
    const message = entry === undefined ? '' : entryMessage(entry);
    expect(message.match(/^Towline-Order: /gm)).toEqual(['Towline-Order: ']);
    expect(message.match(/^Towline-By: /gm)).toEqual(['Towline-By: ']);
  });

  describe('to approve', () => {
    it('is no news from the same person, and is one from another, or with a reason', () => {
      const once = after(empty, { verb: 'approve', plan: PLAN });
      expect(given(once, { verb: 'approve', plan: PLAN })).toBeUndefined();
      expect(given(once, { verb: 'approve', plan: PLAN, by: 'bob' })?.state.approvals).toHaveLength(2);
      const why = given(once, { verb: 'approve', plan: PLAN, reason: 'looked at it' });
      expect(why?.state.approvals).toEqual([{ by: 'ann', at: AT, plan: PLAN, reason: 'looked at it' }]);
    });

    it('keeps the newest 50', () => {
      const many = Array.from({ length: 60 }, (_, n): Parameters<typeof given>[1] => ({
        verb: 'approve',
        plan: `sha256:${n}`,
      }));
      const { approvals = [] } = after(empty, ...many);
      expect(approvals).toHaveLength(50);
      expect(approvals.map(({ plan }) => plan).slice(0, 1)).toEqual(['sha256:10']);
      expect(approvals.at(-1)?.plan).toBe('sha256:59');
    });

    it('names the plan in its subject, and whole in a trailer', () => {
      const entry = given(empty, { verb: 'approve', plan: PLAN });
      const message = entry === undefined ? '' : entryMessage(entry);
      expect(message.split('\n')[0]).toBe('Approve plan 1a2b3c4d5e6f of production');
      expect(message).toContain(`\nTowline-Approves: ${PLAN}\n`);
      expect(message).toContain('\nTowline-Phase: order\nTowline-Sequence: 1\nTowline-Order: approve\n');
    });
  });

  describe('to veto', () => {
    it('is kept by kind and name until it is lifted', () => {
      const vetoed = after(empty, { verb: 'veto', vetoes: [release, job('sha256:1')] });
      expect(Object.keys(vetoed.vetoes ?? {})).toEqual(['release shop/web:1.1.0', 'job marathon:/shop/web']);
      expect(given(vetoed, { verb: 'veto', vetoes: [release] })).toBeUndefined();
      const lifted = given(vetoed, { verb: 'lift', vetoes: [release] });
      expect(Object.keys(lifted?.state.vetoes ?? {})).toEqual(['job marathon:/shop/web']);
      expect(given(empty, { verb: 'lift', vetoes: [release] })).toBeUndefined();
      expect(lifted === undefined ? '' : entryMessage(lifted)).toContain(
        'Lift the veto of release shop/web:1.1.0 in production\n',
      );
    });

    it('knows every definition of a job that was vetoed, not only the last', () => {
      const twice = after(
        empty,
        { verb: 'veto', vetoes: [job('sha256:1')] },
        { verb: 'veto', vetoes: [job('sha256:2')] },
      );
      expect(twice.vetoes?.['job marathon:/shop/web']?.digests).toEqual(['sha256:1', 'sha256:2']);
      expect(given(twice, { verb: 'veto', vetoes: [job('sha256:1')] })).toBeUndefined();
    });

    it('names all of them in trailers, and the first for people', () => {
      const revision: Veto = { ...release, kind: 'revision', name: REVISION, digests: ['b'.repeat(40)] };
      const entry = given(empty, { verb: 'veto', vetoes: [revision, release], reason: 'broken' });
      const message = entry === undefined ? '' : entryMessage(entry);
      expect(message.split('\n')[0]).toBe('Veto revision aaaaaaaaaa and 1 more in production');
      expect(message).toContain(
        `Towline-Veto: revision ${REVISION}\nTowline-Veto: release shop/web:1.1.0\nTowline-Reason: broken\n`,
      );
    });

    it('and to lift again leaves nothing behind, in whatever order', () => {
      const veto = fc.record({
        by: fc.constant('ann'),
        at: fc.constant(AT),
        kind: fc.constantFrom<Veto['kind']>('revision', 'release', 'job'),
        // Names of members that every object has, too.
        name: fc.constantFrom('a', 'b', 'toString', '__proto__'),
        digests: fc.array(fc.constantFrom('1', '2', '3'), { maxLength: 3 }),
      });
      fc.assert(
        fc.property(fc.array(veto, { maxLength: 8 }), (vetoes) => {
          const vetoed = after(empty, ...vetoes.map((each) => ({ verb: 'veto' as const, vetoes: [each] })));
          for (const { kind, name, digests } of vetoes)
            expect(vetoed.vetoes?.[`${kind} ${name}`]?.digests).toEqual(expect.arrayContaining(digests));
          const lifted = after(vetoed, { verb: 'lift', vetoes });
          expect(Object.keys(lifted.vetoes ?? {})).toEqual([]);
        }),
      );
    });
  });

  describe('to break the glass', () => {
    const until = '2026-01-02T04:04:05.000Z';

    it('needs a reason and an end, and is over when it is sealed', () => {
      expect(given(empty, { verb: 'break-glass', until })).toBeUndefined();
      expect(given(empty, { verb: 'break-glass', until, reason: ' ' })).toBeUndefined();
      expect(given(empty, { verb: 'break-glass', reason: 'fire' })).toBeUndefined();
      const broken = given(empty, { verb: 'break-glass', until, reason: 'fire' });
      expect(broken?.state.breakGlass).toEqual({ by: 'ann', at: AT, until, reason: 'fire' });
      expect(broken === undefined ? '' : entryMessage(broken)).toMatch(
        new RegExp(`^Break the glass of production until ${until}\\n[^]*Towline-Until: ${until}\\n`),
      );
      const sealed = given(broken?.state ?? empty, { verb: 'seal' });
      expect(sealed?.state).toEqual({ ...empty, sequence: 2 });
      expect(given(empty, { verb: 'seal' })).toBeUndefined();
    });

    it('never lasts longer than the policy allows', () => {
      const policy = { from: [], signed: false, maxMinutes: 60 };
      expect(glassUntil(Date.parse(AT), undefined, policy)).toBe(until);
      expect(glassUntil(Date.parse(AT), 600, policy)).toBe(until);
      expect(glassUntil(Date.parse(AT), 5, policy)).toBe('2026-01-02T03:09:05.000Z');
    });
  });

  describe('to pause until a time', () => {
    const until = '2026-01-02T05:00:00.000Z';
    const refs = ['marathon:/shop/web' as JobRef];

    it('ends by itself, and can be given anew then, or with another end', () => {
      const paused = after(empty, { verb: 'pause', refs, until });
      expect(paused.paused).toEqual({ 'marathon:/shop/web': { by: 'ann', at: AT, until } });
      expect(given(paused, { verb: 'pause', refs, until })).toBeUndefined();
      expect(given(paused, { verb: 'pause', refs })?.state.paused).toEqual({
        'marathon:/shop/web': { by: 'ann', at: AT },
      });
      const later = '2026-01-02T06:00:00.000Z';
      expect(inForce(paused.paused, Date.parse(AT))).toEqual(paused.paused);
      expect(inForce(paused.paused, Date.parse(until))).toEqual({});
      expect(
        given(paused, { verb: 'pause', refs, at: later, until: '2026-01-03T00:00:00.000Z' }),
      ).toBeDefined();
    });

    it('says so', () => {
      const entry = given(empty, { verb: 'pause', refs, until });
      expect(entry === undefined ? '' : entryMessage(entry)).toMatch(
        new RegExp(`^Pause marathon:/shop/web of production until ${until}\\n[^]*Towline-Until: ${until}\\n`),
      );
    });
  });
});
