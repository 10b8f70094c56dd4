import { describe, expect, it } from '@jest/globals';
import type { Json, JsonObject } from '../../../domain/source/json.js';
import { compare } from './compare.js';

const pointers = (kind: string, desired: JsonObject, live: JsonObject): string[] =>
  compare({ kind, spec: desired }, { kind, spec: live }, { settings: {} }).fields.map((f) => f.pointer);

/** A field: what the server puts where it is not written (undefined: nothing), two values, and where a change is reported. */
interface Field {
  name: string;
  filled?: readonly Json[];
  one: Json;
  other: Json;
  at?: string[];
  /** What the field needs around it. */
  around?: JsonObject;
}

const field = (name: string, one: Json, other: Json, more: Partial<Field> = {}): Field => ({
  name,
  one,
  other,
  ...more,
});
const bridge: JsonObject = { networks: [{ mode: 'container/bridge' }] };

const APP_FIELDS: readonly Field[] = [
  field('cmd', 'exec a', 'exec b'),
  field('args', ['a'], ['b'], { at: ['/args/0'], filled: [[]] }),
  field('instances', 2, 3, { filled: [1] }),
  field('cpus', 0.5, 2, { filled: [1, 1.0] }),
  field('mem', 64, 65, { filled: [128] }),
  field('disk', 1, 2, { filled: [0] }),
  field('gpus', 1, 2, { filled: [0] }),
  field('backoffSeconds', 2, 3, { filled: [1] }),
  field('backoffFactor', 2, 3, { filled: [1.15] }),
  field('maxLaunchDelaySeconds', 10, 20, { filled: [300, 3600] }),
  field('networks', [{ mode: 'container', name: 'a' }], [{ mode: 'container', name: 'b' }], {
    at: ['/networks/0/name'],
    around: { container: { type: 'MESOS', portMappings: [] } },
  }),
  field('portDefinitions', [{ port: 81 }], [{ port: 82 }], {
    at: ['/portDefinitions/0/port'],
    filled: [[{ port: 10_004, name: 'default', protocol: 'tcp', labels: {} }]],
  }),
  field('requirePorts', true, false, { filled: [false] }),
  field('env', { A: '1' }, { A: '2' }, { at: ['/env/A'], filled: [{}] }),
  field('env', { A: { secret: 'x' } }, { A: { secret: 'y' } }, { at: ['/env/A/secret'] }),
  field(
    'labels',
    { A: '1' },
    { A: '2' },
    { at: ['/labels/A'], filled: [{}, { TOWLINE_ENVIRONMENT: 'x', TOWLINE_DIGEST: 'y' }] },
  ),
  field(
    'secrets',
    { a: { source: 'x' } },
    { a: { source: 'y' } },
    { at: ['/secrets/a/source'], filled: [{}] },
  ),
  field('fetch', [{ uri: 'a' }], [{ uri: 'b' }], { at: ['/fetch/0/uri'], filled: [[]] }),
  field('constraints', [['a', 'UNIQUE']], [['b', 'UNIQUE']], { at: ['/constraints/0/0'], filled: [[]] }),
  field('acceptedResourceRoles', ['a'], ['b'], {
    at: ['/acceptedResourceRoles/0'],
    filled: [[]],
    around: { role: 'a' },
  }),
  field('role', 'a', 'b', { filled: ['*'] }),
  field('dependencies', ['/a'], ['/b'], { at: ['/dependencies/0'], filled: [[]] }),
  field('healthChecks', [{ path: '/a', portIndex: 0 }], [{ path: '/b', portIndex: 0 }], {
    at: ['/healthChecks/0/path'],
    filled: [[]],
  }),
  field('check', { tcp: { port: 1 } }, { tcp: { port: 2 } }, { at: ['/check/tcp/port'] }),
  field('readinessChecks', [{ path: '/a' }], [{ path: '/b' }], {
    at: ['/readinessChecks/0/path'],
    filled: [[]],
  }),
  field(
    'upgradeStrategy',
    { minimumHealthCapacity: 0.5, maximumOverCapacity: 0 },
    { minimumHealthCapacity: 0.6, maximumOverCapacity: 0 },
    {
      at: ['/upgradeStrategy/minimumHealthCapacity'],
      filled: [{ minimumHealthCapacity: 1, maximumOverCapacity: 1 }],
    },
  ),
  field('unreachableStrategy', { inactiveAfterSeconds: 1, expungeAfterSeconds: 2 }, 'disabled', {
    filled: [
      { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 },
      { inactiveAfterSeconds: 300, expungeAfterSeconds: 600 },
      'disabled',
    ],
  }),
  field('killSelection', 'OLDEST_FIRST', 'YOUNGEST_FIRST', { filled: ['YOUNGEST_FIRST'] }),
  field('taskKillGracePeriodSeconds', 5, 6),
  field('user', 'a', 'b'),
  field('tty', true, false),
  field('executor', '/a', '/b', { filled: [''] }),
  field('resourceLimits', { cpus: 2 }, { cpus: 3 }, { at: ['/resourceLimits/cpus'] }),
  ...(
    [
      ['docker/image', 'a:1', 'a:2', undefined],
      ['docker/forcePullImage', true, false, false],
      ['docker/privileged', true, false, false],
      [
        'docker/parameters',
        [{ key: 'a', value: '1' }],
        [
          { key: 'a', value: '1' },
          { key: 'b', value: '2' },
        ],
        [],
      ],
    ] as const
  ).map(([path, one, other, filled]): Field => {
    const name = path.slice('docker/'.length);
    const container = (value: Json): JsonObject => ({
      type: 'DOCKER',
      docker: { image: 'a', [name]: value },
    });
    return {
      name: 'container',
      one: container(one as Json),
      other: container(other as Json),
      at: [`/container/${path}`],
      ...(filled === undefined ? {} : { filled: [] }),
    };
  }),
  field(
    'container',
    { docker: { image: 'a' }, volumes: [{ containerPath: '/a', hostPath: '/b', mode: 'RO' }] },
    { docker: { image: 'a' }, volumes: [{ containerPath: '/a', hostPath: '/b', mode: 'RW' }] },
    { at: ['/container/volumes/0/mode'] },
  ),
  ...(['containerPort', 'hostPort', 'servicePort'] as const).map((name): Field =>
    field(
      'container',
      { docker: { image: 'a' }, portMappings: [{ [name]: 81 }] },
      { docker: { image: 'a' }, portMappings: [{ [name]: 82 }] },
      { at: [`/container/portMappings/0/${name}`], around: bridge },
    ),
  ),
];

