import fc from 'fast-check';
import type { JsonObject } from '../../src/domain/source/json.js';

const text = fc.constantFrom('a', 'b', 'c');
const map = fc.dictionary(fc.constantFrom('A', 'B', 'C'), text, { maxKeys: 3 });
const seconds = fc.integer({ min: 1, max: 400 });
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined });

const commandCheck = fc.record({
  protocol: fc.constantFrom('COMMAND', 'command'),
  command: fc.record({ value: fc.constantFrom('true', 'exit 0') }),
  intervalSeconds: seconds,
});
const networkCheck = fc.record(
  {
    protocol: fc.constantFrom('HTTP', 'http', 'TCP', 'MESOS_HTTP', 'MESOS_TCP', 'HTTPS'),
    path: fc.constantFrom('/', '/up'),
    portIndex: fc.constant(0),
    intervalSeconds: seconds,
    timeoutSeconds: seconds,
    gracePeriodSeconds: seconds,
    delaySeconds: seconds,
    maxConsecutiveFailures: fc.integer({ min: 0, max: 5 }),
    ignoreHttp1xx: fc.boolean(),
  },
  { requiredKeys: ['protocol'] },
);
const protocol = fc.constantFrom('tcp', 'udp', 'TCP');
/** Names and fixed ports must be unique within an app, so both come with their position. */
const port = (at: number): fc.Arbitrary<JsonObject> =>
  fc.record(
    { port: fc.constantFrom(0, 9000 + at), name: fc.constant(`p${at}`), protocol, labels: map },
    { requiredKeys: [] },
  );
const mapping = (at: number): fc.Arbitrary<JsonObject> =>
  fc.record(
    {
      containerPort: fc.constantFrom(0, 80 + at),
      hostPort: fc.constantFrom(0, 31_000 + at),
      servicePort: fc.constantFrom(0, 10_100 + at),
      name: fc.constant(`m${at}`),
      protocol,
      labels: map,
    },
    { requiredKeys: ['containerPort'] },
  );
const listOf = (item: (at: number) => fc.Arbitrary<JsonObject>): fc.Arbitrary<JsonObject[]> =>
  fc.integer({ min: 0, max: 3 }).chain((length) => fc.tuple(...Array.from({ length }, (_, at) => item(at))));

const image = fc.record(
  {
    image: fc.constantFrom('shop/web:1', 'shop/web:2'),
    forcePullImage: fc.boolean(),
    privileged: fc.boolean(),
    parameters: fc.array(fc.record({ key: fc.constant('label'), value: text }), { maxLength: 2 }),
  },
  { requiredKeys: ['image'] },
);
const hostVolume = fc.record({
  containerPath: fc.constantFrom('/data', '/logs'),
  hostPath: fc.constantFrom('/srv/data', '/srv/logs'),
  mode: fc.constantFrom('RO', 'RW', 'rw'),
});

/** The parts of an app that decide over its network: they have to fit each other. */
const network = fc.oneof(
  // Host networking: said, left out, or said in the old way.
  fc.record(
    {
      networks: fc.constant([{ mode: 'host' }]),
      portDefinitions: listOf(port),
      requirePorts: fc.boolean(),
    },
    { requiredKeys: [] },
  ),
  fc.record({ ports: fc.uniqueArray(fc.constantFrom(0, 9001, 9002), { maxLength: 2 }) }),
  fc.record(
    {
      networks: fc.constantFrom([{ mode: 'container/bridge' }], [{ mode: 'CONTAINER/BRIDGE', labels: {} }]),
      mappings: listOf(mapping),
    },
    { requiredKeys: ['networks'] },
  ),
  fc.record(
    {
      networks: fc.constantFrom(
        [{ mode: 'container', name: 'dcos' }],
        [{ name: 'dcos', labels: { A: 'a' } }],
      ),
      mappings: listOf(mapping),
    },
    { requiredKeys: ['networks'] },
  ),
  fc.record(
    { legacy: fc.constantFrom('BRIDGE', 'bridge'), mappings: listOf(mapping) },
    { requiredKeys: ['legacy'] },
  ),
);

