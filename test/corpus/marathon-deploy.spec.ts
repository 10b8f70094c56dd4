import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { readdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseManifest } from '../../src/domain/job/parse-manifest.js';
import type { ValidatedJob } from '../../src/domain/job/job.js';
import { validateManifests } from '../../src/domain/job/validate/index.js';
import { makePlan } from '../../src/domain/plan/make-plan.js';
import type { Plan } from '../../src/domain/plan/plan.js';
import type { KnownJob, PlanInput } from '../../src/domain/plan/plan-input.js';
import type { JobRef } from '../../src/domain/job/job-ref.js';
import type { Scheduler } from '../../src/ports/scheduler.js';
import { silentLog } from '../../src/runtime/log.js';
import { systemClock } from '../../src/runtime/system-clock.js';
import { startMarathonPart, type RunningPart } from '../../src/sandbox/marathon/index.js';
import { fixedAddresses } from '../../src/schedulers/access/addresses.js';
import { marathonScheduler } from '../../src/schedulers/marathon/driver/index.js';
import { marathonModel } from '../../src/schedulers/marathon/model/index.js';
import { input, LENIENT } from '../builders/plan-input.js';

const corpus = process.env['TOWLINE_CORPUS'];
const folder = path.join(corpus ?? '', 'marathon', 'valid');
const signal = new AbortController().signal;
const schedulers = new Map([['marathon', { model: marathonModel, context: { settings: {} } }]]);
/** Only an update of something else. */
const NOT_A_MANIFEST = 'appupdate-instances-only.json';

if (corpus === undefined) {
  describe('real Marathon documents on a Marathon', () => {
    it.skip('(SKIPPED: set TOWLINE_CORPUS to the folder that holds them)', () => undefined);
  });
} else {
  describe('real Marathon documents on a Marathon', () => {
    let home: string;
    let part: RunningPart;
    let scheduler: Scheduler;

    beforeAll(async () => {
      home = await mkdtemp(path.join(os.tmpdir(), 'towline-corpus-'));
      part = await startMarathonPart({ dataDir: home, host: '127.0.0.1', port: 0, log: silentLog() });
      scheduler = marathonScheduler({
        name: 'marathon',
        addresses: fixedAddresses([part.url]),
        clock: systemClock,
        log: silentLog(),
        pollMs: 20,
      });
    });
    afterAll(async () => {
      await scheduler.close();
      await part.close();
      await rm(home, { recursive: true, force: true });
    });

    const planOf = async (
      desired: readonly ValidatedJob[],
      known: PlanInput['known'] = new Map(),
    ): Promise<Plan> => {
      const live = (await scheduler.observe({ signal })).filter(({ ref }) =>
        desired.some((job) => job.ref === ref),
      );
      return makePlan(input({ environment: 'corpus', desired, live, schedulers, known }), LENIENT);
    };
    const stated = (name: string): readonly ValidatedJob[] => {
      const manifest = parseManifest(name, readFileSync(path.join(folder, name)));
      return validateManifests([manifest], schedulers).jobs;
    };
    /** Everything is put in place; images that are not here do not run, which is not what this is about. */
    const deploy = async (plan: Plan) => {
      for (const change of plan.changes) {
        if (change.action === 'none' || change.desired === undefined) continue;
        const { state, message } = await scheduler.apply(change, {
          environment: 'corpus',
          deadlineMs: 1,
          soakMs: 0,
          noOffersMs: 1000,
          maxTaskFailures: 3,
          onFailure: 'leave',
          force: true,
          signal,
        });
        expect({ ref: change.ref, state, message }).toMatchObject({
          state: expect.stringMatching(/^(applied|failed)$/),
          message: expect.not.stringContaining('rejected'),
        });
      }
    };

    it.each(readdirSync(folder).filter((name) => name.endsWith('.json') && name !== NOT_A_MANIFEST))(
      '%s, deployed and planned again: nothing to do',
      async (name) => {
        const jobs = stated(name);
        const first = await planOf(jobs);
        expect(first.changes.some(({ action }) => action === 'create')).toBe(true);
        await deploy(first);
        // A group has no label: what is ours of them stands in the ledger.
        const known = new Map<JobRef, KnownJob>(
          jobs.map(({ ref, kind, id, spec }) => [ref, { scheduler: 'marathon', kind, id, document: spec }]),
        );
        const again = await planOf(jobs, known);
        expect(
          again.changes
            .filter(({ action }) => action !== 'none')
            .map(({ ref, action, fields, reason }) => ({ ref, action, fields, reason })),
        ).toEqual([]);
        for (const { kind, id } of jobs) {
          const at = kind === 'pod' ? 'pods' : kind === 'group' ? 'groups' : 'apps';
          await fetch(`${part.url}/v2/${at}${id}?force=true`, { method: 'DELETE' });
        }
      },
    );
  });
}
