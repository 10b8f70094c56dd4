import type { JsonObject } from '../../src/domain/source/json.js';
import type { RuleCase } from './case.js';
import { CHRONOS_CASES, CHRONOS_SCHEMA_CASES } from './chronos-schema.cases.js';
import { APP_CASES } from './marathon-apps.cases.js';
import { POD_CASES } from './marathon-pods.cases.js';
import { SCHEMA_CASES } from './marathon-schema.cases.js';

const APP: JsonObject = { id: '/a', cmd: 'sleep 100', cpus: 0.1, mem: 32 };
const POD: JsonObject = {
  id: '/p',
  containers: [{ name: 'a', resources: { cpus: 0.1, mem: 32 }, exec: { command: { shell: 'sleep 100' } } }],
};
const CHRONOS_JOB: JsonObject = { name: 'a', schedule: 'R/2026-01-01T03:00:00Z/P1D', command: 'true' };

/** Cases of one job, with what they are laid over. */
export const SINGLE: readonly (readonly [kind: string, base: JsonObject, cases: readonly RuleCase[]])[] = [
  ['an app', APP, [...SCHEMA_CASES, ...APP_CASES]],
  ['a pod', POD, POD_CASES],
  ['a Chronos job', CHRONOS_JOB, [...CHRONOS_SCHEMA_CASES, ...CHRONOS_CASES]],
];
