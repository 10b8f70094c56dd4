import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JsonObject } from '../../../domain/source/json.js';
import { compare } from './compare.js';

const context = { settings: {} };
const app = (desired: JsonObject, live: JsonObject, kind = 'app') =>
  compare({ kind, spec: desired }, { kind, spec: live }, context);

const bridged = (...portMappings: JsonObject[]): JsonObject => ({
  id: '/a',
  networks: [{ mode: 'container/bridge' }],
  container: { type: 'DOCKER', docker: { image: 'a' }, portMappings },
});

/** What Marathon makes of an app when it stores it, written down from the reference and not from the code under test. */
function stored(spec: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(filledIn(spec))) as JsonObject;
}

function filledIn(spec: JsonObject): object {
  const container = spec['container'] as JsonObject | undefined;
  const docker = container?.['docker'] as JsonObject | undefined;
  return {
    backoffFactor: 1.15,
    backoffSeconds: 1,
    cpus: 1,
    disk: 0,
    executor: '',
    gpus: 0,
    instances: 1,
    killSelection: 'YOUNGEST_FIRST',
    labels: {},
    maxLaunchDelaySeconds: 300,
    mem: 128,
    networks: [{ mode: 'host' }],
    requirePorts: false,
    role: '*',
    unreachableStrategy: { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 },
    upgradeStrategy: { minimumHealthCapacity: 1, maximumOverCapacity: 1 },
    version: '2026-01-01T00:00:00.000Z',
    versionInfo: { lastScalingAt: 'x', lastConfigChangeAt: 'x' },
    tasksStaged: 0,
    tasksRunning: 1,
    deployments: [],
    ...spec,
    portDefinitions: (
      (spec['portDefinitions'] as JsonObject[] | undefined) ?? [{ port: 0, name: 'default' }]
    ).map((d, at) => ({
      protocol: 'tcp',
      labels: {},
      ...d,
      port: d['port'] === 0 || d['port'] === undefined ? 10_000 + at : d['port'],
    })),
    ...(container === undefined
      ? {}
      : {
          container: {
            type: 'DOCKER',
            volumes: [],
            ...container,
            ...(docker === undefined
              ? {}
              : {
                  docker: {
                    forcePullImage: false,
                    privileged: false,
                    parameters: [],
                    image: docker['image'],
                  },
                }),
          },
        }),
    healthChecks: ((spec['healthChecks'] as JsonObject[] | undefined) ?? []).map((c) => ({
      gracePeriodSeconds: 300,
      intervalSeconds: 60,
      ipProtocol: 'IPv4',
      maxConsecutiveFailures: 3,
      protocol: 'HTTP',
      timeoutSeconds: 20,
      delaySeconds: 15,
      ignoreHttp1xx: false,
      path: '/',
      ...c,
    })),
  };
}

const spec = fc
  .record(
    {
      cmd: fc.constantFrom('sleep 1', 'exec x'),
      instances: fc.integer({ min: 0, max: 5 }),
      cpus: fc.constantFrom(0.1, 1, 2),
      mem: fc.constantFrom(32, 128),
      env: fc.dictionary(fc.constantFrom('A', 'B'), fc.constantFrom('1', '2')),
      labels: fc.dictionary(fc.constantFrom('a', 'b'), fc.constantFrom('1', '2')),
      constraints: fc.uniqueArray(fc.constantFrom(['hostname', 'UNIQUE'], ['rack', 'GROUP_BY', '2']), {
        maxLength: 2,
        selector: (c) => c[0],
      }),
      dependencies: fc.uniqueArray(fc.constantFrom('/a', '/b', '/c'), { maxLength: 3 }),
      portDefinitions: fc.array(
        fc.record({ port: fc.constantFrom(0, 8080), name: fc.constantFrom('http') }),
        { maxLength: 1 },
      ),
      healthChecks: fc.array(
        fc.record({ portIndex: fc.constant(0), intervalSeconds: fc.constantFrom(5, 60) }),
        { maxLength: 1 },
      ),
      container: fc.constantFrom(
        { docker: { image: 'a:1' } },
        { type: 'DOCKER', docker: { image: 'a:1', network: 'HOST' } },
      ),
      upgradeStrategy: fc.constant({ minimumHealthCapacity: 0.5, maximumOverCapacity: 0.2 }),
    },
    { requiredKeys: ['cmd'] },
  )
  .map((s): JsonObject => ({ id: '/shop/web', ...(s as object) }));

