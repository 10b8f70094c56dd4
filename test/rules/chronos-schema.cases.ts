import type { RuleCase } from './case.js';

const many = Object.fromEntries(Array.from({ length: 110 }, (_, at) => [`zzzzzz${at}`, 1]));

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
