import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readAt } from '../../src/queries/at.js';
import { readBlame, type BlamedField } from '../../src/queries/blame.js';
import { readHistory } from '../../src/queries/history.js';
import { readLedgerDiff } from '../../src/queries/ledger-diff.js';
import { readReport } from '../../src/queries/report.js';
import { randomWorld, type RandomWorld } from './random-world.js';

const signal = AbortSignal.timeout(600_000);

/** Before anything was done. */
const EARLIER = 0;

/** A short life of one job, with every kind of entry; what was done is known by name. */
describe('questions to the ledger', () => {
  let world: RandomWorld;
  const commits: Record<string, string> = {};
  const entries: Record<string, string> = {};
  const times: Record<string, number> = {};

  beforeAll(async () => {
    world = await randomWorld();
    const pass = async (name: string): Promise<void> => {
      await world.mirror();
      await world.deploy();
      entries[name] = (await world.head()).commit;
      times[name] = world.now();
      world.tick();
    };
    const web = { image: 'shop/web:0', instances: 2, env: { LEVEL: 'a', MODE: 'x' } };
    commits['made'] = await world.commit({ web }, 'ann', 'Make web');
    world.tick();
    await pass('made');
    commits['level'] = await world.commit(
      { web: { ...web, env: { LEVEL: 'b', MODE: 'x' } } },
      'bob',
      'Level b',
    );
    await world.mirror();
    entries['approval'] = await world.approve('eve');
    await pass('level');
    await world.order('pause', 'web', 'ann');
    times['paused'] = world.now();
    world.tick();
    await world.order('resume', 'web', 'ann');
    world.tick();
    // Two commits that one pass deploys: which of them set the field is found all the same.
    commits['mode'] = await world.commit(
      { web: { ...web, env: { LEVEL: 'b', MODE: 'y' } } },
      'eve',
      'Mode y',
    );
    commits['more'] = await world.commit(
      { web: { ...web, instances: 3, env: { LEVEL: 'b', MODE: 'y' } } },
      'ann',
      'Three of them',
    );
    await pass('mode');
    world.scheduler.ends.set('web', 'failed');
    commits['bad'] = await world.commit(
      { web: { ...web, env: { LEVEL: 'c', MODE: 'y' } } },
      'bob',
      'Level c',
    );
    await pass('bad');
    commits['other'] = await world.commit({ other: { image: 'shop/other:1' } }, 'eve', 'Make other');
    await pass('other');
    await world.commit({ other: null }, 'eve', 'Remove other');
    await pass('removed');
  }, 120_000);
  afterAll(() => world.close());

  const at = (name: string): number => times[name] ?? Number.NaN;

  describe('history', () => {
    const history = (more: Partial<Parameters<typeof readHistory>[1]> = {}) =>
      readHistory(world.ledger, { signal, limit: 100, ...more });

    it('tells passes and orders, newest first, and nothing of the mirror', async () => {
      expect((await history()).map(({ phase }) => phase)).toEqual([
        ...['outcome', 'outcome', 'outcome', 'outcome', 'order', 'order', 'outcome', 'order', 'outcome'],
      ]);
    });

    it('tells as many as were asked for, whatever lies between them', async () => {
      const all = await history();
      expect(await history({ limit: 5 })).toEqual(all.slice(0, 5));
    });

    it('tells what the mirror did where that is asked for', async () => {
      const found = await history({ kinds: ['mirror'] });
      expect(found.length).toBeGreaterThan(4);
      expect(found.every(({ phase, by }) => phase === 'mirror' && by === 'mirror@host')).toBe(true);
    });

    it('tells failures only', async () => {
      expect((await history({ failed: true })).map(({ commit }) => commit)).toEqual([entries['bad']]);
    });

    it('tells what happened in a time, both ends included', async () => {
      const found = await history({ since: at('level'), until: at('mode') });
      expect(found[0]?.commit).toBe(entries['mode']);
      expect(found.at(-1)?.commit).toBe(entries['approval']);
    });

    it('tells of one job, its end included', async () => {
      const found = await history({ jobRef: 'plain:other' });
      expect(found.map(({ commit }) => commit)).toEqual([entries['removed'], entries['other']]);
      expect(found[0]?.jobs[0]).toMatchObject({ action: 'delete', state: 'applied' });
    });
  });

  describe('at', () => {
    const then = (time: number, job?: string) => {
      const { ledger, repository, models, layers } = world.sources;
      const question = { time, ...(job === undefined ? {} : { job }) };
      return readAt(question, { environment: 'test', layers, ledger, repository, models }, signal);
    };

    it('tells what was declared, sent and observed', async () => {
      const found = await then(at('level'), 'plain:web');
      expect(found.entry?.commit).toBe(entries['level']);
      expect(found.declared).toMatchObject({
        revision: commits['level'],
        subject: 'Level b',
        by: 'bob <bob@example.org>',
      });
      expect(found.jobs).toMatchObject([
        {
          ref: 'plain:web',
          declared: true,
          observed: 'applied',
          document: { env: { LEVEL: 'b', MODE: 'x' } },
        },
      ]);
    });

    it('tells the same a moment before the next entry', async () => {
      expect((await then(at('made') + 30_000)).entry?.commit).toBe(entries['made']);
    });

    it('tells that nothing was on record before the first entry', async () => {
      expect(await then(EARLIER)).toMatchObject({ jobs: [] });
      expect((await then(EARLIER)).entry).toBeUndefined();
    });

    it('tells what was paused, and no more once it was resumed', async () => {
      expect(Object.keys((await then(at('paused'))).paused)).toEqual(['plain:web']);
      expect((await then(at('mode'))).paused).toEqual({});
    });

    it('tells a change that failed, with what had been sent before', async () => {
      const [web] = (await then(at('bad'), 'web')).jobs;
      expect(web).toMatchObject({
        observed: 'failed',
        message: 'it was refused',
        document: { env: { LEVEL: 'b' } },
      });
    });

    it('knows a job that Git states and that was removed later', async () => {
      expect((await then(at('other'))).jobs.map(({ ref }) => ref)).toEqual(['plain:other', 'plain:web']);
      expect((await then(at('removed'))).jobs.map(({ ref }) => ref)).toEqual(['plain:web']);
    });
  });

  describe('blame', () => {
    const blame = (pointer = '') => readBlame({ job: 'plain:web', at: pointer }, world.sources, signal);
    const field = async (pointer: string): Promise<BlamedField | undefined> =>
      (await blame(pointer))?.fields[0];

    it('names entry and commit of each field as it was sent', async () => {
      const found = await blame();
      const told = found?.fields.map(({ pointer, entry, commit }) => [
        pointer,
        entry?.commit,
        commit?.revision,
      ]);
      expect(new Map(told?.map(([pointer, ...rest]) => [pointer, rest]))).toEqual(
        new Map([
          ['/env/LEVEL', [entries['level'], commits['level']]],
          ['/env/MODE', [entries['mode'], commits['mode']]],
          ['/id', [entries['made'], commits['made']]],
          ['/image', [entries['made'], commits['made']]],
          ['/instances', [entries['mode'], commits['more']]],
        ]),
      );
    });

    it('names who approved it', async () => {
      expect((await field('/env/LEVEL'))?.approvals).toEqual([
        { by: 'eve', at: expect.any(String), commit: entries['approval'] },
      ]);
      expect((await field('/env/MODE'))?.approvals).toEqual([]);
    });

    it('takes one pointer, or all below one', async () => {
      expect((await blame('/env'))?.fields.map(({ pointer }) => pointer)).toEqual([
        '/env/LEVEL',
        '/env/MODE',
      ]);
      expect(await blame('/nothing')).toBeUndefined();
      expect(await readBlame({ job: 'plain:none' }, world.sources, signal)).toBeUndefined();
    });

    it('never guesses: a field that Git does not state is told as such', async () => {
      const ledger = {
        ...world.ledger,
        documents: async (...asked: Parameters<typeof world.ledger.documents>) =>
          new Map(
            [...(await world.ledger.documents(...asked))].map(([p, d]) => [p, { ...d, owner: 'towline' }]),
          ),
      };
      const found = await readBlame({ job: 'plain:web', at: '/owner' }, { ...world.sources, ledger }, signal);
      expect(found?.fields[0]).toMatchObject({
        value: 'towline',
        unstated: expect.stringContaining('not stated in Git'),
      });
      expect(found?.fields[0]?.commit).toBeUndefined();
    });
  });

  describe('diff', () => {
    const diff = (from: string, to: string) =>
      readLedgerDiff(
        entries[from]?.slice(0, 10) ?? '',
        entries[to]?.slice(0, 10) ?? '',
        world.ledger,
        signal,
      );

    it('tells what was sent at one entry and not at the other', async () => {
      expect(await diff('made', 'other')).toMatchObject({
        from: { revision: commits['made'] },
        to: { revision: commits['other'] },
        added: [{ path: 'plain/other.json' }],
        removed: [],
        changed: [
          {
            path: 'plain/web.json',
            fields: [
              { pointer: '/env/LEVEL', before: 'a', after: 'b' },
              { pointer: '/env/MODE', before: 'x', after: 'y' },
              { pointer: '/instances', before: 2, after: 3 },
            ],
          },
        ],
        same: 0,
      });
    });

    it('finds nothing between an entry and itself, and the other way round what went', async () => {
      expect(await diff('other', 'other')).toMatchObject({ added: [], removed: [], changed: [], same: 2 });
      expect(await diff('other', 'removed')).toMatchObject({
        removed: [{ path: 'plain/other.json' }],
        same: 1,
      });
    });

    it('takes entries only', async () => {
      expect(
        await readLedgerDiff(commits['made'] ?? '', entries['made'] ?? '', world.ledger, signal),
      ).toBeUndefined();
      expect(await readLedgerDiff('abc', entries['made'] ?? '', world.ledger, signal)).toBeUndefined();
    });
  });

  describe('audit report', () => {
    const report = (since = EARLIER, until = world.now()) =>
      readReport(
        { since, until },
        { environment: 'test', ledger: world.ledger, repository: world.repository },
        signal,
      );

    it('counts changes, people, approvals, failures', async () => {
      const found = await report();
      expect(found).toMatchObject({
        passes: 6,
        changes: {
          total: 6,
          byAction: { create: 2, update: 3, delete: 1 },
          byState: { applied: 5, failed: 1 },
        },
        jobs: [
          { ref: 'plain:web', changes: 4, failed: 1 },
          { ref: 'plain:other', changes: 2, failed: 0 },
        ],
        approvals: [{ by: 'eve', commit: entries['approval'] }],
        failures: [{ ref: 'plain:web', state: 'failed', reason: 'it was refused', revision: commits['bad'] }],
        changeFailureRate: { deploys: 6, failed: 1, rate: 0.167 },
        rollbacks: 0,
        open: [],
        unknownRevisions: [],
      });
      expect(found.people.actors).toEqual([{ name: 'deployer@host', count: 6 }]);
      expect(found.people.orders.map(({ order, by }) => `${order} ${by}`)).toEqual([
        'approve eve',
        'pause ann',
        'resume ann',
      ]);
      const two = (who: string) => ({ name: `${who} <${who}@example.org>`, count: 2 });
      expect(found.people.authors).toEqual([two('ann'), two('bob'), two('eve')]);
    });

    it('measures from commit to live: a minute for the first one, none for the others', async () => {
      expect((await report()).leadTime).toEqual({ revisions: 5, meanSeconds: 12, medianSeconds: 0 });
    });

    it('tells nothing of another time', async () => {
      expect(await report(EARLIER, EARLIER + 1000)).toMatchObject({
        passes: 0,
        changes: { total: 0 },
        leadTime: { revisions: 0 },
      });
      expect((await report(EARLIER, EARLIER + 1000)).changeFailureRate).toEqual({ deploys: 0, failed: 0 });
    });

    it('names a revision that the job repository does not have', async () => {
      const repository = {
        ...world.repository,
        log: async () => Promise.reject(new Error('bad object')),
      };
      const found = await readReport(
        { since: EARLIER, until: world.now() },
        { environment: 'test', ledger: world.ledger, repository },
        signal,
      );
      expect(found.unknownRevisions).toHaveLength(6);
    });
  });
});