/** Nothing said is host networking; a network without a mode is a container network. */
const isHost = (networks: unknown): boolean =>
  networks === undefined || (networks as JsonObject[])[0]?.['mode'] === 'host';

/** Valid apps of every form that the API takes, deprecated ones included. */
export const marathonApp: fc.Arbitrary<JsonObject> = fc
  .record({
    network,
    docker: image,
    kind: fc.constantFrom('none', 'DOCKER', 'docker', 'MESOS', 'untyped'),
    volumes: maybe(fc.uniqueArray(hostVolume, { maxLength: 2, selector: (v) => v.containerPath })),
    command: fc.constantFrom('cmd', 'args', 'image'),
    plain: fc.record(
      {
        instances: fc.integer({ min: 0, max: 9 }),
        cpus: fc.constantFrom(0.1, 1, 1.0, 2),
        mem: fc.constantFrom(32, 128, 256.5),
        disk: fc.constantFrom(0, 100),
        gpus: fc.constant(0),
        backoffSeconds: seconds,
        backoffFactor: fc.constantFrom(1.15, 2),
        maxLaunchDelaySeconds: fc.constantFrom(60, 300, 3600),
        env: map,
        labels: map,
        constraints: fc.subarray(
          [
            ['hostname', 'UNIQUE'],
            ['rack', 'GROUP_BY', '2'],
            ['zone', 'LIKE', 'a.*'],
            ['os', 'CLUSTER', 'x'],
          ],
          {},
        ),
        acceptedResourceRoles: fc.constant(['*']),
        dependencies: fc.subarray(['/db', '/cache', 'queue', '/shop/other']),
        user: text,
        killSelection: fc.constantFrom('YOUNGEST_FIRST', 'oldest_first', 'OLDEST_FIRST'),
        taskKillGracePeriodSeconds: seconds,
        tty: fc.constant(true),
        executor: fc.constantFrom('', '//cmd'),
        upgradeStrategy: fc.record({
          minimumHealthCapacity: fc.constantFrom(0, 0.5, 1),
          maximumOverCapacity: fc.constantFrom(0, 0.2, 1),
        }),
        unreachableStrategy: fc.constantFrom<JsonObject | string>(
          'disabled',
          { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 },
          { inactiveAfterSeconds: 60, expungeAfterSeconds: 120 },
        ),
        healthChecks: fc.uniqueArray(fc.oneof(commandCheck, networkCheck), { maxLength: 1 }),
        fetch: fc.array(
          fc.record(
            {
              uri: fc.constantFrom('http://x/a.tgz', 'http://x/b'),
              extract: fc.boolean(),
              cache: fc.boolean(),
            },
            {
              requiredKeys: ['uri'],
            },
          ),
          { maxLength: 2 },
        ),
      },
      { requiredKeys: [] },
    ),
  })
  .map(({ network: net, docker, kind, volumes, command, plain }): JsonObject => {
    const { mappings, legacy, ...outer } = net as {
      mappings?: JsonObject[];
      legacy?: string;
    } & JsonObject;
    const needsDocker =
      legacy !== undefined || command === 'image' || kind.toLowerCase() === 'docker' || kind === 'untyped';
    const type = needsDocker && kind === 'none' ? 'DOCKER' : kind;
    const mesos = type === 'MESOS' && legacy === undefined;
    const { parameters, ...plainImage } = docker;
    const container: JsonObject | undefined =
      type === 'none' && mappings === undefined && volumes === undefined
        ? undefined
        : {
            ...(type === 'untyped' ? {} : { type: mesos || type === 'none' ? 'MESOS' : 'DOCKER' }),
            ...(needsDocker || mesos
              ? {
                  docker: {
                    ...plainImage,
                    ...(mesos || parameters === undefined ? {} : { parameters }),
                    ...(legacy === undefined ? {} : { network: legacy }),
                    ...(legacy === undefined || mappings === undefined ? {} : { portMappings: mappings }),
                  },
                }
              : {}),
            ...(volumes === undefined ? {} : { volumes }),
            ...(mappings === undefined || legacy !== undefined ? {} : { portMappings: mappings }),
          };
    const listed = mappings ?? outer['portDefinitions'] ?? outer['ports'];
    // Outside host networking there is a port by default only where there is a container.
    const hasPorts = Array.isArray(listed)
      ? listed.length > 0
      : container !== undefined || isHost(outer['networks']);
    const { healthChecks, ...rest } = plain;
    return {
      id: '/shop/web',
      ...(command === 'cmd' ? { cmd: 'exec sleep 1000' } : command === 'args' ? { args: ['a', 'b'] } : {}),
      ...(rest as JsonObject),
      ...outer,
      ...(container === undefined ? {} : { container }),
      // A check by port needs one.
      ...(healthChecks === undefined || (!hasPorts && healthChecks.some((c) => c.protocol !== 'COMMAND'))
        ? {}
        : { healthChecks: healthChecks }),
    };
  });

