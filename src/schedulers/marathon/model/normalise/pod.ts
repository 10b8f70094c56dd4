import type { Json, JsonObject } from '../../../../domain/source/json.js';
import { absoluteId } from '../ids.js';
import { modeOf } from '../rules/facts.js';
import { listAt, objectAt, objectsAt, textAt, upperAt } from '../rules/rule.js';
import { persistentOf, unpacking } from './app.js';
import { networkOf } from './app-network.js';
import { asSet, clean, nonEmpty, ownLabels, protocolOf, withoutNulls } from './values.js';

/**
 * A pod as Marathon would store it. Left out is what Marathon itself does not compare, so that it is never sent for
 * nothing: killSelection, unreachableStrategy, executorResources, legacySharedCgroups (reference: marathon.md §2.3).
 */
export function normalisePod(given: JsonObject): JsonObject {
  const pod = withoutNulls(given);
  const networks = objectsAt(pod, 'networks');
  const container = networks.length > 0 && modeOf(textAt(networks[0], 'mode')) === 'container';
  return clean({
    id: absoluteId(textAt(pod, 'id') ?? ''),
    labels: ownLabels(pod['labels']),
    environment: objectAt(pod, 'environment') ?? {},
    user: pod['user'],
    secrets: nonEmpty(pod['secrets']),
    volumes: objectsAt(pod, 'volumes').map((v) =>
      clean({ ...v, persistent: persistentOf(objectAt(v, 'persistent')) }),
    ),
    networks: networks.length === 0 ? [{ mode: 'host', labels: {} }] : networks.map(networkOf),
    scaling: { kind: 'fixed', instances: objectAt(pod, 'scaling')?.['instances'] ?? 1 },
    scheduling: schedulingOf(pod),
    role: pod['role'],
    linuxInfo: pod['linuxInfo'],
    containers: objectsAt(pod, 'containers').map((c) => containerOf(c, container)),
  });
}

function schedulingOf(pod: JsonObject): Json {
  const scheduling = objectAt(pod, 'scheduling') ?? {};
  const backoff = objectAt(scheduling, 'backoff');
  const upgrade = objectAt(scheduling, 'upgrade');
  const placement = objectAt(scheduling, 'placement');
  const resident = objectsAt(pod, 'volumes').some((v) => v['persistent'] !== undefined);
  return {
    backoff: clean({
      backoff: backoff?.['backoff'] ?? 1,
      backoffFactor: backoff?.['backoffFactor'] ?? 1.15,
      maxLaunchDelay: backoff?.['maxLaunchDelay'],
    }),
    upgrade: {
      minimumHealthCapacity: upgrade?.['minimumHealthCapacity'] ?? (resident ? 0.5 : 1),
      maximumOverCapacity: upgrade?.['maximumOverCapacity'] ?? (resident ? 0 : 1),
    },
    placement: {
      constraints: asSet(
        objectsAt(placement, 'constraints').map((c) => clean({ ...c, operator: upperAt(c, 'operator') })),
      ),
      acceptedResourceRoles: asSet(placement?.['acceptedResourceRoles']),
    },
  };
}

/** `check` is accepted and not stored (reference: marathon.md §2.2). */
function containerOf(container: JsonObject, containerNetwork: boolean): Json {
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
    endpoints: objectsAt(container, 'endpoints').map((e) => endpointOf(e, containerNetwork)),
    image: imageOf(objectAt(container, 'image')),
    environment: objectAt(container, 'environment') ?? {},
    labels: objectAt(container, 'labels') ?? {},
    volumeMounts: objectsAt(container, 'volumeMounts').map((m) => ({
      ...m,
      readOnly: m['readOnly'] ?? false,
    })),
    artifacts: objectsAt(container, 'artifacts').map((a) => clean({ ...a, ...unpacking(a) })),
    healthCheck: healthCheckOf(objectAt(container, 'healthCheck')),
    lifecycle: nonEmpty(container['lifecycle']),
    tty: container['tty'] === true ? true : null,
  });
}

function endpointOf(endpoint: JsonObject, containerNetwork: boolean): Json {
  const { protocol } = endpoint;
  const protocols = typeof protocol === 'string' ? protocol.split(',') : listAt(endpoint, 'protocol');
  return clean({
    ...endpoint,
    hostPort: endpoint['hostPort'] ?? (containerNetwork ? null : 0),
    protocol: protocols.length === 0 ? ['tcp'] : protocols.map((p) => protocolOf(p)).sort(),
    labels: objectAt(endpoint, 'labels') ?? {},
    networkNames: nonEmpty(endpoint['networkNames']),
  });
}

function imageOf(image: JsonObject | undefined): Json {
  if (image === undefined) return null;
  return clean({
    ...image,
    kind: upperAt(image, 'kind'),
    forcePull: image['forcePull'] ?? false,
    labels: nonEmpty(image['labels']),
  });
}

function healthCheckOf(check: JsonObject | undefined): Json {
  if (check === undefined) return null;
  const http = objectAt(check, 'http');
  return clean({
    ...check,
    http:
      http === undefined
        ? null
        : { ...http, path: http['path'] ?? '/', scheme: upperAt(http, 'scheme') ?? 'HTTP' },
    gracePeriodSeconds: check['gracePeriodSeconds'] ?? 300,
    intervalSeconds: check['intervalSeconds'] ?? 60,
    maxConsecutiveFailures: check['maxConsecutiveFailures'] ?? 3,
    timeoutSeconds: check['timeoutSeconds'] ?? 20,
    delaySeconds: check['delaySeconds'] ?? 15,
  });
}