describe('every field of an app', () => {
  const base = (around: JsonObject = {}): JsonObject => ({ id: '/a', ...around });

  it.each(APP_FIELDS.map((f) => [f.name, f] as const))(
    '%s: the same is no difference, another is exactly that',
    (_name, f) => {
      const [one, other] = [f.one, f.other].map((value) => ({ ...base(f.around), [f.name]: value }));
      if (one === undefined || other === undefined) throw new Error('two values');
      expect(pointers('app', one, one)).toEqual([]);
      expect(pointers('app', one, other)).toEqual(f.at ?? [`/${f.name}`]);
      expect(pointers('app', other, one)).toEqual(f.at ?? [`/${f.name}`]);
    },
  );

  it.each(
    APP_FIELDS.flatMap((f) =>
      (f.filled ?? []).map((value) => [f.name, JSON.stringify(value), f, value] as const),
    ),
  )('%s: not written is the same as the %s of a server', (_name, _text, f, value) => {
    expect(pointers('app', base(f.around), { ...base(f.around), [f.name]: value })).toEqual([]);
  });

  // A role that Git does not name is the server's.
  it.each(APP_FIELDS.filter((f) => f.name !== 'role').map((f) => [f.name, f] as const))(
    '%s: taken out of Git, it is a difference',
    (_name, f) => {
      const live = { ...base(f.around), [f.name]: f.one };

      expect(pointers('app', base(f.around), live).length).toBeGreaterThan(0);
    },
  );

  it.each([
    'version',
    'versionInfo',
    'tasks',
    'tasksRunning',
    'tasksStaged',
    'tasksHealthy',
    'tasksUnhealthy',
    'deployments',
    'lastTaskFailure',
    'readinessCheckResults',
    'taskStats',
    'tasksStats',
    'residency',
    'executorResources',
  ])('%s of a server is none', (name) => {
    expect(pointers('app', base(), { ...base(), [name]: { any: 'thing' } })).toEqual([]);
  });
});

const POD: JsonObject = { id: '/p', containers: [{ name: 'a', resources: { cpus: 1, mem: 32 } }] };
const inContainer = (more: JsonObject): JsonObject => ({
  ...POD,
  containers: [{ name: 'a', resources: { cpus: 1, mem: 32 }, ...more }],
});

