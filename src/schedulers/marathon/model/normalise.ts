import { canonicalJson, isObject, type Json, type JsonObject } from '../../../domain/source/json.js';
import { absoluteId } from './ids.js';
import { containerType, hasPersistentVolume, modeOf, networkModes, portMappings } from './rules/facts.js';
import { listAt, numberAt, objectAt, objectsAt, textAt, upperAt } from './rules/rule.js';

/** Label by which Towline knows what it owns; never part of a comparison. */
export const OWNER_LABEL = 'TOWLINE_ENVIRONMENT';

/**
 * An app as Marathon would store it, whoever wrote it: defaults filled in, deprecated fields moved, sets sorted, server
 * fields gone (reference: marathon.md §2.3). Two definitions that end up equal here need no call.
 */
export function normaliseApp(app: JsonObject): JsonObject {
  const modes = networkModes(app);
  const host = modes[0] === 'host';
  const resident = hasPersistentVolume(app);
  const external = objectsAt(objectAt(app, 'container'), 'volumes').some((v) => v['external'] !== undefined);
  const careful = resident || external;
  return clean({
    id: absoluteId(textAt(app, 'id') ?? ''),
    cmd: app['cmd'] ?? null,
    args: nonEmpty(app['args']),
    instances: app['instances'] ?? 1,
    cpus: app['cpus'] ?? 1,
    mem: app['mem'] ?? 128,
    disk: app['disk'] ?? 0,
    gpus: app['gpus'] ?? 0,
    backoffSeconds: app['backoffSeconds'] ?? 1,
    backoffFactor: app['backoffFactor'] ?? 1.15,
    maxLaunchDelaySeconds: app['maxLaunchDelaySeconds'] ?? null,
    networks: networksOf(app, modes),
    container: containerOf(app, host),
    portDefinitions: host ? portDefinitionsOf(app) : null,
    requirePorts: host ? (app['requirePorts'] ?? false) : false,
    env: objectAt(app, 'env') ?? {},
    labels: ownLabels(app['labels']),
    secrets: nonEmpty(app['secrets']),
    fetch: fetchOf(app),
    constraints: asSet(app['constraints']),
    acceptedResourceRoles: nonEmpty(asSet(app['acceptedResourceRoles'])),
    role: app['role'] ?? null,
    dependencies: asSet(listAt(app, 'dependencies').map((d) => (typeof d === 'string' ? absoluteId(d) : d))),
    healthChecks: asSet(objectsAt(app, 'healthChecks').map(healthCheckOf)),
    check: app['check'] ?? null,
    readinessChecks: objectsAt(app, 'readinessChecks').map(readinessCheckOf),
    upgradeStrategy: {
      minimumHealthCapacity:
        objectAt(app, 'upgradeStrategy')?.['minimumHealthCapacity'] ?? (careful ? 0.5 : 1),
      maximumOverCapacity: objectAt(app, 'upgradeStrategy')?.['maximumOverCapacity'] ?? (careful ? 0 : 1),
    },
    unreachableStrategy: unreachableOf(app['unreachableStrategy']),
    killSelection: upperAt(app, 'killSelection') ?? 'YOUNGEST_FIRST',
    taskKillGracePeriodSeconds: app['taskKillGracePeriodSeconds'] ?? null,
    user: app['user'] ?? null,
    tty: app['tty'] === true ? true : null,
    executor: app['executor'] ?? '',
    resourceLimits: app['resourceLimits'] ?? null,
  });
}

function networksOf(app: JsonObject, modes: readonly string[]): Json[] {
  const networks = objectsAt(app, 'networks');
  const legacyName = textAt(objectAt(app, 'ipAddress'), 'networkName');
  const legacyLabels = objectAt(objectAt(app, 'ipAddress') ?? {}, 'labels');
  if (networks.length === 0)
    return modes.map((mode) =>
      clean({ mode, name: mode === 'container' ? (legacyName ?? null) : null, labels: legacyLabels ?? {} }),
    );
  return networks.map((n) =>
    clean({ mode: modeOf(textAt(n, 'mode')), name: n['name'] ?? null, labels: objectAt(n, 'labels') ?? {} }),
  );
}

