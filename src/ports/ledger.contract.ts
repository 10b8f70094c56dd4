import { beforeEach, describe, expect, it } from '@jest/globals';
import type { JobRef } from '../domain/job/job-ref.js';
import type { LedgerEntry, LedgerState } from '../domain/record/ledger-entry.js';
import type { Outcome, OutcomeState } from '../domain/record/outcome.js';
import type { ObjectId, Revision } from '../domain/source/revision.js';
import type { Ledger } from './ledger.js';

/** What every ledger must do. `open` gives an empty one for the environment "test"; the revision exists in its repository. */
export function ledgerContract(open: () => Promise<{ ledger: Ledger; revision: Revision }>): void {
  describe('a ledger', () => {
    const waiting = { signal: new AbortController().signal };
    let ledger: Ledger;
    let revision: Revision;
    beforeEach(async () => {
      ({ ledger, revision } = await open());
      await ledger.head(waiting);
    });

    const outcome = (id: string, state: OutcomeState = 'applied', message = 'fine'): Outcome => ({
      ref: `marathon:/${id}` as JobRef,
      scheduler: 'marathon',
      kind: 'app',
      id: `/${id}`,
      action: 'update',
      state,
      message,
      startedAt: '2026-01-01T00:00:00.000Z',
      endedAt: '2026-01-01T00:00:01.000Z',
    });
    const state = (pass: string): LedgerState => ({
      version: 1,
      environment: 'test',
      revision,
      trees: [{ folder: '', tree: 'b'.repeat(40) as ObjectId }],
      pass,
      jobs: {},
      intents: [],
    });
    const entry = (pass: string, more: Partial<LedgerEntry> = {}): LedgerEntry => ({
      phase: 'outcome',
      environment: 'test',
      pass,
      planDigest: 'abc',
      actor: 'ann@host',
      decisions: [],
      revision,
      trees: [{ folder: '', tree: 'b'.repeat(40) as ObjectId }],
      trigger: 'test',
      at: '2026-01-01T00:00:01.000Z',
      outcomes: [outcome('web')],
      state: state(pass),
      files: {},
      ...more,
    });

    it('is empty at first', async () => {
      expect(await ledger.head(waiting)).toEqual({ commit: undefined, state: undefined });
      expect(await ledger.history({ ...waiting, limit: 10 })).toEqual([]);
    });

    it('gives back what was appended last', async () => {
      const first = await ledger.append(entry('p1'), undefined, waiting);
      const second = await ledger.append(entry('p2'), first, waiting);
      expect(await ledger.head(waiting)).toEqual({ commit: second, state: state('p2') });
    });

    it('appends after what was expected only', async () => {
      const first = await ledger.append(entry('p1'), undefined, waiting);
      await ledger.append(entry('p2'), first, waiting);
      await expect(ledger.append(entry('late'), first, waiting)).rejects.toMatchObject({ kind: 'conflict' });
      await expect(ledger.append(entry('late'), undefined, waiting)).rejects.toMatchObject({
        kind: 'conflict',
      });
      expect((await ledger.head(waiting)).state?.pass).toBe('p2');
    });

    it('keeps the documents that were sent until they are removed', async () => {
      const files = {
        'marathon/a.json': { id: '/a', b: 1, a: [2, { z: null }] },
        'marathon/b.json': { id: '/b' },
      };
      const first = await ledger.append(entry('p1', { files }), undefined, waiting);
      const second = await ledger.append(entry('p2', { files: { 'marathon/b.json': null } }), first, waiting);
      const paths = ['marathon/a.json', 'marathon/b.json', 'marathon/none.json'];
      expect(await ledger.documents(second, paths, waiting)).toEqual(
        new Map([['marathon/a.json', files['marathon/a.json']]]),
      );
      expect((await ledger.documents(first, paths, waiting)).size).toBe(2);
    });

    it('puts orders on record, between the two entries of a pass too', async () => {
      const intents = [
        { ref: 'marathon:/web' as JobRef, scheduler: 'marathon', kind: 'app', id: '/web', action: 'update' },
      ] as const;
      const files = { 'marathon/web.json': { id: '/web' } };
      const first = await ledger.append(entry('p1', { files }), undefined, waiting);
      const begun = { ...state('p2'), intents: [...intents] };
      const second = await ledger.append(
        entry('p2', { phase: 'intent', outcomes: [], state: begun }),
        first,
        waiting,
      );
      const order = {
        verb: 'pause',
        refs: ['marathon:/web' as JobRef],
        by: 'ann',
        at: '2026-01-01T00:00:02.000Z',
        reason: 'a look\nTowline-Phase: outcome',
      } as const;
      const { by, at, reason } = order;
      const paused = { ...begun, paused: { 'marathon:/web': { by, at, reason } } };
      const third = await ledger.append(
        { phase: 'order', environment: 'test', order, state: paused },
        second,
        waiting,
      );
      expect(await ledger.head(waiting)).toEqual({ commit: third, state: paused });
      expect((await ledger.documents(third, ['marathon/web.json'], waiting)).size).toBe(1);
      const last = { ...paused, intents: [] };
      const fourth = await ledger.append(entry('p2', { state: last }), third, waiting);
      expect(await ledger.head(waiting)).toEqual({ commit: fourth, state: last });
      const [, record] = await ledger.history({ ...waiting, limit: 10, jobRef: 'marathon:/web' });
      expect(record?.trailers).toContainEqual({ key: 'Towline-Phase', value: 'order' });
      expect(record?.trailers.filter(({ key }) => key === 'Towline-Phase')).toHaveLength(1);
      expect(record?.trailers).toContainEqual({ key: 'Towline-Job', value: 'marathon:/web pause ordered' });
    });

    it('tells its history, newest first, also of one job', async () => {
      let head = await ledger.append(entry('p1', { outcomes: [outcome('a')] }), undefined, waiting);
      head = await ledger.append(entry('p2', { outcomes: [outcome('b', 'failed')] }), head, waiting);
      await ledger.append(
        entry('p3', { outcomes: [outcome('a', 'rolled-back'), outcome('ab')] }),
        head,
        waiting,
      );
      const passes = async (jobRef?: string): Promise<(string | undefined)[]> =>
        (await ledger.history({ ...waiting, limit: 10, ...(jobRef === undefined ? {} : { jobRef }) })).map(
          ({ trailers }) => trailers.find((t) => t.key === 'Towline-Pass')?.value,
        );
      expect(await passes()).toEqual(['p3', 'p2', 'p1']);
      expect(await passes('marathon:/a')).toEqual(['p3', 'p1']);
      expect((await ledger.history({ ...waiting, limit: 1 }))[0]?.trailers).toContainEqual({
        key: 'Towline-Job',
        value: 'marathon:/a update rolled-back from=2026-01-01T00:00:00.000Z to=2026-01-01T00:00:01.000Z',
      });
    });

    it('tells what stood there after an earlier entry, and one entry by its first digits', async () => {
      const files = { 'marathon/a.json': { id: '/a' } };
      const first = await ledger.append(entry('p1', { files }), undefined, waiting);
      const second = await ledger.append(entry('p2', { files: { 'marathon/a.json': null } }), first, waiting);
      expect(await ledger.stateAt(first, waiting)).toEqual(state('p1'));
      expect(await ledger.paths(first, waiting)).toEqual(['marathon/a.json']);
      expect(await ledger.paths(second, waiting)).toEqual([]);
      expect(await ledger.entry(first.slice(0, 12), waiting)).toMatchObject({ commit: first });
      expect(await ledger.entry('f'.repeat(40), waiting)).toBeUndefined();
      expect(await ledger.entry(revision, waiting)).toBeUndefined();
      expect((await ledger.history({ ...waiting, limit: 9, from: first })).map((e) => e.commit)).toEqual([
        first,
      ]);
      expect((await ledger.history({ ...waiting, limit: 9, skip: 1 })).map((e) => e.commit)).toEqual([first]);
    });

    it('tells what was done in a time, and what has a trailer', async () => {
      const at = (minute: number): string => `2026-01-01T00:0${minute}:00.500Z`;
      let head: ObjectId | undefined;
      for (const n of [1, 2, 3]) head = await ledger.append(entry(`p${n}`, { at: at(n) }), head, waiting);
      const passes = async (options: { since?: number; until?: number; trailer?: string }) =>
        (await ledger.history({ ...waiting, limit: 9, ...options })).map(
          ({ trailers }) => trailers.find((t) => t.key === 'Towline-Pass')?.value,
        );
      expect(await passes({ since: Date.parse(at(2)) })).toEqual(['p3', 'p2']);
      expect(await passes({ until: Date.parse(at(2)) })).toEqual(['p2', 'p1']);
      expect(await passes({ trailer: 'Towline-Pass: p2' })).toEqual(['p2']);
      // A line as a whole, and nothing that only begins or ends like it.
      for (const part of ['Towline-Pass: p', 'Pass: p2', 'Towline-Pass: .*'])
        expect(await passes({ trailer: part })).toEqual([]);
    });

    it('keeps what the mirror did beside what a pass announced', async () => {
      const record = {
        revision,
        trees: [{ folder: '', tree: 'b'.repeat(40) as ObjectId }],
        index: 7,
        pass: 'm1',
        at: '2026-01-01T00:00:00.000Z',
      };
      const mirrored = {
        phase: 'mirror' as const,
        environment: 'test',
        trigger: 'run',
        actor: 'ann@host',
        written: 3,
        deleted: 0,
        repaired: 0,
        record,
      };
      const empty = { ...state(''), sequence: 1, mirror: record };
      const first = await ledger.append({ ...mirrored, state: empty }, undefined, waiting);
      expect(await ledger.head(waiting)).toEqual({ commit: first, state: empty });
      const again = { ...empty, sequence: 2, mirror: { ...record, index: 9 } };
      const second = await ledger.append({ ...mirrored, record: again.mirror, state: again }, first, waiting);
      expect(await ledger.stateAt(second, waiting)).toEqual(again);
      const last = { ...state('p1'), sequence: 3, mirror: again.mirror };
      const third = await ledger.append(entry('p1', { state: last }), second, waiting);
      expect(await ledger.stateAt(third, waiting)).toEqual(last);
    });
  });
}
