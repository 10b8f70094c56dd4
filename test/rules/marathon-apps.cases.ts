import type { RuleCase } from './case.js';

const docker = { image: 'a:1' };
const DOCKER = { type: 'DOCKER', docker };
const MESOS = { type: 'MESOS', docker };
const bridge = [{ mode: 'container/bridge' }];
const volume = (...volumes: object[]) => ({ container: { type: 'MESOS', volumes } });
const persistent = { persistent: { size: 10 }, containerPath: 'data', mode: 'RW' };
const external = (more: object, options: object = { 'dvdi/driver': 'rexray' }) => ({
  containerPath: '/data',
  mode: 'RW',
  external: { provider: 'dvdi', name: 'v', options, ...more },
});

/** Laid over an app that runs `sleep 100`. */
export const APP_CASES: readonly RuleCase[] = [
  { code: 'marathon/command', bad: { args: ['x'] }, at: '/args', good: {} },
  {
    code: 'marathon/container-docker',
    bad: { container: { type: 'DOCKER' } },
    at: '/container',
    good: { container: DOCKER },
  },
  {
    code: 'marathon/container-mesos',
    bad: { container: { type: 'MESOS', docker: { ...docker, network: 'BRIDGE' } } },
    at: '/container/docker/network',
    good: { container: MESOS },
  },
  {
    code: 'marathon/rollout',
    bad: { labels: { TOWLINE_STRATEGY: 'canary', TOWLINE_CANARY_SHARE: '10%' } },
    at: '/labels/TOWLINE_CANARY_SHARE',
    good: {
      labels: { TOWLINE_STRATEGY: 'canary', TOWLINE_CANARY_SHARE: '0.1', TOWLINE_CANARY_SECONDS: '60' },
    },
  },
  {
    code: 'marathon/rollout-together',
    bad: { id: '/shop/web', labels: { TOWLINE_STRATEGY: 'canary' } },
    at: '/labels/TOWLINE_STRATEGY',
    good: { id: '/shopping/web', labels: { TOWLINE_STRATEGY: 'canary' } },
    together: ['/shop'],
  },
  {
    code: 'marathon/docker-credential',
    bad: { container: { type: 'MESOS', docker: { ...docker, credential: { principal: 'x' } } } },
    at: '/container/docker/credential',
    good: { container: MESOS },
  },
  {
    code: 'marathon/docker-network',
    bad: { container: { type: 'DOCKER', docker: { ...docker, network: 'NONE' } } },
    at: '/container/docker/network',
    good: { container: { type: 'DOCKER', docker: { ...docker, network: 'HOST' } } },
  },
  {
    code: 'marathon/docker-one-network',
    bad: {
      container: DOCKER,
      networks: [
        { mode: 'container', name: 'a' },
        { mode: 'container', name: 'b' },
      ],
    },
    at: '/networks',
    good: { container: DOCKER, networks: [{ mode: 'container', name: 'a' }] },
  },
  {
    code: 'marathon/gpus-feature',
    bad: { gpus: 1 },
    at: '/gpus',
    good: { gpus: 0 },
    settings: { features: 'secrets' },
  },
  {
    code: 'marathon/linux-info-dropped',
    bad: { container: { ...DOCKER, linuxInfo: {} } },
    at: '/container/linuxInfo',
    good: { container: { ...MESOS, linuxInfo: {} } },
  },
  {
    code: 'marathon/seccomp',
    bad: { container: { ...MESOS, linuxInfo: { seccomp: { profileName: 'p', unconfined: true } } } },
    at: '/container/linuxInfo/seccomp',
    good: { container: { ...MESOS, linuxInfo: { seccomp: { profileName: 'p' } } } },
  },
  { code: 'marathon/tty-false', bad: { tty: false }, at: '/tty', good: { tty: true } },
  {
    code: 'marathon/networks',
    bad: { networks: [{ mode: 'host' }, { mode: 'container/bridge' }] },
    at: '/networks',
    good: { networks: [{ mode: 'host' }] },
  },
  {
    code: 'marathon/networks-conflict',
    bad: { networks: [{ mode: 'container', name: 'n' }], ipAddress: {} },
    at: '/ipAddress',
    good: { networks: [{ mode: 'container', name: 'n' }] },
  },
  {
    code: 'marathon/port-networks',
    bad: {
      container: { ...MESOS, portMappings: [{ containerPort: 1, networkNames: ['other'] }] },
      networks: [{ mode: 'container', name: 'n' }],
    },
    at: '/container/portMappings/0/networkNames/0',
    good: {
      container: { ...MESOS, portMappings: [{ containerPort: 1, networkNames: ['n'] }] },
      networks: [{ mode: 'container', name: 'n' }],
    },
  },
  {
    code: 'marathon/ports-conflict',
    bad: { ports: [1], portDefinitions: [{ port: 2 }] },
    at: '/ports',
    good: { ports: [1], portDefinitions: [{ port: 1 }] },
  },
  {
    code: 'marathon/discovery-docker',
    bad: { container: DOCKER, ipAddress: { discovery: { ports: [] } } },
    at: '/ipAddress/discovery',
    good: { container: DOCKER, ipAddress: {} },
  },
  {
    code: 'marathon/ports-unique',
    bad: { portDefinitions: [{ port: 80 }, { port: 80 }] },
    at: '/portDefinitions/1/port',
    good: { portDefinitions: [{ port: 0 }, { port: 0 }] },
  },
  {
    code: 'marathon/port-mappings-dropped',
    bad: { container: { ...DOCKER, portMappings: [{ containerPort: 80 }] } },
    at: '/container/portMappings',
    good: { container: { ...DOCKER, portMappings: [{ containerPort: 80 }] }, networks: bridge },
  },
  {
    code: 'marathon/port-definitions-dropped',
    bad: { container: DOCKER, networks: bridge, portDefinitions: [{ port: 0 }] },
    at: '/portDefinitions',
    good: { portDefinitions: [{ port: 0 }] },
  },
  {
    code: 'marathon/require-ports',
    bad: { requirePorts: true, portDefinitions: [{ port: 0 }] },
    at: '/requirePorts',
    good: { requirePorts: true, portDefinitions: [{ port: 31_000 }] },
  },
  {
    code: 'marathon/health-check',
    bad: { healthChecks: [{ protocol: 'COMMAND' }] },
    at: '/healthChecks/0',
    good: { healthChecks: [{ protocol: 'COMMAND', command: { value: 'true' } }] },
  },
  {
    code: 'marathon/health-port',
    bad: { healthChecks: [{ path: '/', portIndex: 3 }] },
    at: '/healthChecks/0/portIndex',
    good: { healthChecks: [{ path: '/', portIndex: 0 }] },
  },
  {
    code: 'marathon/health-mesos-one',
    bad: {
      healthChecks: [
        { protocol: 'MESOS_HTTP', path: '/', portIndex: 0 },
        { protocol: 'MESOS_TCP', portIndex: 0 },
      ],
    },
    at: '/healthChecks/1',
    good: { healthChecks: [{ protocol: 'MESOS_HTTP', path: '/', portIndex: 0 }] },
  },
  {
    code: 'marathon/health-ipv6',
    bad: { healthChecks: [{ protocol: 'HTTP', portIndex: 0, ipProtocol: 'IPv6' }] },
    at: '/healthChecks/0/ipProtocol',
    good: {
      container: DOCKER,
      healthChecks: [{ protocol: 'MESOS_HTTP', portIndex: 0, ipProtocol: 'IPv6' }],
    },
  },
  {
    code: 'marathon/check',
    bad: { check: { http: { portIndex: 0 }, tcp: { portIndex: 0 } } },
    at: '/check',
    good: { check: { http: { portIndex: 0 } } },
  },
  {
    code: 'marathon/readiness-check',
    bad: { portDefinitions: [{ port: 0, name: 'http' }], readinessChecks: [{ portName: 'web' }] },
    at: '/readinessChecks/0/portName',
    good: { portDefinitions: [{ port: 0, name: 'http' }], readinessChecks: [{ portName: 'http' }] },
  },
  {
    code: 'marathon/port-index',
    bad: { healthChecks: [{ path: '/' }] },
    at: '/healthChecks/0',
    good: { healthChecks: [{ path: '/', portIndex: 0 }] },
  },
  {
    code: 'marathon/no-health-check',
    bad: { portDefinitions: [{ port: 0 }] },
    at: '',
    good: { portDefinitions: [{ port: 0 }], healthChecks: [{ path: '/', portIndex: 0 }] },
  },
  {
    code: 'marathon/latest-tag',
    bad: { container: { type: 'DOCKER', docker: { image: 'shop/web:latest' } } },
    at: '/container/docker/image',
    good: { container: { type: 'DOCKER', docker: { image: `shop/web@sha256:${'a'.repeat(64)}` } } },
  },
  { code: 'marathon/low-memory', bad: { mem: 8 }, at: '/mem', good: { mem: 16 } },
  {
    code: 'marathon/volume',
    bad: volume({ containerPath: '/a', mode: 'RW' }),
    at: '/container/volumes/0',
    good: volume({ containerPath: '/a', hostPath: '/b', mode: 'RO' }),
  },
  {
    code: 'marathon/persistent-volume',
    bad: { ...volume({ ...persistent, mode: 'RO' }), upgradeStrategy: { maximumOverCapacity: 0 } },
    at: '/container/volumes/0/mode',
    good: { ...volume(persistent), upgradeStrategy: { maximumOverCapacity: 0 } },
  },
  {
    code: 'marathon/resident',
    bad: { ...volume(persistent), upgradeStrategy: { maximumOverCapacity: 1 } },
    at: '/upgradeStrategy/maximumOverCapacity',
    good: { ...volume(persistent), upgradeStrategy: { maximumOverCapacity: 0 } },
  },
  {
    code: 'marathon/external-provider',
    bad: volume(external({ provider: 'nfs' })),
    at: '/container/volumes/0/external/provider',
    good: { ...volume(external({})), upgradeStrategy: { maximumOverCapacity: 0 } },
  },
  {
    code: 'marathon/external-dvdi',
    bad: volume(external({}, {})),
    at: '/container/volumes/0/external',
    good: { ...volume(external({})), upgradeStrategy: { maximumOverCapacity: 0 } },
  },
  {
    code: 'marathon/external-csi',
    bad: volume(external({ provider: 'csi' }, { pluginName: 'p' })),
    at: '/container/volumes/0/external/options',
    good: volume(
      external(
        { provider: 'csi' },
        { pluginName: 'p', capability: { accessType: 'mount', accessMode: 'SINGLE_NODE_WRITER' } },
      ),
    ),
  },
  {
    code: 'marathon/external-unique',
    bad: volume(external({}), { ...external({}), containerPath: '/other' }),
    at: '/container/volumes/1/external/name',
    good: volume(external({}), { ...external({ name: 'w' }), containerPath: '/other' }),
  },
  {
    code: 'marathon/external-feature',
    bad: volume(external({})),
    at: '/container/volumes/0',
    good: volume({ containerPath: '/a', hostPath: '/b', mode: 'RO' }),
    settings: { features: 'secrets' },
  },
  {
    code: 'marathon/constraint',
    bad: { constraints: [['hostname', 'unique']] },
    at: '/constraints/0',
    good: { constraints: [['hostname', 'UNIQUE']] },
  },
  {
    code: 'marathon/unreachable',
    bad: { unreachableStrategy: { inactiveAfterSeconds: 10, expungeAfterSeconds: 5 } },
    at: '/unreachableStrategy',
    good: { unreachableStrategy: { inactiveAfterSeconds: 5, expungeAfterSeconds: 5 } },
  },
  {
    code: 'marathon/unreachable-text',
    bad: { unreachableStrategy: 'enabled' },
    at: '/unreachableStrategy',
    good: { unreachableStrategy: 'disabled' },
  },
  {
    code: 'marathon/limits',
    bad: { cpus: 2, resourceLimits: { cpus: 1 } },
    at: '/resourceLimits/cpus',
    good: { cpus: 2, resourceLimits: { cpus: 'unlimited' } },
  },
  {
    code: 'marathon/single-instance',
    bad: {
      instances: 2,
      labels: { MARATHON_SINGLE_INSTANCE_APP: 'true' },
      upgradeStrategy: { minimumHealthCapacity: 0, maximumOverCapacity: 0 },
    },
    at: '/instances',
    good: {
      labels: { MARATHON_SINGLE_INSTANCE_APP: 'true' },
      upgradeStrategy: { minimumHealthCapacity: 0, maximumOverCapacity: 0 },
    },
  },
  {
    code: 'marathon/migration-labels',
    bad: { labels: { DCOS_MIGRATION_API_VERSION: 'v1' } },
    at: '/labels',
    good: {
      labels: {
        DCOS_MIGRATION_API_VERSION: 'v1',
        DCOS_PACKAGE_FRAMEWORK_NAME: 'x',
        DCOS_MIGRATION_API_PATH: '/x',
      },
    },
  },
  {
    code: 'marathon/too-new',
    bad: { role: 'dev' },
    at: '/role',
    good: {},
    settings: { version: '1.8.0' },
  },
  {
    code: 'marathon/role',
    bad: { id: '/shop/web', role: 'other' },
    at: '/role',
    good: { id: '/shop/web', role: 'shop' },
    settings: { mesosRole: '*' },
  },
  {
    code: 'marathon/accepted-roles',
    bad: { role: 'dev', acceptedResourceRoles: ['prod'] },
    at: '/acceptedResourceRoles/0',
    good: { role: 'dev', acceptedResourceRoles: ['*', 'dev'] },
  },
  {
    code: 'marathon/dependency-id',
    bad: { dependencies: ['/UPPER'] },
    at: '/dependencies/0',
    good: { dependencies: [] },
  },
  {
    code: 'marathon/uris-and-fetch',
    bad: { uris: ['http://x/a'], fetch: [{ uri: 'http://x/a' }] },
    at: '/uris',
    good: { fetch: [{ uri: 'http://x/a' }] },
  },
  {
    code: 'marathon/uri',
    bad: { fetch: [{ uri: 'http://x/a b' }] },
    at: '/fetch/0/uri',
    good: { fetch: [{ uri: 'http://x/a%20b' }] },
  },
  {
    code: 'marathon/secret-undeclared',
    bad: { env: { PASSWORD: { secret: 'db' } } },
    at: '/env/PASSWORD',
    good: { env: { PASSWORD: { secret: 'db' } }, secrets: { db: { source: '/db' } } },
  },
  {
    code: 'marathon/secret-feature',
    bad: { env: { PASSWORD: { secret: 'db' } }, secrets: { db: { source: '/db' } } },
    at: '/secrets',
    good: {},
    settings: { features: 'gpu_resources' },
  },
  {
    code: 'marathon/network-unnamed',
    bad: { container: MESOS, networks: [{ mode: 'container' }] },
    at: '/networks/0',
    good: { container: MESOS, networks: [{ mode: 'container', name: 'n' }] },
  },
];