/** What is written, what the server makes of it, and one that differs, with where. */
const POD_FIELDS: readonly (readonly [string, JsonObject, JsonObject, JsonObject, string[]])[] = [
  [
    'labels',
    POD,
    { ...POD, labels: { TOWLINE_ENVIRONMENT: 'x' } },
    { ...POD, labels: { A: '1' } },
    ['/labels/A'],
  ],
  ['environment', POD, { ...POD, environment: {} }, { ...POD, environment: { A: '1' } }, ['/environment/A']],
  ['user', { ...POD, user: 'a' }, { ...POD, user: 'a' }, { ...POD, user: 'b' }, ['/user']],
  ['secrets', POD, { ...POD, secrets: {} }, { ...POD, secrets: { a: { source: 'x' } } }, ['/secrets']],
  ['volumes', POD, { ...POD, volumes: [] }, { ...POD, volumes: [{ name: 'v' }] }, ['/volumes']],
  [
    'networks',
    POD,
    { ...POD, networks: [{ mode: 'HOST' }] },
    { ...POD, networks: [{ mode: 'container/bridge' }] },
    ['/networks/0/mode'],
  ],
  [
    'scaling',
    POD,
    { ...POD, scaling: { kind: 'fixed', instances: 1 } },
    { ...POD, scaling: { kind: 'fixed', instances: 2 } },
    ['/scaling/instances'],
  ],
  [
    'scheduling.backoff',
    POD,
    { ...POD, scheduling: { backoff: { backoff: 1, backoffFactor: 1.15, maxLaunchDelay: 3600 } } },
    { ...POD, scheduling: { backoff: { backoff: 2 } } },
    ['/scheduling/backoff/backoff'],
  ],
  [
    'scheduling.upgrade',
    POD,
    { ...POD, scheduling: { upgrade: { minimumHealthCapacity: 1, maximumOverCapacity: 1 } } },
    { ...POD, scheduling: { upgrade: { minimumHealthCapacity: 0.5, maximumOverCapacity: 1 } } },
    ['/scheduling/upgrade/minimumHealthCapacity'],
  ],
  [
    'scheduling.placement',
    POD,
    { ...POD, scheduling: { placement: {} } },
    { ...POD, scheduling: { placement: { acceptedResourceRoles: ['x'] } } },
    ['/scheduling/placement/acceptedResourceRoles'],
  ],
  ['role', POD, { ...POD, role: 'any' }, { ...POD, user: 'other' }, ['/user']],
  [
    'linuxInfo',
    { ...POD, linuxInfo: { ipcInfo: { mode: 'PRIVATE' } } },
    { ...POD, linuxInfo: { ipcInfo: { mode: 'PRIVATE' } } },
    POD,
    ['/linuxInfo'],
  ],
  [
    'resources',
    POD,
    inContainer({ resources: { cpus: 1, mem: 32, disk: 0, gpus: 0 } }),
    inContainer({ resources: { cpus: 2, mem: 32 } }),
    ['/containers/0/resources/cpus'],
  ],
  [
    'exec',
    inContainer({ exec: { command: { shell: 'a' } } }),
    inContainer({ exec: { command: { shell: 'a' } } }),
    inContainer({ exec: { command: { shell: 'b' } } }),
    ['/containers/0/exec/command/shell'],
  ],
  [
    'image',
    inContainer({ image: { kind: 'docker', id: 'a' } }),
    inContainer({ image: { kind: 'DOCKER', id: 'a', forcePull: false } }),
    inContainer({ image: { kind: 'DOCKER', id: 'b' } }),
    ['/containers/0/image/id'],
  ],
  [
    'endpoints',
    inContainer({ endpoints: [{ name: 'http' }] }),
    inContainer({ endpoints: [{ name: 'http', hostPort: 0, protocol: ['tcp'], labels: {} }] }),
    inContainer({ endpoints: [{ name: 'http', hostPort: 80 }] }),
    ['/containers/0/endpoints/0/hostPort'],
  ],
  [
    'healthCheck',
    inContainer({ healthCheck: { http: { endpoint: 'http' } } }),
    inContainer({
      healthCheck: {
        http: { endpoint: 'http', path: '/', scheme: 'HTTP' },
        gracePeriodSeconds: 300,
        intervalSeconds: 60,
        maxConsecutiveFailures: 3,
        timeoutSeconds: 20,
        delaySeconds: 15,
      },
    }),
    inContainer({ healthCheck: { http: { endpoint: 'http', path: '/up' } } }),
    ['/containers/0/healthCheck/http/path'],
  ],
  [
    'volumeMounts',
    inContainer({ volumeMounts: [{ name: 'v', mountPath: '/v' }] }),
    inContainer({ volumeMounts: [{ name: 'v', mountPath: '/v', readOnly: false }] }),
    inContainer({ volumeMounts: [{ name: 'v', mountPath: '/w' }] }),
    ['/containers/0/volumeMounts/0/mountPath'],
  ],
  [
    'artifacts',
    inContainer({ artifacts: [{ uri: 'a' }] }),
    inContainer({ artifacts: [{ uri: 'a', extract: true, executable: false, cache: false }] }),
    inContainer({ artifacts: [{ uri: 'b' }] }),
    ['/containers/0/artifacts/0/uri'],
  ],
  [
    'check, which is not stored',
    inContainer({ check: { tcp: {} } }),
    POD,
    inContainer({ user: 'x' }),
    ['/containers/0/user'],
  ],
  ['tty', inContainer({ tty: false }), POD, inContainer({ tty: true }), ['/containers/0/tty']],
];

