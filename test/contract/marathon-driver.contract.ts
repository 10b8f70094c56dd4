import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import type { ChangeAction, LiveJob } from '../../src/domain/plan/plan.js';
import type { Outcome } from '../../src/domain/record/outcome.js';
import type { JsonObject } from '../../src/domain/source/json.js';
import type { ApplyOptions, Scheduler } from '../../src/ports/scheduler.js';
import { silentLog } from '../../src/runtime/log.js';
import { systemClock } from '../../src/runtime/system-clock.js';
import { fixedAddresses } from '../../src/schedulers/access/addresses.js';
import { marathonScheduler } from '../../src/schedulers/marathon/driver/index.js';
import { marathonModel } from '../../src/schedulers/marathon/model/index.js';
import type { MarathonUnderTest } from './marathon-under-test.js';
import { applyOptions, changeOf } from '../builders/change.js';
import { authOf, itOf } from './under-test.js';

const signal = new AbortController().signal;

/** What the driver must do with a Marathon, the sandbox's or a real one. */
export function marathonDriverContract(under: MarathonUnderTest): void {
  describe('the driver', () => {
    const it = itOf(under);
    const root = `/towline-driver-${randomBytes(4).toString('hex')}`;
    let scheduler: Scheduler;
    let version: string | undefined;

    beforeAll(async () => {
      scheduler = marathonScheduler({
        name: 'marathon',
        addresses: fixedAddresses([under.url()]),
        ...authOf(under),
        clock: systemClock,
        log: silentLog(),
        pollMs: 200,
      });
      ({ version } = await scheduler.describe({ signal }).catch((): { version?: string } => ({})));
    });
    afterAll(async () => {
      await fetch(`${under.url()}/v2/groups${root}?force=true`, {
        method: 'DELETE',
        headers: under.headers,
      }).catch(() => undefined);
      await scheduler.close();
    });

    const spec = (name: string, more: JsonObject = {}): JsonObject => ({
      id: `${root}/${name}`,
      cmd: 'exec sleep 1000',
      cpus: 0.01,
      mem: 16,
      instances: 1,
      ...more,
    });
    const pod = (name: string, more: JsonObject = {}): JsonObject => ({
      id: `${root}/${name}`,
      containers: [
        { name: 'a', resources: { cpus: 0.01, mem: 32 }, exec: { command: { shell: 'exec sleep 1000' } } },
      ],
      ...more,
    });
    const liveOf = async (id: string): Promise<LiveJob | undefined> =>
      (await scheduler.observe({ signal })).find((job) => job.id === id);
    const compared = (live: LiveJob, wanted: JsonObject): ReturnType<typeof marathonModel.compare> =>
      marathonModel.compare({ kind: live.kind, spec: wanted }, live, {
        settings: {},
        ...(version === undefined ? {} : { version }),
      });
    const apply = async (
      action: ChangeAction,
      wanted: JsonObject,
      more: Partial<ApplyOptions> = {},
    ): Promise<Outcome> => {
      const id = String(wanted['id']);
      const live = await liveOf(id);
      const kind = wanted['containers'] === undefined ? 'app' : 'pod';
      const spec = action === 'delete' ? undefined : wanted;
      const change = changeOf(action, { scheduler: 'marathon', kind, id, spec, live });
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

    it(['tasks'], 'creates an app, waits until it runs, and then sees no difference', async () => {
      const wanted = spec('web', { env: { A: '1' }, labels: { team: 'shop' } });
      expect(await apply('create', wanted)).toMatchObject({
        state: 'applied',
        version: expect.any(String),
        httpStatus: 201,
      });
      const live = await liveOf(`${root}/web`);
      expect(live).toMatchObject({ ownerLabel: 'contract' });
      expect(live === undefined ? undefined : compared(live, wanted)).toMatchObject({
        action: 'none',
        fields: [],
      });
    });

    it(['tasks'], 'scales without a restart, updates with one, restarts without a difference', async () => {
      const [one, two] = [spec('life'), spec('life', { instances: 2 })];
      await apply('create', one);
      const [first] = await scheduler.tasks(`${root}/life`, { signal });
      expect(await apply('scale', two)).toMatchObject({ state: 'applied', httpStatus: 200 });
      const scaled = await scheduler.tasks(`${root}/life`, { signal });
      expect(scaled.map(({ id }) => id)).toContain(first?.id);
      const changed = spec('life', { instances: 2, env: { B: '1' } });
      expect(await apply('update', changed)).toMatchObject({ state: 'applied' });
      const updated = await scheduler.tasks(`${root}/life`, { signal });
      expect(updated).toHaveLength(2);
      expect(updated.some(({ id }) => scaled.some((before) => before.id === id))).toBe(false);
      expect(await apply('restart', changed)).toMatchObject({ state: 'applied' });
      const restarted = await scheduler.tasks(`${root}/life`, { signal });
      expect(restarted.some(({ id }) => updated.some((before) => before.id === id))).toBe(false);
      const live = await liveOf(`${root}/life`);
      expect(live === undefined ? undefined : compared(live, changed)).toMatchObject({ action: 'none' });
    });

    it(['tasks'], 'puts back what ran before when the new one does not stay up, and says why', async () => {
      const good = spec('sick');
      await apply('create', good);
      const outcome = await apply('update', spec('sick', { cmd: 'echo no database; exit 3' }));
      expect(outcome).toMatchObject({ state: 'rolled-back', message: expect.stringMatching(/stay up.*3/s) });
      const live = await liveOf(`${root}/sick`);
      expect(live === undefined ? undefined : compared(live, good)).toMatchObject({ action: 'none' });
      expect(await scheduler.tasks(`${root}/sick`, { signal })).toHaveLength(1);
    });

    it([], 'says of a refused definition what is wrong with it', async () => {
      const outcome = await apply(
        'create',
        spec('wrong', { upgradeStrategy: { minimumHealthCapacity: 7, maximumOverCapacity: 1 } }),
      );
      expect(outcome).toMatchObject({ state: 'failed', httpStatus: 422 });
      expect(outcome.message).toMatch(/minimumHealthCapacity/);
      expect(await liveOf(`${root}/wrong`)).toBeUndefined();
    });

    it([], 'deletes an app and the groups that it leaves empty', async () => {
      await apply('create', spec('group/inner/gone', { instances: 0 }));
      expect(await apply('delete', spec('group/inner/gone'))).toMatchObject({
        state: 'applied',
        httpStatus: 200,
      });
      expect(await liveOf(`${root}/group/inner/gone`)).toBeUndefined();
      const answer = await fetch(`${under.url()}/v2/groups${root}/group`, { headers: under.headers });
      expect(answer.status).toBe(404);
    });

    it(['pods', 'tasks'], 'creates, scales and deletes a pod', async () => {
      const [one, two] = [pod('pod'), pod('pod', { scaling: { kind: 'fixed', instances: 2 } })];
      expect(await apply('create', one)).toMatchObject({ state: 'applied' });
      expect(await apply('scale', two)).toMatchObject({ state: 'applied' });
      const live = await liveOf(`${root}/pod`);
      expect(live === undefined ? undefined : compared(live, two)).toMatchObject({
        action: 'none',
        fields: [],
      });
      expect(await apply('delete', two)).toMatchObject({ state: 'applied' });
    });
  });
}
