import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { jobRef } from '../../src/domain/job/job-ref.js';
import { parseManifest } from '../../src/domain/job/parse-manifest.js';
import type { ValidatedJob } from '../../src/domain/job/job.js';
import { validateManifests } from '../../src/domain/job/validate/index.js';
import { makePlan } from '../../src/domain/plan/make-plan.js';
import type { Change } from '../../src/domain/plan/plan.js';
import type { KnownJob } from '../../src/domain/plan/plan-input.js';
import type { Json, JsonObject } from '../../src/domain/source/json.js';
import { bodyOf } from '../../src/schedulers/chronos/driver/body.js';
import { liveJobOf } from '../../src/schedulers/chronos/driver/live-job.js';
import { chronosModel } from '../../src/schedulers/chronos/model/index.js';
import { chronosJob } from '../builders/chronos-job.js';
import { input, LENIENT } from '../builders/plan-input.js';
import { SimulatedChronos } from '../fakes/simulated-chronos.js';

const schedulers = new Map([['chronos', { model: chronosModel, context: { settings: {} } }]]);
/** No day from which months would slip: jobs without a start begin here. */
const BEGIN = Date.parse('2026-01-10T00:00:00Z');
const HOUR = 3_600_000;

/** Jobs of Git; throws where one is not valid. */
function stated(specs: readonly JsonObject[]): readonly ValidatedJob[] {
  const manifests = specs.map((spec) =>
    parseManifest(`${String(spec['name'])}.json`, Buffer.from(JSON.stringify(spec))),
  );
  const { jobs, diagnostics } = validateManifests(manifests, schedulers);
  const errors = diagnostics.filter(({ severity }) => severity === 'error');
  if (errors.length > 0) throw new Error(errors.map(({ message }) => message).join('; '));
  return jobs;
}

/** Git, Chronos and the ledger. */
class World {
  readonly known = new Map<string, JsonObject>();
  constructor(readonly chronos: SimulatedChronos) {}

  async plan(specs: readonly JsonObject[]): Promise<Change[]> {
    const live = (await this.chronos.jobs()).map((job) => liveJobOf('chronos', job));
    const known = new Map(
      [...this.known].map(([id, document]): [ReturnType<typeof jobRef>, KnownJob] => [
        jobRef('chronos', id),
        { scheduler: 'chronos', kind: 'scheduled', id, document },
      ]),
    );
    const { changes } = makePlan(input({ desired: stated(specs), live, known, schedulers }), LENIENT);
    return changes.filter(({ action }) => action !== 'none');
  }

  /** Carries out a plan as the driver does. */
  async deploy(specs: readonly JsonObject[]): Promise<void> {
    for (const { desired, id, live, lastApplied } of await this.plan(specs)) {
      if (desired === undefined) throw new Error('nothing is deleted here');
      await this.chronos.post(bodyOf(desired.spec, { live: live?.spec, lastApplied, now: this.chronos.now }));
      this.known.set(id, desired.spec);
    }
  }
}

/** What is expected of a plan: by job, the places that differ. */
const places = (changes: readonly Change[]): Record<string, string[]> =>
  Object.fromEntries(changes.map(({ id, fields }) => [id, fields.map(({ pointer }) => pointer)]));

/**
 * Differences that Chronos itself makes and that have to be undone: repeats without end of a counted job (#814), and a
 * switch: a job that is off is on again when a run that was under way fails in the end.
 */
function undone(specs: readonly JsonObject[], live: readonly JsonObject[]): Record<string, string[]> {
  const byName = new Map(live.map((job) => [job['name'], job]));
  return Object.fromEntries(
    specs.flatMap((spec): [string, string[]][] => {
      const name = String(spec['name']);
      const [git, now] = [spec['schedule'], byName.get(name)?.['schedule']].map(String);
      const isSwitched =
        typeof spec['disabled'] === 'boolean' && byName.get(name)?.['disabled'] !== spec['disabled'];
      const all = [
        ...(/^R\d/.test(git ?? '') && /^R\//.test(now ?? '') ? ['/schedule'] : []),
        ...(isSwitched && !/^R0/.test(now ?? '') ? ['/disabled'] : []),
      ];
      return all.length === 0 ? [] : [[name, all]];
    }),
  );
}

interface Edit {
  name: string;
  /** Undefined where a job has nothing to edit in this way. */
  edit(spec: JsonObject): JsonObject | undefined;
  at: string[];
}

const list = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : []);
const without = (spec: JsonObject, name: string): JsonObject =>
  Object.fromEntries(Object.entries(spec).filter(([key]) => key !== name));