describe('every field of a pod', () => {
  it.each(POD_FIELDS)(
    '%s: as the server has it is no difference, another is exactly that',
    (_name, written, stored, other, at) => {
      expect(pointers('pod', written, stored)).toEqual([]);
      expect(pointers('pod', other, stored)).toEqual(at);
      expect(pointers('pod', written, other)).toEqual(at);
    },
  );

  it.each([
    ['killSelection', { scheduling: { killSelection: 'OLDEST_FIRST' } }],
    ['unreachableStrategy', { scheduling: { unreachableStrategy: 'disabled' } }],
    ['executorResources', { executorResources: { cpus: 3 } }],
    ['legacySharedCgroups', { legacySharedCgroups: true }],
    ['version', { version: 'x' }],
  ])('%s is not compared, because Marathon does not', (_name, more) => {
    expect(pointers('pod', POD, { ...POD, ...more })).toEqual([]);
  });
});

/** The rules of equality by their numbers (reference: marathon.md §2.3): equal pairs, and pairs that only look equal. */
const RULES: readonly (readonly [string, JsonObject, JsonObject, string[]])[] = [
  ['1 server fields', {}, { versionInfo: {}, residency: {}, tasksRunning: 1 }, []],
  ['2 absolute ids', { id: 'a/', dependencies: ['x'] }, { id: '/a', dependencies: ['/x'] }, []],
  ['2 null is absent', { user: null, labels: null }, {}, []],
  ['2 empty is absent', { env: {}, constraints: [], fetch: [] }, {}, []],
  [
    '3 a set has no order',
    {
      constraints: [
        ['a', 'UNIQUE'],
        ['b', 'CLUSTER'],
      ],
    },
    {
      constraints: [
        ['b', 'CLUSTER'],
        ['a', 'UNIQUE'],
      ],
    },
    [],
  ],
  ['3 everything else has', { args: ['a', 'b'] }, { args: ['b', 'a'] }, ['/args/0', '/args/1']],
  [
    '4 enums in any case',
    { killSelection: 'oldest_first', networks: [{ mode: 'HOST' }] },
    { killSelection: 'OLDEST_FIRST' },
    [],
  ],
  ['4 numbers by value', { cpus: 1.0 }, { cpus: 1 }, []],
  [
    '5 uris',
    { uris: ['x/a.zip', 'x/a.txt'] },
    {
      fetch: [
        { uri: 'x/a.zip', extract: true },
        { uri: 'x/a.txt', extract: false },
      ],
    },
    [],
  ],
  [
    '5 fetch extracts by default',
    { fetch: [{ uri: 'x/a.txt' }] },
    { fetch: [{ uri: 'x/a.txt', extract: true, cache: false, executable: false }] },
    [],
  ],
  [
    '6 a bridge, said in the old way',
    { container: { docker: { image: 'a', network: 'BRIDGE', portMappings: [] } } },
    { networks: [{ mode: 'container/bridge' }], container: { docker: { image: 'a' }, portMappings: [] } },
    [],
  ],
  [
    '6 an address of its own',
    { ipAddress: { networkName: 'n' } },
    {
      networks: [{ mode: 'container', name: 'n' }],
      container: { type: 'MESOS', portMappings: [{ name: 'default', servicePort: 10_001 }] },
    },
    [],
  ],
  [
    '7 a container where there was none',
    { networks: [{ mode: 'container/bridge' }] },
    {
      networks: [{ mode: 'container/bridge' }],
      container: { type: 'MESOS', portMappings: [{ name: 'default', hostPort: 0, servicePort: 10_002 }] },
    },
    [],
  ],
  [
    '8 mappings in host networking',
    { container: { docker: { image: 'a' }, portMappings: [{ containerPort: 80 }] } },
    { container: { docker: { image: 'a' } } },
    [],
  ],
  ['8 ports', { ports: [0] }, { portDefinitions: [{ port: 10_017, protocol: 'tcp', labels: {} }] }, []],
  [
    '8 hostPort of a bridge',
    { ...bridge, container: { docker: { image: 'a' }, portMappings: [{}] } },
    { ...bridge, container: { docker: { image: 'a' }, portMappings: [{ hostPort: 0 }] } },
    [],
  ],
  ['9 any service port', { portDefinitions: [{ port: 0 }] }, { portDefinitions: [{ port: 19_999 }] }, []],
  [
    '9 but not for a pinned one',
    { portDefinitions: [{ port: 8080 }] },
    { portDefinitions: [{ port: 10_000 }] },
    ['/portDefinitions/0/port'],
  ],
  [
    '10 portIndex',
    { healthChecks: [{ protocol: 'TCP' }] },
    { healthChecks: [{ protocol: 'TCP', portIndex: 0 }] },
    [],
  ],
  [
    '10 a port instead',
    { healthChecks: [{ protocol: 'TCP', port: 80 }] },
    { healthChecks: [{ protocol: 'TCP', portIndex: 0 }] },
    ['/healthChecks/0/port', '/healthChecks/0/portIndex'],
  ],
  [
    '10 delay of an HTTP check',
    { healthChecks: [{ delaySeconds: 3, ignoreHttp1xx: true }] },
    { healthChecks: [{ delaySeconds: 15, ignoreHttp1xx: false, portIndex: 0 }] },
    [],
  ],
  [
    '10 path of a TCP check',
    { healthChecks: [{ protocol: 'TCP', path: '/x' }] },
    { healthChecks: [{ protocol: 'TCP', portIndex: 0 }] },
    [],
  ],
  [
    '10 portIndex of a command',
    { healthChecks: [{ protocol: 'COMMAND', command: { value: 'x' }, portIndex: 2 }] },
    { healthChecks: [{ protocol: 'COMMAND', command: { value: 'x' } }] },
    [],
  ],
  ['10 tty false', { tty: false }, {}, []],
  ['11 a role that nobody wrote', {}, { role: 'team' }, []],
  [
    '11 defaults by volumes',
    {
      container: {
        docker: { image: 'a' },
        volumes: [{ containerPath: 'x', mode: 'RW', persistent: { size: 1 } }],
      },
    },
    {
      upgradeStrategy: { minimumHealthCapacity: 0.5, maximumOverCapacity: 0 },
      unreachableStrategy: 'disabled',
      residency: {},
      container: {
        type: 'DOCKER',
        docker: { image: 'a' },
        volumes: [{ containerPath: 'x', mode: 'RW', persistent: { size: 1, type: 'root', constraints: [] } }],
      },
    },
    [],
  ],
  [
    '13 our labels',
    { labels: { a: '1' } },
    { labels: { a: '1', TOWLINE_ENVIRONMENT: 'e', TOWLINE_DIGEST: 'd' } },
    [],
  ],
];

describe('the rules of equality', () => {
  it.each(RULES)('%s', (_rule, desired, live, at) => {
    expect(pointers('app', { id: '/a', ...desired }, { id: '/a', ...live })).toEqual(at);
  });
});

describe('every field of a group', () => {
  it.each([
    [
      'dependencies, in any order and seen from the group',
      { id: '/g', dependencies: ['b', '/a'] },
      { id: '/g', dependencies: ['/a', '/g/b'] },
      [],
    ],
    [
      'dependencies',
      { id: '/g', dependencies: ['/a'] },
      { id: '/g', dependencies: ['/b'] },
      ['/dependencies/0'],
    ],
    ['enforceRole', { id: '/g', enforceRole: true }, { id: '/g', enforceRole: false }, ['/enforceRole']],
    ['enforceRole that nobody wrote', { id: '/g' }, { id: '/g', enforceRole: false }, []],
    [
      'apps, groups, pods, version: jobs of their own',
      { id: '/g' },
      { id: '/g', apps: [{}], groups: [{}], pods: [{}], version: 'x' },
      [],
    ],
  ] as [string, JsonObject, JsonObject, string[]][])('%s', (_name, desired, live, at) => {
    expect(pointers('group', desired, live)).toEqual(at);
  });
});
