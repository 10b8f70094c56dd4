import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parseManifest } from '../../src/domain/job/parse-manifest.js';
import type { JobRef } from '../../src/domain/job/job-ref.js';
import { validateManifests } from '../../src/domain/job/validate/index.js';
import { makePlan } from '../../src/domain/plan/make-plan.js';
import type { Change } from '../../src/domain/plan/plan.js';
import type { KnownJob } from '../../src/domain/plan/plan-input.js';
import { isObject, type JsonObject } from '../../src/domain/source/json.js';
import { silentLog } from '../../src/runtime/log.js';
import { systemClock } from '../../src/runtime/system-clock.js';
import { serveHttp } from '../../src/sandbox/http/server.js';
import { fixedAddresses } from '../../src/schedulers/access/addresses.js';
import { chronosScheduler } from '../../src/schedulers/chronos/driver/index.js';
import { chronosModel } from '../../src/schedulers/chronos/model/index.js';
import { applyOptions } from '../builders/change.js';
import { input, LENIENT } from '../builders/plan-input.js';
import { SimulatedChronos } from '../fakes/simulated-chronos.js';

const corpus = process.env['TOWLINE_CORPUS'];
const folder = path.join(corpus ?? '', 'chronos', 'valid');
const signal = new AbortController().signal;
const schedulers = new Map([['chronos', { model: chronosModel, context: { settings: {} } }]]);
const DAY = 24 * 3_600_000;

if (corpus === undefined) {
  describe('real Chronos jobs on a Chronos', () => {
    it.skip('(SKIPPED: set TOWLINE_CORPUS to the folder that holds them)', () => undefined);
  });
} else {
  describe('real Chronos jobs on a Chronos', () => {
    // All at once, as one graph; parents that the corpus lacks are stated here. Commands of strangers are not run.
    const texts = new Map(
      readdirSync(folder)
        .filter((name) => name.endsWith('.json'))
        .map((name) => [name, readFileSync(path.join(folder, name))] as const),
    );
    const specs = [...texts.values()].map((bytes) => JSON.parse(bytes.toString()) as JsonObject);
    const names = new Set(specs.map((spec) => spec['name']));
    for (const parent of specs.flatMap((spec) => (spec['parents'] as string[] | undefined) ?? []))
      if (!names.has(parent))
        texts.set(
          `${parent}.json`,
          Buffer.from(
            JSON.stringify({ name: parent, schedule: 'R/2026-01-01T00:00:00Z/P1D', command: 'true' }),
          ),
        );
    const manifests = [...texts].map(([name, bytes]) => parseManifest(name, bytes));
    const { jobs, rejected } = validateManifests(manifests, schedulers);

    it('deployed, lived through, and planned again: nothing to do', async () => {
      expect(rejected).toEqual([]);
      const chronos = new SimulatedChronos(Date.now(), (_job, run) => ({
        code: run % 3 === 0 ? 1 : 0,
        lasts: 1000,
      }));
      const server = await serveHttp({ host: '127.0.0.1', port: 0 }, async (request) => {
        const answer = await chronos.answer(request);
        chronos.engine.reload();
        return answer;
      });
      const scheduler = chronosScheduler({
        name: 'chronos',
        addresses: fixedAddresses([server.url]),
        clock: { ...systemClock, now: () => chronos.now },
        log: silentLog(),
        pollMs: 5,
        loadMs: 0,
      });
      const known = new Map<JobRef, KnownJob>();
      const plan = async (): Promise<Change[]> => {
        const live = await scheduler.observe({ signal });
        const { changes } = makePlan(input({ desired: jobs, live, known, schedulers }), LENIENT);
        return changes.filter(({ action }) => action !== 'none');
      };
      try {
        const first = await plan();
        expect(first).toHaveLength(jobs.length);
        for (const change of first) {
          const { ref, kind, id, desired } = change;
          const { state, message } = await scheduler.apply(
            change,
            applyOptions({ environment: 'corpus', onFailure: 'leave' }),
          );
          expect({ ref, state, message }).toMatchObject({ state: 'applied' });
          if (isObject(desired?.spec))
            known.set(ref, { scheduler: 'chronos', kind, id, document: desired.spec });
        }
        expect(await plan()).toEqual([]);
        for (const days of [1, 3, 40]) {
          await chronos.until(chronos.now + days * DAY);
          const endless = ({ desired, live }: Change): boolean =>
            /^R\d/.test(String(desired?.spec['schedule'])) && /^R\//.test(String(live?.spec['schedule']));
          // A counted job that Chronos itself made endless is no peace to keep.
          expect((await plan()).filter((change) => !endless(change))).toEqual([]);
        }
      } finally {
        await scheduler.close();
        await server.close();
      }
    });
  });
}