const scheduled =
  (edit: (parts: [string, string, string]) => [string, string, string] | undefined) =>
  (spec: JsonObject): JsonObject | undefined => {
    if (typeof spec['schedule'] !== 'string') return undefined;
    const edited = edit(spec['schedule'].split('/') as [string, string, string]);
    return edited === undefined ? undefined : { ...spec, schedule: edited.join('/') };
  };

const EDITS: readonly Edit[] = [
  { name: 'a command', edit: (s) => ({ ...s, command: 'other' }), at: ['/command'] },
  ...['cpus', 'mem', 'disk', 'retries', 'maxCompletionTime'].map((field): Edit => ({
    name: field,
    edit: (s) => ({ ...s, [field]: Number(s[field] ?? 0) + 777 }),
    at: [`/${field}`],
  })),
  ...['concurrent', 'softError', 'highPriority'].map((field): Edit => ({
    name: field,
    edit: (s) => ({ ...s, [field]: s[field] !== true }),
    at: [`/${field}`],
  })),
  { name: 'an owner', edit: (s) => ({ ...s, owner: 'other@example.com' }), at: ['/owner'] },
  {
    name: 'a description that is gone',
    edit: (s) => (s['description'] === undefined ? undefined : without(s, 'description')),
    at: ['/description'],
  },
  ...['cpus', 'runAsUser'].map((field): Edit => ({
    name: `${field} that Git leaves to the server now`,
    edit: (s) => (Number(s[field]) === 0 || s[field] === undefined ? undefined : without(s, field)),
    at: [`/${field}`],
  })),
  {
    name: 'a variable',
    edit: (s) => ({
      ...s,
      environmentVariables: [
        ...list(s['environmentVariables']),
        { name: `E${list(s['environmentVariables']).length}`, value: '1' },
      ],
    }),
    at: ['/environmentVariables'],
  },
  { name: 'an argument', edit: (s) => ({ ...s, arguments: ['x', 'y', 'z'] }), at: ['/arguments'] },
  {
    name: 'a constraint',
    edit: (s) => ({ ...s, constraints: [...list(s['constraints']), ['os', 'EQUALS', 'x']] }),
    at: ['/constraints'],
  },
  {
    name: 'an image',
    edit: (s) =>
      s['container'] === undefined
        ? undefined
        : { ...s, container: { ...(s['container'] as JsonObject), image: 'jobs/report:3' } },
    at: ['/container'],
  },
  {
    name: 'what is fetched',
    edit: (s) => ({ ...without(s, 'uris'), fetch: [{ uri: 'http://example.com/edited' }] }),
    at: ['/fetch'],
  },
  {
    name: 'a start beside the pattern',
    edit: scheduled(([r, start, p]) =>
      start === '' ? undefined : [r, start.replace(/:\d\d(?=$|Z|[+-])/, ':17'), p],
    ),
    at: ['/schedule'],
  },
  {
    name: 'another beginning of a number of runs, on the same pattern',
    edit: scheduled(([r, start, p]) =>
      r === 'R' || start === ''
        ? undefined
        : [r, start.replace(/^\d{4}/, (year) => String(Number(year) - 1)), p],
    ),
    at: ['/schedule'],
  },
  { name: 'a period', edit: scheduled(([r, start]) => [r, start, 'PT7H']), at: ['/schedule'] },
  {
    name: 'more repeats',
    edit: scheduled(([r, start, p]) => (r === 'R' ? undefined : [`R${Number(r.slice(1)) + 5}`, start, p])),
    at: ['/schedule'],
  },
  {
    name: 'fewer repeats',
    edit: scheduled(([r, start, p]) => (Number(r.slice(1)) < 3 ? undefined : ['R2', start, p])),
    at: ['/schedule'],
  },
  {
    name: 'no end',
    edit: scheduled(([r, start, p]) => (r === 'R' ? undefined : ['R', start, p])),
    at: ['/schedule'],
  },
];

