import { isObject, type Json, type JsonObject } from '../../../../domain/source/json.js';
import { absoluteId } from '../ids.js';
import { networkModes, type NetworkMode } from '../rules/facts.js';
import { listAt, numberAt, objectAt, objectsAt, textAt, upperAt } from '../rules/rule.js';
import { checkOf, healthCheckOf, readinessCheckOf } from './app-checks.js';
import { mappingsOf, networksOf, portDefinitionsOf } from './app-network.js';
import { asSet, clean, nonEmpty, ownLabels, withoutNulls } from './values.js';

/**
 * An app as Marathon would store it, whoever wrote it: defaults filled in, deprecated fields moved, sets sorted, server
 * fields gone (reference: marathon.md §2.3). Two definitions that end up equal here need no call. What Marathon does not
 * know it drops silently, so unknown fields are gone as well; so are `residency` (no effect) and `executorResources`
 * (a full replacement loses it).
 */
export function normaliseApp(given: JsonObject): JsonObject {
  const app = withoutNulls(given);
  const mode = networkModes(app)[0];
  const upgrade = objectAt(app, 'upgradeStrategy');
  const careful = keepsData(app);
  return clean({
    id: absoluteId(textAt(app, 'id') ?? ''),
    cmd: app['cmd'],
    args: nonEmpty(app['args']),
    instances: app['instances'] ?? 1,
    cpus: app['cpus'] ?? 1,
    mem: app['mem'] ?? 128,
    disk: app['disk'] ?? 0,
    gpus: app['gpus'] ?? 0,
    backoffSeconds: app['backoffSeconds'] ?? 1,
    backoffFactor: app['backoffFactor'] ?? 1.15,
    maxLaunchDelaySeconds: app['maxLaunchDelaySeconds'],
    networks: networksOf(app),
    container: containerOf(app, mode),
    portDefinitions: mode === 'host' ? portDefinitionsOf(app) : null,
    requirePorts: mode === 'host' ? (app['requirePorts'] ?? false) : false,
    env: objectAt(app, 'env') ?? {},
    labels: ownLabels(app['labels']),
    secrets: nonEmpty(app['secrets']),
    fetch: fetchOf(app),
    constraints: asSet(app['constraints']),
    acceptedResourceRoles: nonEmpty(asSet(app['acceptedResourceRoles'])),
    role: app['role'],
    dependencies: asSet(listAt(app, 'dependencies').map((d) => (typeof d === 'string' ? absoluteId(d) : d))),
    healthChecks: asSet(objectsAt(app, 'healthChecks').map(healthCheckOf)),
    check: checkOf(objectAt(app, 'check')),
    readinessChecks: objectsAt(app, 'readinessChecks').map(readinessCheckOf),
    upgradeStrategy: {
      minimumHealthCapacity: upgrade?.['minimumHealthCapacity'] ?? (careful ? 0.5 : 1),
      maximumOverCapacity: upgrade?.['maximumOverCapacity'] ?? (careful ? 0 : 1),
    },
    unreachableStrategy: unreachableOf(app['unreachableStrategy']),
    killSelection: upperAt(app, 'killSelection') ?? 'YOUNGEST_FIRST',
    taskKillGracePeriodSeconds: app['taskKillGracePeriodSeconds'],
    user: app['user'],
    tty: app['tty'] === true ? true : null,
    executor: app['executor'] ?? '',
    resourceLimits: app['resourceLimits'],
  });
}

/** Apps with volumes that outlive a task are replaced one at a time by default. */
function keepsData(app: JsonObject): boolean {
  return objectsAt(objectAt(app, 'container'), 'volumes').some(
    (v) => v['persistent'] !== undefined || v['external'] !== undefined,
  );
}

function containerOf(app: JsonObject, mode: NetworkMode | undefined): Json {
  const container = objectAt(app, 'container');
  const portMappings = mode === 'host' ? null : mappingsOf(app, mode);
  // Outside host networking there is always a container (rule 7).
  if (container === undefined)
    return mode === 'host' ? null : clean({ type: 'MESOS', volumes: [], portMappings });
  const type = upperAt(container, 'type') === 'MESOS' ? 'MESOS' : 'DOCKER';
  return clean({
    type,
    docker: dockerOf(objectAt(container, 'docker')),
    volumes: objectsAt(container, 'volumes').map(volumeOf),
    portMappings,
    linuxInfo: type === 'DOCKER' ? null : container['linuxInfo'],
  });
}

function dockerOf(docker: JsonObject | undefined): Json {
  if (docker === undefined) return null;
  return clean({
    image: docker['image'],
    forcePullImage: docker['forcePullImage'] ?? false,
    privileged: docker['privileged'] ?? false,
    parameters: listAt(docker, 'parameters'),
    pullConfig: docker['pullConfig'],
  });
}

function volumeOf(volume: JsonObject): Json {
  const persistent = objectAt(volume, 'persistent');
  const external = objectAt(volume, 'external');
  return clean({
    ...volume,
    mode: upperAt(volume, 'mode'),
    persistent: persistentOf(persistent),
    external:
      external === undefined
        ? null
        : clean({
            ...external,
            options: nonEmpty(external['options']),
            shared: external['shared'] === true ? true : null,
          }),
  });
}

/** The persistent half of a volume, of an app or a pod. */
export function persistentOf(persistent: JsonObject | undefined): Json {
  if (persistent === undefined) return null;
  return clean({
    ...persistent,
    type: textAt(persistent, 'type')?.toLowerCase() ?? 'root',
    constraints: asSet(persistent['constraints']),
  });
}

/** Endings of archives, which `uris` unpacks by default (rule 5). */
const ARCHIVE = /\.(tar|tar\.gz|tar\.bz2|tar\.xz|gz|tgz|tbz2|txz|zip)$/;

function fetchOf(app: JsonObject): Json[] {
  const fetch = objectsAt(app, 'fetch');
  const uris = fetch.length > 0 ? [] : listAt(app, 'uris');
  const moved = uris.map((uri): JsonObject => ({
    uri,
    extract: typeof uri === 'string' && ARCHIVE.test(uri.split(/[?#]/)[0] ?? ''),
  }));
  return [...fetch, ...moved].map((f) => clean({ uri: f['uri'], ...unpacking(f), destPath: f['destPath'] }));
}

/** How a fetched file or an artifact is treated. */
export function unpacking(file: JsonObject): { extract: Json; executable: Json; cache: Json } {
  return {
    extract: file['extract'] ?? true,
    executable: file['executable'] ?? false,
    cache: file['cache'] ?? false,
  };
}

/** Any text counts as "disabled" (reference: marathon.md §1.1). Absent stays absent: the default depends on the version. */
function unreachableOf(strategy: Json | undefined): Json {
  if (strategy === undefined) return null;
  if (!isObject(strategy)) return 'disabled';
  return {
    inactiveAfterSeconds: numberAt(strategy, 'inactiveAfterSeconds') ?? 0,
    expungeAfterSeconds: numberAt(strategy, 'expungeAfterSeconds') ?? 0,
  };
}