function containerOf(app: JsonObject, host: boolean): Json {
  const container = objectAt(app, 'container');
  if (container === undefined) {
    // Without a container a network other than the host's makes a MESOS container with a default mapping.
    return host ? null : clean({ type: 'MESOS', volumes: [], portMappings: mappingsOf(app, host) });
  }
  const docker = objectAt(container, 'docker');
  const type = containerType(app) ?? 'DOCKER';
  return clean({
    type,
    docker:
      docker === undefined
        ? null
        : clean({
            image: docker['image'] ?? null,
            forcePullImage: docker['forcePullImage'] ?? false,
            privileged: docker['privileged'] ?? false,
            parameters: listAt(docker, 'parameters'),
            pullConfig: docker['pullConfig'] ?? null,
          }),
    volumes: objectsAt(container, 'volumes').map(volumeOf),
    portMappings: host ? null : mappingsOf(app, host),
    linuxInfo: type === 'DOCKER' ? null : (container['linuxInfo'] ?? null),
  });
}

function volumeOf(volume: JsonObject): Json {
  const persistent = objectAt(volume, 'persistent');
  if (persistent === undefined) return clean({ ...volume, mode: upperAt(volume, 'mode') ?? null });
  return clean({
    ...volume,
    mode: upperAt(volume, 'mode') ?? null,
    persistent: clean({
      ...persistent,
      type: textAt(persistent, 'type') ?? 'root',
      constraints: asSet(persistent['constraints']),
    }),
  });
}

function mappingsOf(app: JsonObject, host: boolean): Json[] {
  if (host) return [];
  const bridge = networkModes(app)[0] === 'bridge';
  const given = portMappings(app);
  const discovery = objectsAt(objectAt(objectAt(app, 'ipAddress') ?? {}, 'discovery'), 'ports').map(
    (p): JsonObject => ({
      containerPort: p['number'] ?? 0,
      name: p['name'] ?? null,
      protocol: p['protocol'] ?? 'tcp',
    }),
  );
  const stated = given.length > 0 || Array.isArray(objectAt(app, 'container')?.['portMappings']);
  const all = stated ? given : discovery.length > 0 ? discovery : [{ name: 'default' } as JsonObject];
  return all.map((mapping) =>
    clean({
      containerPort: mapping['containerPort'] ?? 0,
      hostPort: mapping['hostPort'] ?? (bridge ? 0 : null),
      servicePort: mapping['servicePort'] ?? 0,
      protocol: (textAt(mapping, 'protocol') ?? 'tcp').toLowerCase(),
      name: mapping['name'] ?? null,
      labels: objectAt(mapping, 'labels') ?? {},
      networkNames: nonEmpty(mapping['networkNames']),
    }),
  );
}

function portDefinitionsOf(app: JsonObject): Json[] {
  const given = Array.isArray(app['portDefinitions'])
    ? objectsAt(app, 'portDefinitions')
    : Array.isArray(app['ports'])
      ? listAt(app, 'ports').map((port): JsonObject => ({ port }))
      : [{ port: 0, name: 'default' } as JsonObject];
  return given.map((d) =>
    clean({
      port: d['port'] ?? 0,
      protocol: (textAt(d, 'protocol') ?? 'tcp').toLowerCase(),
      name: d['name'] ?? null,
      labels: objectAt(d, 'labels') ?? {},
    }),
  );
}

const ARCHIVE = /\.(tar|tar\.gz|tar\.bz2|tar\.xz|gz|tgz|tbz2|txz|zip)$/;

function fetchOf(app: JsonObject): Json[] {
  const uris = listAt(app, 'uris').map((uri): JsonObject => ({
    uri,
    extract: typeof uri === 'string' && ARCHIVE.test(uri.split('?')[0] ?? ''),
  }));
  return [...objectsAt(app, 'fetch'), ...uris].map((f) =>
    clean({
      uri: f['uri'] ?? null,
      extract: f['extract'] ?? true,
      executable: f['executable'] ?? false,
      cache: f['cache'] ?? false,
      destPath: f['destPath'] ?? null,
    }),
  );
}