/** Jobs with names; those that depend on others depend on earlier ones. */
const jobs = fc
  .integer({ min: 1, max: 7 })
  .chain((count) =>
    fc
      .tuple(
        ...Array.from({ length: count }, (_, n) =>
          chronosJob(Array.from({ length: n }, (_, parent) => `job-${parent}`)),
        ),
      )
      .map((specs) => specs.map((spec, n): JsonObject => ({ name: `job-${n}`, ...spec }))),
  );

const world = (seed: number): World => {
  // Most runs work out; some take days; which ones follows from the seed.
  const fate = (job: string, run: number) => {
    const dice = (Math.imul(seed ^ (run * 7919 + job.length), 2654435761) >>> 8) % 100;
    return { code: dice % 4 === 0 ? 1 : 0, lasts: dice < 10 ? 30 * HOUR : 60_000 + dice * 1000 };
  };
  return new World(new SimulatedChronos(BEGIN, fate));
};

/** Moments between a minute and some months apart. */
const steps = fc.array(fc.integer({ min: 1, max: 100 * 24 * 60 }), { minLength: 8, maxLength: 12 });

describe('jobs that live in Chronos', () => {
  it('are planned as nothing to do at any moment of their lives, and one edit as exactly that', async () => {
    let moments = 0;
    let edits = 0;
    await fc.assert(
      fc.asyncProperty(
        jobs,
        steps,
        fc.integer(),
        fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 12, maxLength: 12 }),
        async (first, minutes, seed, choices) => {
          const each = world(seed);
          const { chronos } = each;
          let specs = first;
          await each.deploy(specs);
          for (const [n, more] of minutes.entries()) {
            await chronos.until(chronos.now + more * 60_000);
            moments += 1;
            const expected = undone(specs, await chronos.jobs());
            expect(places(await each.plan(specs))).toEqual(expected);
            if (Object.keys(expected).length > 0) {
              await each.deploy(specs);
              expect(await each.plan(specs)).toEqual([]);
            }
            const [which = 0, how = 0] = choices[n] ?? [];
            const job = specs[which % specs.length];
            const { edit, at } = EDITS[how % EDITS.length] as Edit;
            const edited = job === undefined ? undefined : edit(job);
            if (job === undefined || edited === undefined) continue;
            // Edited like that before.
            if (JSON.stringify(job) === JSON.stringify(edited)) continue;
            const next = specs.map((spec) => (spec === job ? edited : spec));
            edits += 1;
            expect(places(await each.plan(next))).toEqual({ [String(job['name'])]: at });
            // Not by the number of the edit alone: each kind of them is carried out now and then.
            if ((which + how) % 3 > 0) continue;
            const before = (await chronos.jobs()).find(({ name }) => name === job['name']);
            await each.deploy(next);
            specs = next;
            expect(await each.plan(specs)).toEqual([]);
            const after = (await chronos.jobs()).find(({ name }) => name === job['name']);
            for (const field of ['successCount', 'errorCount', 'lastSuccess', 'lastError'])
              expect(after?.[field]).toEqual(before?.[field]);
            if (!at.includes('/schedule')) expect(after?.['schedule']).toEqual(before?.['schedule']);
          }
        },
      ),
      { numRuns: 130 },
    );
    expect(moments).toBeGreaterThanOrEqual(1000);
    expect(edits).toBeGreaterThanOrEqual(500);
  }, 400_000);

  it('are exported as manifests that are valid, and that plan nothing', async () => {
    await fc.assert(
      fc.asyncProperty(jobs, steps, fc.integer(), async (specs, minutes, seed) => {
        const each = world(seed);
        await each.deploy(specs);
        await each.chronos.until(BEGIN + (minutes[0] ?? 1) * 60_000);
        const live = (await each.chronos.jobs()).map((job) => liveJobOf('chronos', job));
        const manifests = live.map(({ kind, spec }) => chronosModel.exported?.({ kind, spec }) ?? {});
        each.known.clear();
        const known = new Map(
          live.map(({ ref, kind, id }): [typeof ref, KnownJob] => [ref, { scheduler: 'chronos', kind, id }]),
        );
        const desired = stated(manifests);
        const { changes } = makePlan(input({ desired, live, known, schedulers }), LENIENT);
        expect(changes.filter(({ action }) => action !== 'none')).toEqual([]);
      }),
      { numRuns: 60 },
    );
  }, 400_000);
});
