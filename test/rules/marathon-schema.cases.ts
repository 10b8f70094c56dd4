import type { RuleCase } from './case.js';

/** What the schema finds, laid over an app that runs `sleep 100`. */
export const SCHEMA_CASES: readonly RuleCase[] = [
  { code: 'marathon/type', bad: { instances: 'two' }, at: '/instances', good: { instances: 2 } },
  {
    code: 'marathon/required',
    bad: { fetch: [{ extract: true }] },
    at: '/fetch/0',
    good: { fetch: [{ uri: 'http://x/a' }] },
  },
  { code: 'marathon/unknown-field', bad: { instnaces: 2 }, at: '/instnaces', good: { instances: 2 } },
  {
    code: 'marathon/enum',
    bad: { killSelection: 'OLDEST' },
    at: '/killSelection',
    good: { killSelection: 'OLDEST_FIRST' },
  },
  { code: 'marathon/range', bad: { instances: -1 }, at: '/instances', good: { instances: 0 } },
  { code: 'marathon/length', bad: { cmd: '' }, at: '/cmd', good: { cmd: 'ls' } },
  {
    code: 'marathon/count',
    bad: { constraints: [['hostname']] },
    at: '/constraints/0',
    good: { constraints: [['hostname', 'UNIQUE']] },
  },
  {
    code: 'marathon/pattern',
    bad: { portDefinitions: [{ port: 0, name: 'a b' }] },
    at: '/portDefinitions/0/name',
    good: { portDefinitions: [{ port: 0, name: 'ab' }] },
  },
  { code: 'marathon/name', bad: { env: { '': 'x' } }, at: '/env/', good: { env: { A: 'x' } } },
  {
    code: 'marathon/form',
    bad: { env: { A: { unsafe: 1 } } },
    at: '/env/A',
    good: { env: { A: { secret: 's' } }, secrets: { s: { source: 'x' } } },
  },
  { code: 'marathon/null', bad: { user: null }, at: '/user', good: { user: 'nobody' } },
  { code: 'marathon/server-field', bad: { tasks: [] }, at: '/tasks', good: {} },
  { code: 'marathon/id', bad: { id: '/Web' }, at: '/id', good: { id: '/web' } },
];