/** Marathon's own checks and those of Mesos keep different fields (reference §2.3 rule 10). */
function healthCheckOf(check: JsonObject): Json {
  const protocol = upperAt(check, 'protocol') ?? 'HTTP';
  const command = protocol === 'COMMAND';
  const mesos = protocol.startsWith('MESOS_');
  return clean({
    protocol,
    path: command || protocol.endsWith('TCP') ? null : (check['path'] ?? '/'),
    port: command ? null : (check['port'] ?? null),
    portIndex: command || check['port'] !== undefined ? null : (check['portIndex'] ?? 0),
    command: check['command'] ?? null,
    gracePeriodSeconds: check['gracePeriodSeconds'] ?? 300,
    intervalSeconds: check['intervalSeconds'] ?? 60,
    timeoutSeconds: check['timeoutSeconds'] ?? 20,
    delaySeconds: mesos || command ? (check['delaySeconds'] ?? 15) : null,
    maxConsecutiveFailures: check['maxConsecutiveFailures'] ?? 3,
    ipProtocol: mesos ? (check['ipProtocol'] ?? 'IPv4') : null,
  });
}

function readinessCheckOf(check: JsonObject): Json {
  return clean({
    name: check['name'] ?? 'readinessCheck',
    protocol: upperAt(check, 'protocol') ?? 'HTTP',
    path: check['path'] ?? '/',
    portName: check['portName'] ?? 'http-api',
    intervalSeconds: check['intervalSeconds'] ?? 30,
    timeoutSeconds: check['timeoutSeconds'] ?? 10,
    httpStatusCodesForReady: asSet(check['httpStatusCodesForReady'] ?? [200]),
    preserveLastResponse: check['preserveLastResponse'] ?? false,
  });
}

function unreachableOf(strategy: Json | undefined): Json {
  if (strategy === undefined || strategy === null) return null;
  if (!isObject(strategy)) return 'disabled';
  return {
    inactiveAfterSeconds: numberAt(strategy, 'inactiveAfterSeconds') ?? 0,
    expungeAfterSeconds: numberAt(strategy, 'expungeAfterSeconds') ?? 0,
  };
}

/** A pod as Marathon would store it. Fields whose change Marathon itself does not notice are left out. */
export function normalisePod(pod: JsonObject): JsonObject {
  const scheduling = objectAt(pod, 'scheduling') ?? {};
  const [backoff, upgrade, placement] = [
    objectAt(scheduling, 'backoff'),
    objectAt(scheduling, 'upgrade'),
    objectAt(scheduling, 'placement'),
  ];
  const resident = objectsAt(pod, 'volumes').some((v) => v['persistent'] !== undefined);
  const networks = objectsAt(pod, 'networks');
  const container = networks.length > 0 && modeOf(textAt(networks[0], 'mode')) === 'container';
  return clean({
    id: absoluteId(textAt(pod, 'id') ?? ''),
    labels: ownLabels(pod['labels']),
    environment: objectAt(pod, 'environment') ?? {},
    user: pod['user'] ?? null,
    secrets: nonEmpty(pod['secrets']),
    volumes: listAt(pod, 'volumes'),
    networks:
      networks.length === 0
        ? [{ mode: 'host', labels: {} }]
        : networks.map((n) =>
            clean({
              mode: modeOf(textAt(n, 'mode')),
              name: n['name'] ?? null,
              labels: objectAt(n, 'labels') ?? {},
            }),
          ),
    scaling: { kind: 'fixed', instances: objectAt(pod, 'scaling')?.['instances'] ?? 1 },
    scheduling: {
      backoff: {
        backoff: backoff?.['backoff'] ?? 1,
        backoffFactor: backoff?.['backoffFactor'] ?? 1.15,
        maxLaunchDelay: backoff?.['maxLaunchDelay'] ?? 300,
      },
      upgrade: {
        minimumHealthCapacity: upgrade?.['minimumHealthCapacity'] ?? (resident ? 0.5 : 1),
        maximumOverCapacity: upgrade?.['maximumOverCapacity'] ?? (resident ? 0 : 1),
      },
      placement: {
        constraints: asSet(placement?.['constraints']),
        acceptedResourceRoles: asSet(placement?.['acceptedResourceRoles']),
      },
    },
    role: pod['role'] ?? null,
    linuxInfo: pod['linuxInfo'] ?? null,
    containers: objectsAt(pod, 'containers').map((c) => podContainer(c, container)),
  });
}

