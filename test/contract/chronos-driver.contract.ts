import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import type { ChangeAction, LiveJob } from '../../src/domain/plan/plan.js';
import type { Outcome } from '../../src/domain/record/outcome.js';
import type { JsonObject } from '../../src/domain/source/json.js';
import type { ApplyOptions, Scheduler } from '../../src/ports/scheduler.js';
import { silentLog } from '../../src/runtime/log.js';
import { systemClock } from '../../src/runtime/system-clock.js';
import { fixedAddresses } from '../../src/schedulers/access/addresses.js';
import { chronosScheduler } from '../../src/schedulers/chronos/driver/index.js';
import { chronosModel } from '../../src/schedulers/chronos/model/index.js';
import type { ChronosUnderTest } from './chronos-under-test.js';
import { applyOptions, changeOf } from '../builders/change.js';
import { authOf, itOf } from './under-test.js';

const signal = new AbortController().signal;

/** What the driver must do with a Chronos, the sandbox's or a real one. */
export function chronosDriverContract(under: ChronosUnderTest): void {
  describe('the driver', () => {
    const it = itOf(under);
    const mark = `towline-driver-${randomBytes(4).toString('hex')}`;
    let scheduler: Scheduler;

    beforeAll(() => {
      scheduler = chronosScheduler({
        name: 'chronos',
        addresses: fixedAddresses([under.url()]),
        ...authOf(under),
        clock: systemClock,
        log: silentLog(),
        pollMs: 200,
      });
    });
    afterAll(async () => {
      // Leaves first.
      for (let left = 20; left > 0; left--) {
        const mine = (await scheduler.observe({ signal })).filter(({ id }) => id.startsWith(mark));
        if (mine.length === 0) break;
        const parents = new Set(mine.flatMap(({ spec }) => (spec['parents'] as string[] | undefined) ?? []));
        for (const { id } of mine) if (!parents.has(id)) await apply('delete', { name: id });
      }
      await scheduler.close();
    }, 120_000);

    const daily = (short: string, more: JsonObject = {}): JsonObject => ({
      name: `${mark}-${short}`,
      command: 'true',
      cpus: 0.01,
      mem: 16,
      schedule: 'R/2099-01-01T03:00:00Z/P1D',
      ...more,
    });
    const child = (short: string, ...parents: string[]): JsonObject => {
      const { schedule: _schedule, ...rest } = daily(short);
      return { ...rest, parents: parents.map((parent) => `${mark}-${parent}`) };
    };
    const liveOf = async (wanted: JsonObject): Promise<LiveJob | undefined> =>
      (await scheduler.observe({ signal })).find(({ id }) => id === wanted['name']);
    const apply = async (
      action: ChangeAction,
      wanted: JsonObject,
      more: Partial<ApplyOptions> = {},
    ): Promise<Outcome> => {
      const id = String(wanted['name']);
      const live = await liveOf(wanted);
      const kind = wanted['parents'] === undefined ? 'scheduled' : 'dependent';
      const spec = ['delete', 'trigger', 'kill'].includes(action) ? undefined : wanted;
      const change = changeOf(action, { scheduler: 'chronos', kind, id, spec, live });
      const deadlineMs = under.limitMs / 3;
      return scheduler.apply(
        change,
        applyOptions({
          environment: 'contract',
          deadlineMs,
          soakMs: 1000,
          noOffersMs: under.limitMs,
          ...more,
        }),
      );
    };
    const expectNoDifference = async (wanted: JsonObject): Promise<void> => {
      const live = await liveOf(wanted);
      expect(live).toBeDefined();
      const { kind = '', spec = {} } = live ?? {};
      expect(chronosModel.compare({ kind, spec: wanted }, { kind, spec }, { settings: {} }).fields).toEqual(
        [],
      );
    };

    it([], 'creates a job with everything that it can state, and then sees no difference', async () => {
      const wanted = daily('full', {
        arguments: ['a'],
        owner: 'a@example.com',
        description: 'text',
        retries: 1,
        softError: true,
        highPriority: true,
        environmentVariables: [{ name: 'A', value: '1' }],
        constraints: [['rack', 'EQUALS', 'a']],
        fetch: [{ uri: 'http://example.com/a.tgz' }],
        scheduleTimeZone: 'Europe/Berlin',
        disabled: true,
      });
      expect(await apply('create', wanted)).toMatchObject({ state: 'applied', httpStatus: 204 });
      await expectNoDifference(wanted);
    });

    it([], 'changes a job, and what it has lived through is kept', async () => {
      await apply('create', daily('lived', { successCount: 5 }));
      const edited = daily('lived', { owner: 'b@example.com' });
      expect(await apply('update', edited)).toMatchObject({ state: 'applied' });
      expect((await liveOf(edited))?.spec).toMatchObject({ owner: 'b@example.com', successCount: 5 });
    });

    it([], 'lets a job in the past go on at its next moment, not at once', async () => {
      const wanted = daily('past', { schedule: 'R/2020-01-01T03:00:00Z/P1D' });
      expect(await apply('create', wanted)).toMatchObject({ state: 'applied' });
      const { spec = {} } = (await liveOf(wanted)) ?? {};
      expect(spec['successCount']).toBe(0);
      expect(Date.parse(String(spec['schedule']).split('/')[1] ?? '')).toBeGreaterThan(Date.now());
      await expectNoDifference(wanted);
    });

    it([], 'turns a scheduled job into a dependent one and back', async () => {
      await apply('create', daily('root'));
      await apply('create', daily('turning'));
      expect(await apply('update', child('turning', 'root'))).toMatchObject({ state: 'applied' });
      await expectNoDifference(child('turning', 'root'));
      expect(await apply('update', daily('turning'))).toMatchObject({ state: 'applied' });
      await expectNoDifference(daily('turning'));
    });

    it([], 'holds a job without its parents, and a deletion that would rewrite children', async () => {
      expect(await apply('create', child('orphan', 'nobody'))).toMatchObject({ state: 'blocked' });
      await apply('create', daily('parent'));
      await apply('create', child('leaf', 'parent'));
      expect(await apply('delete', daily('parent'))).toMatchObject({ state: 'blocked' });
      expect(await apply('delete', child('leaf', 'parent'))).toMatchObject({ state: 'applied' });
      expect(await apply('delete', daily('parent'))).toMatchObject({ state: 'applied', httpStatus: 204 });
      expect(await liveOf(daily('parent'))).toBeUndefined();
    });

    it([], 'says that a job was rejected, and leaves it so', async () => {
      expect(await apply('create', daily('bad', { schedule: 'R/no-date/P1D' }))).toMatchObject({
        state: 'failed',
      });
      expect(await liveOf(daily('bad'))).toBeUndefined();
    });

    it(['tasks'], 'tries a change by a run, and takes it back when that fails', async () => {
      const good = daily('tried', { runOnDeploy: true, retries: 0 });
      expect(await apply('create', good)).toMatchObject({
        state: 'applied',
        message: expect.stringContaining('smoke run succeeded'),
      });
      expect(await apply('update', { ...good, command: 'false' })).toMatchObject({ state: 'rolled-back' });
      await expectNoDifference(good);
    });

    it(['tasks'], 'starts and ends runs', async () => {
      await apply('create', daily('long', { command: 'exec sleep 300', retries: 0 }));
      expect(await apply('trigger', daily('long'))).toMatchObject({ state: 'applied', httpStatus: 204 });
      expect(await apply('kill', daily('long'))).toMatchObject({ state: 'applied', httpStatus: 204 });
    });
  });
}