describe('comparing with Marathon', () => {
  it('plans nothing for what Marathon filled in, moved or sorted', () => {
    fc.assert(
      fc.property(spec, (desired) => {
        expect(app(desired, desired)).toEqual({ fields: [], action: 'none' });
        const turned = {
          ...stored(desired),
          dependencies: [...((desired['dependencies'] as string[] | undefined) ?? [])].reverse(),
          constraints: [...((desired['constraints'] as string[][] | undefined) ?? [])].reverse(),
        };
        expect(app(desired, turned).fields).toEqual([]);
      }),
    );
  });

  it('finds each real difference, also a field that Git no longer has', () => {
    fc.assert(
      fc.property(spec, fc.constantFrom('cmd', 'cpus', 'env', 'labels', 'user'), (desired, name) => {
        const changed: JsonObject = {
          ...desired,
          [name]: name === 'cpus' ? 7 : name === 'env' || name === 'labels' ? { NEW: 'x' } : 'changed',
        };
        expect(app(changed, stored(desired)).action).toBe('update');
        expect(app(desired, stored(changed)).action).toBe('update');
      }),
    );
  });

  it('tells scaling from a restart, and says what it means', () => {
    expect(
      app({ id: '/a', cmd: 'xx', instances: 5 }, stored({ id: '/a', cmd: 'xx', instances: 3 })),
    ).toMatchObject({ action: 'scale', effect: 'starts 2 tasks, restarts none' });
    expect(
      app({ id: '/a', cmd: 'yy', instances: 5 }, stored({ id: '/a', cmd: 'xx', instances: 3 })),
    ).toMatchObject({ action: 'update', effect: 'restarts 3 tasks, rolling, and ends with 5' });
  });

  it.each<[string, JsonObject, JsonObject]>([
    [
      'its own ownership label',
      { id: '/a', cmd: 'xx' },
      stored({ id: '/a', cmd: 'xx', labels: { TOWLINE_ENVIRONMENT: 'production' } }),
    ],
    [
      'uris that became fetch',
      { id: '/a', cmd: 'xx', uris: ['http://x/a.tgz', 'http://x/b'] },
      stored({
        id: '/a',
        cmd: 'xx',
        fetch: [
          { uri: 'http://x/a.tgz', extract: true, executable: false, cache: false },
          { uri: 'http://x/b', extract: false, executable: false, cache: false },
        ],
      }),
    ],
    [
      'ports that became port definitions',
      { id: '/a', cmd: 'xx', ports: [0, 8080] },
      stored({ id: '/a', cmd: 'xx', portDefinitions: [{ port: 10017 }, { port: 8080 }] }),
    ],
    [
      'a docker network that became a network',
      {
        id: '/a',
        container: { docker: { image: 'a', network: 'BRIDGE', portMappings: [{ containerPort: 80 }] } },
      },
      {
        ...stored({ id: '/a', networks: [{ mode: 'container/bridge' }] }),
        portDefinitions: [],
        container: {
          type: 'DOCKER',
          volumes: [],
          docker: { image: 'a', forcePullImage: false, privileged: false, parameters: [] },
          portMappings: [{ containerPort: 80, hostPort: 0, servicePort: 10042, protocol: 'tcp', labels: {} }],
        },
      },
    ],
    [
      'defaults of older servers',
      { id: '/a', cmd: 'xx' },
      {
        ...stored({ id: '/a', cmd: 'xx' }),
        maxLaunchDelaySeconds: 3600,
        unreachableStrategy: { inactiveAfterSeconds: 300, expungeAfterSeconds: 600 },
      },
    ],
    [
      'a health check without portIndex',
      { id: '/a', cmd: 'xx', healthChecks: [{ path: '/' }] },
      stored({ id: '/a', cmd: 'xx', healthChecks: [{ path: '/', portIndex: 0 }] }),
    ],
    [
      'null',
      { id: '/a', cmd: 'xx', user: null, acceptedResourceRoles: null },
      stored({ id: '/a', cmd: 'xx' }),
    ],
    [
      'null deep inside',
      { id: '/a', cmd: 'xx', healthChecks: [{ path: '/', port: null, portIndex: 0 }] },
      stored({ id: '/a', cmd: 'xx', healthChecks: [{ path: '/', portIndex: 0 }] }),
    ],
    [
      'defaults of a Mesos check',
      { id: '/a', cmd: 'xx', check: { http: { path: '/up', portIndex: 0 } } },
      stored({
        id: '/a',
        cmd: 'xx',
        check: {
          http: { path: '/up', portIndex: 0, scheme: 'HTTP' },
          intervalSeconds: 60,
          timeoutSeconds: 20,
          delaySeconds: 15,
        },
      }),
    ],
    [
      'what a kind of health check does not keep',
      {
        id: '/a',
        cmd: 'xx',
        healthChecks: [
          { protocol: 'tcp', path: '/x', portIndex: 0, delaySeconds: 3, ignoreHttp1xx: true },
          { protocol: 'COMMAND', command: { value: 'true' }, portIndex: 1 },
        ],
      },
      stored({
        id: '/a',
        cmd: 'xx',
        healthChecks: [
          { protocol: 'COMMAND', command: { value: 'true' } },
          { protocol: 'TCP', portIndex: 0 },
        ],
      }),
    ],
    [
      'accepted roles that 1.9 took away',
      { id: '/a', cmd: 'xx', acceptedResourceRoles: ['foreign', '*'] },
      stored({ id: '/a', cmd: 'xx', acceptedResourceRoles: ['*'] }),
    ],
    [
      'the default mapping of a bridge without a container',
      { id: '/a', cmd: 'xx', networks: [{ mode: 'container/bridge' }] },
      {
        ...stored({ id: '/a', cmd: 'xx', networks: [{ mode: 'container/bridge' }] }),
        portDefinitions: null,
        container: {
          type: 'MESOS',
          volumes: [],
          portMappings: [
            {
              containerPort: 0,
              hostPort: 0,
              servicePort: 10001,
              protocol: 'tcp',
              labels: {},
              name: 'default',
            },
          ],
        },
      },
    ],
    [
      'port definitions that became mappings',
      {
        id: '/a',
        networks: [{ mode: 'container/bridge' }],
        portDefinitions: [{ port: 8080 }, { port: 8081 }],
        container: { docker: { image: 'a' }, portMappings: [{ containerPort: 80, hostPort: 1 }] },
      },
      {
        ...stored({ id: '/a', networks: [{ mode: 'container/bridge' }] }),
        portDefinitions: null,
        container: {
          type: 'DOCKER',
          docker: { image: 'a' },
          portMappings: [
            { containerPort: 80, hostPort: 1, servicePort: 10000 },
            { containerPort: 0, hostPort: 0, servicePort: 10001 },
          ],
        },
      },
    ],
    [
      'mappings that host networking drops',
      { id: '/a', container: { docker: { image: 'a' }, portMappings: [{ containerPort: 80 }] } },
      stored({ id: '/a', container: { docker: { image: 'a' } } }),
    ],
    [
      'the name of the default container network',
      {
        id: '/a',
        cmd: 'xx',
        networks: [{ mode: 'container' }],
        container: { type: 'MESOS', portMappings: [] },
      },
      {
        ...stored({ id: '/a', cmd: 'xx', networks: [{ mode: 'container', name: 'dcos', labels: {} }] }),
        portDefinitions: null,
        container: { type: 'MESOS', portMappings: [], volumes: [] },
      },
    ],
    [
      'executor resources, which a full replacement loses',
      { id: '/a', cmd: 'xx', executorResources: { cpus: 0.2, mem: 64, disk: 20 } },
      stored({ id: '/a', cmd: 'xx' }),
    ],
  ])('ignores %s', (_name, desired, live) => {
    expect(app(desired, live).fields).toEqual([]);
  });

  it.each<[string, JsonObject, JsonObject]>([
    ['a pinned service port', bridged({ servicePort: 10001 }), bridged({ servicePort: 10002 })],
    [
      'a mapping in front',
      bridged({ containerPort: 1 }, { containerPort: 80 }),
      bridged({ containerPort: 80 }),
    ],
    ['the order of arguments', { id: '/a', args: ['a', 'b'] }, { id: '/a', args: ['b', 'a'] }],
    ['a role that Git names', { id: '/a', cmd: 'xx', role: 'dev' }, { id: '/a', cmd: 'xx', role: '*' }],
    [
      'a strategy that Git no longer states',
      { id: '/a', cmd: 'xx' },
      { id: '/a', cmd: 'xx', unreachableStrategy: { inactiveAfterSeconds: 5, expungeAfterSeconds: 9 } },
    ],
    [
      'limits that are gone',
      { id: '/a', cmd: 'xx' },
      { id: '/a', cmd: 'xx', resourceLimits: { cpus: 'unlimited' } },
    ],
  ])('sees %s', (_name, desired, live) => {
    expect(app(desired, live).action).toBe('update');
  });

  it('points at the field as the file has it', () => {
    const at = (desired: JsonObject, live: JsonObject) => app(desired, live).fields.map((f) => f.pointer);
    expect(at({ id: '/a', uris: ['x/a.zip'] }, { id: '/a', uris: ['x/b.zip'] })).toEqual(['/uris/0']);
    expect(at({ id: '/a', ports: [1, 3] }, { id: '/a', ports: [1, 2] })).toEqual(['/ports/1']);
    expect(
      at(
        { id: '/a', container: { docker: { network: 'BRIDGE', portMappings: [{ containerPort: 2 }] } } },
        { id: '/a', container: { docker: { network: 'BRIDGE', portMappings: [{ containerPort: 1 }] } } },
      ),
    ).toEqual(['/container/docker/portMappings/0/containerPort']);
  });

  it('shows a set as a whole, because positions in it mean nothing', () => {
    const fields = app(
      { id: '/a', cmd: 'xx', dependencies: ['/z', '/b'] },
      { id: '/a', cmd: 'xx', dependencies: ['/b', '/c'] },
    ).fields;
    expect(fields).toEqual([{ pointer: '/dependencies', before: ['/b', '/c'], after: ['/b', '/z'] }]);
  });

  it('leaves both definitions as they were given', () => {
    const desired = bridged({});
    const live = { ...bridged({ servicePort: 10005 }), role: '*', unreachableStrategy: 'disabled' };
    const before = JSON.stringify([desired, live]);
    app(desired, live);
    expect(JSON.stringify([desired, live])).toBe(before);
  });

  it('compares pods and groups by their own rules', () => {
    const pod: JsonObject = {
      id: '/p',
      containers: [
        {
          name: 'a',
          resources: { cpus: 0.1, mem: 32 },
          exec: { command: { shell: 'x' } },
          endpoints: [{ name: 'http', hostPort: 0 }],
        },
      ],
    };
    const live: JsonObject = {
      ...pod,
      version: 'x',
      networks: [{ mode: 'host' }],
      scaling: { kind: 'fixed', instances: 1 },
      scheduling: {
        backoff: { backoff: 1, backoffFactor: 1.15, maxLaunchDelay: 300 },
        upgrade: { minimumHealthCapacity: 1, maximumOverCapacity: 1 },
        placement: {},
        killSelection: 'OLDEST_FIRST',
      },
      executorResources: { cpus: 0.1, mem: 32, disk: 10 },
      role: '*',
      containers: [
        {
          name: 'a',
          resources: { cpus: 0.1, mem: 32, disk: 0, gpus: 0 },
          exec: { command: { shell: 'x' } },
          endpoints: [{ name: 'http', hostPort: 0, protocol: ['tcp'], labels: {} }],
          volumeMounts: [],
        },
      ],
    };
    expect(app(pod, live, 'pod').fields).toEqual([]);
    expect(app({ ...pod, scaling: { kind: 'fixed', instances: 3 } }, live, 'pod').action).toBe('scale');
    expect(
      app(
        { id: '/g', dependencies: ['/b', '/a'] },
        { id: '/g', dependencies: ['/a', '/b'], apps: [], enforceRole: false },
        'group',
      ).fields,
    ).toEqual([]);
    expect(app({ id: '/g', dependencies: [] }, { id: '/g', dependencies: ['/a'] }, 'group').action).toBe(
      'update',
    );
  });
});
