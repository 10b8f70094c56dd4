import { describe, expect, it } from '@jest/globals';
import { parseManifest } from '../../src/domain/job/parse-manifest.js';
import { statedJobs } from '../../src/domain/job/validate/stated-jobs.js';
import { validateManifests } from '../../src/domain/job/validate/index.js';
import { marathonModel } from '../../src/schedulers/marathon/model/index.js';
import { SCHEDULER_KINDS } from '../../src/schedulers/registry.js';
import { SINGLE } from './all-cases.js';
import type { RuleCase } from './case.js';
import { CHRONOS_SETS, MARATHON_SETS } from './sets.cases.js';

/** Findings of one rule, as FILE POINTER, FILE the number of the job. */
function findings(
  jobs: readonly object[],
  code: string,
  { settings = {}, together = [], now }: Pick<RuleCase, 'settings' | 'together' | 'now'> = {},
): string[] {
  const { version, ...rest } = settings;
  const schedulers = new Map(
    [...SCHEDULER_KINDS].map(([name, { model }]) => [
      name,
      {
        model,
        context: {
          settings: rest,
          together,
          ...(version === undefined ? {} : { version }),
          ...(now === undefined ? {} : { now: Date.parse(now) }),
        },
      },
    ]),
  );
  const manifests = jobs.map((job, at) =>
    parseManifest(`${at}.json`, Buffer.from(JSON.stringify(job, null, 2))),
  );
  return validateManifests(manifests, schedulers)
    .diagnostics.filter((d) => d.code === code)
    .map(({ place }) => `${place.file} ${place.pointer ?? ''}`);
}

describe.each(SINGLE)('the rules for %s', (_kind, base, cases) => {
  it.each(cases.map((each) => [each.code, each] as const))('%s', (code, { bad, at, good, ...context }) => {
    expect(findings([{ ...base, ...bad }], code, context)).toContain(`0.json ${at}`);
    expect(findings([{ ...base, ...good }], code, context)).toEqual([]);
  });
});

describe('the rules over several jobs', () => {
  it.each([...MARATHON_SETS, ...CHRONOS_SETS].map((each) => [each.code, each] as const))(
    '%s',
    (code, { bad, at, good }) => {
      expect(findings(bad, code).map((line) => line.slice(line.indexOf(' ') + 1))).toContain(at);
      expect(findings(good, code)).toEqual([]);
    },
  );
});

it.each([...MARATHON_SETS.map(({ code, bad }) => [code, bad] as const)])(
  '%s looks at nothing but what its model says that it looks at',
  (_code, bad) => {
    const model = marathonModel;
    const stated = statedJobs(
      bad.map((job, at) => parseManifest(`${at}.json`, Buffer.from(JSON.stringify(job)))),
      new Map([['marathon', { model, context: { settings: {} } }]]),
    ).jobs;
    const reduced = stated.map((job) => ({ ...job, spec: model.setFacts?.(job) ?? job.spec }));
    const context = { settings: {} };
    expect(model.validateSet(reduced, context)).toEqual(model.validateSet(stated, context));
  },
);

it('has a case for every rule of the catalogue, and for no other', () => {
  const known = [...SCHEDULER_KINDS.values()].flatMap(({ model }) => model.rules.map(({ code }) => code));
  const cases = [...SINGLE.flatMap(([, , all]) => all), ...MARATHON_SETS, ...CHRONOS_SETS].map(
    ({ code }) => code,
  );
  expect([...new Set(cases)].sort()).toEqual([...new Set(known)].sort());
});
