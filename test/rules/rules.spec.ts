import { describe, expect, it } from '@jest/globals';
import { parseManifest } from '../../src/domain/job/parse-manifest.js';
import { validateManifests } from '../../src/domain/job/validate/index.js';
import type { JsonObject } from '../../src/domain/source/json.js';
import { SCHEDULER_KINDS } from '../../src/schedulers/registry.js';
import type { RuleCase } from './case.js';
import { CHRONOS_SCHEMA_CASES } from './chronos-schema.cases.js';
import { APP_CASES } from './marathon-apps.cases.js';
import { POD_CASES } from './marathon-pods.cases.js';
import { SCHEMA_CASES } from './marathon-schema.cases.js';
import { CHRONOS_SETS, MARATHON_SETS } from './sets.cases.js';

const APP: JsonObject = { id: '/a', cmd: 'sleep 100', cpus: 0.1, mem: 32 };
const POD: JsonObject = {
  id: '/p',
  containers: [{ name: 'a', resources: { cpus: 0.1, mem: 32 }, exec: { command: { shell: 'sleep 100' } } }],
};

const CHRONOS_JOB: JsonObject = { name: 'a', schedule: 'R/2026-01-01T03:00:00Z/P1D', command: 'true' };

/** Findings of one rule, as FILE POINTER, FILE the number of the job. */
function findings(jobs: readonly object[], code: string, settings: Record<string, string> = {}): string[] {
  const { version, ...rest } = settings;
  const schedulers = new Map(
    [...SCHEDULER_KINDS].map(([name, { model }]) => [
      name,
      { model, context: { settings: rest, ...(version === undefined ? {} : { version }) } },
    ]),
  );
  const manifests = jobs.map((job, at) =>
    parseManifest(`${at}.json`, Buffer.from(JSON.stringify(job, null, 2))),
  );
  return validateManifests(manifests, schedulers)
    .diagnostics.filter((d) => d.code === code)
    .map(({ place }) => `${place.file} ${place.pointer ?? ''}`);
}

const single: [string, JsonObject, readonly RuleCase[]][] = [
  ['an app', APP, [...SCHEMA_CASES, ...APP_CASES]],
  ['a pod', POD, POD_CASES],
  ['a Chronos job', CHRONOS_JOB, CHRONOS_SCHEMA_CASES],
];

describe.each(single)('the rules for %s', (_kind, base, cases) => {
  it.each(cases.map((each) => [each.code, each] as const))('%s', (code, { bad, at, good, settings }) => {
    expect(findings([{ ...base, ...bad }], code, settings)).toContain(`0.json ${at}`);
    expect(findings([{ ...base, ...good }], code, settings)).toEqual([]);
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

it('has a case for every rule of the catalogue, and for no other', () => {
  const known = [...SCHEDULER_KINDS.values()].flatMap(({ model }) => model.rules.map(({ code }) => code));
  const cases = [...single.flatMap(([, , all]) => all), ...MARATHON_SETS, ...CHRONOS_SETS].map(
    ({ code }) => code,
  );
  expect([...new Set(cases)].sort()).toEqual([...new Set(known)].sort());
});