function podContainer(container: JsonObject, containerNetwork: boolean): Json {
  const { check: _check, ...rest } = container;
  const resources = objectAt(container, 'resources');
  return clean({
    ...rest,
    resources: {
      cpus: resources?.['cpus'] ?? 1,
      mem: resources?.['mem'] ?? 128,
      disk: resources?.['disk'] ?? 0,
      gpus: resources?.['gpus'] ?? 0,
    },
    endpoints: objectsAt(container, 'endpoints').map((e) =>
      clean({
        ...e,
        containerPort: e['containerPort'] ?? null,
        hostPort: e['hostPort'] ?? (containerNetwork ? null : 0),
        protocol: e['protocol'] ?? ['tcp'],
        labels: objectAt(e, 'labels') ?? {},
      }),
    ),
    image: imageOf(objectAt(container, 'image')),
    environment: objectAt(container, 'environment') ?? {},
    labels: objectAt(container, 'labels') ?? {},
    volumeMounts: objectsAt(container, 'volumeMounts').map((m) => ({
      ...m,
      readOnly: m['readOnly'] ?? false,
    })),
    artifacts: objectsAt(container, 'artifacts').map((a) =>
      clean({
        ...a,
        extract: a['extract'] ?? true,
        executable: a['executable'] ?? false,
        cache: a['cache'] ?? false,
      }),
    ),
    healthCheck: probeOf(objectAt(container, 'healthCheck')),
    tty: container['tty'] === true ? true : null,
  });
}

function imageOf(image: JsonObject | undefined): Json {
  if (image === undefined) return null;
  return clean({
    ...image,
    kind: upperAt(image, 'kind') ?? null,
    forcePull: image['forcePull'] ?? false,
    labels: nonEmpty(image['labels']),
  });
}

function probeOf(probe: JsonObject | undefined): Json {
  if (probe === undefined) return null;
  const http = objectAt(probe, 'http');
  return clean({
    ...probe,
    http:
      http === undefined
        ? null
        : {
            endpoint: http['endpoint'] ?? null,
            path: http['path'] ?? '/',
            scheme: upperAt(http, 'scheme') ?? 'HTTP',
          },
    gracePeriodSeconds: probe['gracePeriodSeconds'] ?? 300,
    intervalSeconds: probe['intervalSeconds'] ?? 60,
    maxConsecutiveFailures: probe['maxConsecutiveFailures'] ?? 3,
    timeoutSeconds: probe['timeoutSeconds'] ?? 20,
    delaySeconds: probe['delaySeconds'] ?? 15,
  });
}

/** A group's own attributes. Its apps and groups are jobs of their own. */
export function normaliseGroup(group: JsonObject): JsonObject {
  return clean({
    id: absoluteId(textAt(group, 'id') ?? ''),
    dependencies: asSet(group['dependencies']),
    enforceRole: group['enforceRole'] ?? null,
  });
}

function ownLabels(labels: Json | undefined): JsonObject {
  if (!isObject(labels)) return {};
  const { [OWNER_LABEL]: _owner, ...own } = labels;
  return own;
}

/** Absent and empty are the same. */
function nonEmpty(value: Json | undefined): Json {
  if (value === undefined || value === null) return null;
  if (Array.isArray(value)) return value.length === 0 ? null : value;
  if (isObject(value)) return Object.keys(value).length === 0 ? null : value;
  return value;
}

function asSet(value: Json | undefined): Json[] {
  if (!Array.isArray(value)) return [];
  return [...new Map(value.map((item) => [canonicalJson(item), item]))]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, item]) => item);
}

/** Null is absent. */
function clean(value: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== null && v !== undefined));
}
