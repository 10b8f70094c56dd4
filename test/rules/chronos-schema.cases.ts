import type { RuleCase } from './case.js';

const many = Object.fromEntries(Array.from({ length: 110 }, (_, at) => [`zzzzzz${at}`, 1]));

/** What Chronos carries out, though perhaps not as it was meant. */
export const CHRONOS_CASES: readonly RuleCase[] = [
  {
    code: 'chronos/at-once',
    bad: { schedule: 'R//P1D' },
    at: '/schedule',
    good: { schedule: 'R/2020-01-01T03:00:00Z/P1D' },
  },
  {
    code: 'chronos/at-once',
    bad: { schedule: 'R1/2020-01-01T03:00:00Z/P1D' },
    at: '/schedule',
    good: { schedule: 'R1/2020-01-03T03:00:00Z/P1D' },
    now: '2020-01-02T00:00:00Z',
  },
  { code: 'chronos/epsilon', bad: { epsilon: 'PT59S' }, at: '/epsilon', good: { epsilon: 'PT1M' } },
  {
    code: 'chronos/overlap',
    bad: { maxCompletionTime: 86_401 },
    at: '/maxCompletionTime',
    good: { maxCompletionTime: 86_400 },
  },
  {
    code: 'chronos/zone-name',
    bad: { scheduleTimeZone: 'BST' },
    at: '/scheduleTimeZone',
    good: { scheduleTimeZone: 'Europe/London' },
  },
  {
    code: 'chronos/run-on-deploy',
    bad: { schedule: 'R1/2099-01-01T03:00:00Z/P1D', runOnDeploy: true },
    at: '/runOnDeploy',
    good: { runOnDeploy: true },
  },
];

/** What the schema finds, laid over a job that runs `true` once a day. */
export const CHRONOS_SCHEMA_CASES: readonly RuleCase[] = [
  { code: 'chronos/type', bad: { retries: 'two' }, at: '/retries', good: { retries: 2 } },
  {
    code: 'chronos/required',
    bad: { container: { type: 'DOCKER' } },
    at: '/container',
    good: { container: { type: 'DOCKER', image: 'a:1' } },
  },
  { code: 'chronos/unknown-field', bad: { disable: true }, at: '/disable', good: { disabled: true } },
  {
    code: 'chronos/enum',
    bad: { constraints: [['rack', 'equals', 'a']] },
    at: '/constraints/0/1',
    good: { constraints: [['rack', 'EQUALS', 'a']] },
  },
  { code: 'chronos/range', bad: { retries: -1 }, at: '/retries', good: { retries: 0 } },
  {
    code: 'chronos/length',
    bad: { fetch: [{ uri: '' }] },
    at: '/fetch/0/uri',
    good: { fetch: [{ uri: 'http://x/a' }] },
  },
  {
    code: 'chronos/count',
    bad: { constraints: [['rack', 'EQUALS']] },
    at: '/constraints/0',
    good: { constraints: [['rack', 'EQUALS', 'a']] },
  },
  {
    code: 'chronos/pattern',
    bad: { container: { type: 'LXC', image: 'a:1' } },
    at: '/container/type',
    good: { container: { type: 'mesos', image: 'a:1' } },
  },
  { code: 'chronos/form', bad: { cpus: 'half' }, at: '/cpus', good: { cpus: '0.5' } },
  { code: 'chronos/more', bad: many, at: '/zzzzzz99', good: {} },
];