/** Valid pods. */
export const marathonPod: fc.Arbitrary<JsonObject> = fc
  .record(
    {
      labels: map,
      environment: map,
      user: text,
      networks: fc.constantFrom(
        [{ mode: 'host' }],
        [{ mode: 'container', name: 'dcos' }],
        [{ mode: 'container/bridge' }],
      ),
      scaling: fc.record(
        { kind: fc.constant('fixed'), instances: fc.integer({ min: 0, max: 5 }) },
        { requiredKeys: ['kind'] },
      ),
      scheduling: fc.record(
        {
          backoff: fc.record({ backoff: seconds, backoffFactor: fc.constant(1.5) }, { requiredKeys: [] }),
          upgrade: fc.record({
            minimumHealthCapacity: fc.constant(0.5),
            maximumOverCapacity: fc.constant(0.5),
          }),
          killSelection: fc.constantFrom('OLDEST_FIRST', 'youngest_first'),
          placement: fc.record({
            constraints: fc.subarray([
              { fieldName: 'hostname', operator: 'UNIQUE' },
              { fieldName: 'rack', operator: 'MAX_PER', value: '2' },
            ]),
          }),
        },
        { requiredKeys: [] },
      ),
      volumes: fc.constantFrom([], [{ name: 'v', host: '/srv' }]),
    },
    { requiredKeys: [] },
  )
  .chain((pod) =>
    fc
      .record(
        {
          resources: fc.record(
            { cpus: fc.constantFrom(0.1, 1), mem: fc.constantFrom(32, 128), disk: fc.constant(0) },
            { requiredKeys: ['cpus', 'mem'] },
          ),
          image: fc.record(
            {
              kind: fc.constantFrom('DOCKER', 'docker'),
              id: fc.constantFrom('a:1', 'a:2'),
              forcePull: fc.boolean(),
            },
            { requiredKeys: ['kind', 'id'] },
          ),
          environment: map,
          labels: map,
          hostPort: fc.boolean(),
          healthCheck: fc.record(
            {
              exec: fc.constant({ command: { shell: 'true' } }),
              intervalSeconds: fc.integer({ min: 30, max: 90 }),
            },
            { requiredKeys: ['exec'] },
          ),
        },
        { requiredKeys: ['resources'] },
      )
      .map(({ hostPort, ...container }): JsonObject => {
        const networks = pod.networks as JsonObject[] | undefined;
        const host = (networks?.[0]?.['mode'] ?? 'host') === 'host';
        const mount = (pod.volumes?.length ?? 0) > 0;
        return {
          id: '/shop/pod',
          ...(pod as JsonObject),
          containers: [
            {
              name: 'main',
              exec: { command: { shell: 'exec sleep 1000' } },
              ...(container as JsonObject),
              endpoints: [
                {
                  name: 'http',
                  ...(hostPort === true ? { hostPort: 0 } : {}),
                  ...(host ? { hostPort: 0 } : { containerPort: 80 }),
                },
              ],
              ...(mount ? { volumeMounts: [{ name: 'v', mountPath: '/srv' }] } : {}),
            },
          ],
        };
      }),
  );
