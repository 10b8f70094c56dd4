import type { SetCase } from './case.js';

const app = (id: string, more: object = {}) => ({ id, cmd: 'sleep 100', cpus: 0.1, mem: 32, ...more });
const volume = (shared: boolean) => ({
  upgradeStrategy: { maximumOverCapacity: 0 },
  container: {
    type: 'MESOS',
    volumes: [
      {
        containerPath: '/data',
        mode: 'RW',
        external: { provider: 'dvdi', name: 'v', shared, options: { 'dvdi/driver': 'rexray' } },
      },
    ],
  },
});
const route = (host: string) => ({ labels: { HAPROXY_GROUP: 'external', HAPROXY_0_VHOST: host } });
const vip = (address: string) => ({
  portDefinitions: [{ port: 0, labels: { VIP_0: address } }],
  healthChecks: [{ path: '/', portIndex: 0 }],
});

export const MARATHON_SETS: readonly SetCase[] = [
  {
    code: 'marathon/dependency-cycle',
    bad: [app('/a', { dependencies: ['/b'] }), app('/b', { dependencies: ['/a'] })],
    at: '/dependencies/0',
    good: [app('/a', { dependencies: ['/b'] }), app('/b')],
  },
  {
    code: 'marathon/dependency-unknown',
    bad: [app('/a', { dependencies: ['/nobody'] })],
    at: '/dependencies/0',
    good: [app('/a', { dependencies: ['/b'] }), app('/b')],
  },
  {
    code: 'marathon/dependency-ignored',
    bad: [
      app('/a', { dependencies: ['/p'] }),
      {
        id: '/p',
        containers: [{ name: 'c', resources: { cpus: 0.1, mem: 32 }, exec: { command: { shell: 'x' } } }],
      },
    ],
    at: '/dependencies/0',
    good: [app('/a', { dependencies: ['/p'] }), app('/p')],
  },
  {
    code: 'marathon/id-is-group',
    bad: [app('/a'), app('/a/b')],
    at: '/id',
    good: [app('/a/c'), app('/a/b')],
  },
  {
    code: 'marathon/enforced-role',
    bad: [{ id: '/g', enforceRole: true, apps: [app('x', { role: 'other' })] }],
    at: '/apps/0/role',
    good: [{ id: '/g', enforceRole: true, apps: [app('x', { role: 'g' })] }],
  },
  {
    code: 'marathon/volume-taken',
    bad: [app('/a', volume(false)), app('/b', volume(false))],
    at: '/container/volumes/0/external/name',
    good: [app('/a', volume(true)), app('/b', volume(true))],
  },
  {
    code: 'marathon/service-port',
    bad: [
      app('/a', { portDefinitions: [{ port: 10_001 }] }),
      app('/b', {
        container: {
          type: 'DOCKER',
          docker: { image: 'a:1' },
          portMappings: [{ containerPort: 80, servicePort: 10_001 }],
        },
        networks: [{ mode: 'container/bridge' }],
      }),
    ],
    at: '/portDefinitions/0/port',
    good: [app('/a', { portDefinitions: [{ port: 0 }] }), app('/b', { portDefinitions: [{ port: 0 }] })],
  },
  {
    code: 'marathon/vip',
    bad: [app('/a', vip('/web:80')), app('/b', vip('/web:80'))],
    at: '/portDefinitions/0/labels/VIP_0',
    good: [app('/a', vip('/web:80')), app('/b', vip('/api:80'))],
  },
  {
    code: 'marathon/haproxy',
    bad: [app('/a', route('a.example, b.example')), app('/b', route('b.example'))],
    at: '/labels/HAPROXY_0_VHOST',
    good: [
      app('/a', { labels: { ...route('a.example').labels, HAPROXY_DEPLOYMENT_GROUP: 'a' } }),
      app('/b', { labels: { ...route('a.example').labels, HAPROXY_DEPLOYMENT_GROUP: 'a' } }),
    ],
  },
  {
    code: 'marathon/app-outside-group',
    bad: [{ id: '/g', apps: [app('/elsewhere/x')] }],
    at: '/apps/0/id',
    good: [{ id: '/g', apps: [app('/g/x')] }],
  },
  {
    code: 'marathon/group-outside-group',
    bad: [{ id: '/g', groups: [{ id: '/h', apps: [app('x')] }] }],
    at: '/groups/0/id',
    good: [{ id: '/g', groups: [{ id: '/g/h', apps: [app('x')] }] }],
  },
  {
    code: 'marathon/enforce-role',
    bad: [{ id: '/g', groups: [{ id: 'h', enforceRole: true, apps: [app('x')] }] }],
    at: '/groups/0/enforceRole',
    good: [{ id: '/g', enforceRole: true, groups: [{ id: 'h', apps: [app('x')] }] }],
  },
  {
    code: 'marathon/more',
    bad: [app('/a', { env: Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`V${n}`, n])) })],
    at: '/env/V99',
    good: [app('/a', { env: { V: '1' } })],
  },
];

const job = (name: string, more: object = {}) => ({
  name,
  command: 'true',
  schedule: 'R/2026-01-01T03:00:00Z/P1D',
  ...more,
});
const child = (name: string, ...parents: string[]) => ({ name, command: 'true', parents });

export const CHRONOS_SETS: readonly SetCase[] = [
  {
    code: 'chronos/kind',
    bad: [job('a', { parents: ['b'] }), job('b')],
    at: '/schedule',
    good: [child('a', 'b'), job('b')],
  },
  {
    code: 'chronos/schedule',
    bad: [job('a', { schedule: '0 3 * * *' })],
    at: '/schedule',
    good: [job('a')],
  },
  {
    code: 'chronos/time-zone',
    bad: [job('a', { scheduleTimeZone: 'Europe/Berln' })],
    at: '/scheduleTimeZone',
    good: [job('a', { scheduleTimeZone: 'Europe/Berlin' })],
  },
  {
    code: 'chronos/null',
    bad: [job('a', { owner: null })],
    at: '/owner',
    good: [job('a', { owner: 'x@y.z' })],
  },
  {
    code: 'chronos/uris-and-fetch',
    bad: [job('a', { uris: ['http://x'], fetch: [{ uri: 'http://x' }] })],
    at: '/uris',
    good: [job('a', { fetch: [{ uri: 'http://x' }] })],
  },
  {
    code: 'chronos/command',
    bad: [{ name: 'a', schedule: 'R/2026-01-01T03:00:00Z/P1D' }],
    at: '',
    good: [job('a')],
  },
  {
    code: 'chronos/latest-tag',
    bad: [job('a', { container: { type: 'DOCKER', image: 'batch' } })],
    at: '/container/image',
    good: [job('a', { container: { type: 'DOCKER', image: 'batch:7' } })],
  },
  {
    code: 'chronos/state-field',
    bad: [job('a', { successCount: 7 })],
    at: '/successCount',
    good: [job('a')],
  },
  {
    code: 'chronos/parent-unknown',
    bad: [child('a', 'b')],
    at: '/parents/0',
    good: [child('a', 'b'), job('b')],
  },
  {
    code: 'chronos/cycle',
    bad: [child('a', 'b'), child('b', 'a')],
    at: '/parents',
    good: [child('a', 'b'), job('b')],
  },
  {
    code: 'chronos/twins',
    bad: [job('report'), job('Report')],
    at: '/name',
    good: [job('report'), job('reports')],
  },
];
