import { asDoc, asList, type Doc } from '../types.js';
import { known, lower, upper, withoutNulls } from './codec.js';

const KNOWN =
  'id labels environment user secrets volumes networks scaling scheduling executorResources role linuxInfo legacySharedCgroups containers';
const CONTAINER =
  'name resources exec image endpoints healthCheck volumeMounts artifacts environment labels lifecycle tty resourceLimits user linuxInfo';

/** What Marathon stores of a pod. `check` of a container is accepted and forgotten. */
export function storedPod(input: Doc, id: string): Doc {
  const pod = known(withoutNulls(input), KNOWN);
  const networks = asList(pod['networks']).map(asDoc);
  const inContainerNetwork =
    networks.length > 0 && lower(networks[0]?.['mode'] ?? 'container') === 'container';
  const resident = asList(pod['volumes']).some((v) => asDoc(v)['persistent'] !== undefined);
  return {
    ...pod,
    id,
    labels: asDoc(pod['labels']),
    networks:
      networks.length === 0
        ? [{ mode: 'host' }]
        : networks.map((n) => ({ ...known(n, 'name labels'), mode: lower(n['mode'] ?? 'container') })),
    scaling: { kind: 'fixed', instances: 1, ...asDoc(pod['scaling']) },
    scheduling: schedulingOf(asDoc(pod['scheduling']), resident),
    executorResources: { cpus: 0.1, mem: 32, disk: 10, ...asDoc(pod['executorResources']) },
    role: pod['role'] ?? '*',
    volumes: asList(pod['volumes']),
    containers: asList(pod['containers']).map((c) => containerOf(asDoc(c), inContainerNetwork)),
  };
}

function schedulingOf(given: Doc, resident: boolean): Doc {
  return {
    backoff: { backoff: 1, backoffFactor: 1.15, maxLaunchDelay: 300, ...asDoc(given['backoff']) },
    upgrade: {
      minimumHealthCapacity: resident ? 0.5 : 1,
      maximumOverCapacity: resident ? 0 : 1,
      ...asDoc(given['upgrade']),
    },
    killSelection: upper(given['killSelection'] ?? 'YOUNGEST_FIRST'),
    unreachableStrategy:
      given['unreachableStrategy'] ??
      (resident ? 'disabled' : { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 }),
    placement: asDoc(given['placement']),
  };
}

function containerOf(given: Doc, inContainerNetwork: boolean): Doc {
  const container = known(given, CONTAINER);
  const image = container['image'] === undefined ? undefined : asDoc(container['image']);
  return {
    ...container,
    resources: { cpus: 1, mem: 128, disk: 0, gpus: 0, ...asDoc(container['resources']) },
    ...(image === undefined ? {} : { image: { forcePull: false, ...image, kind: upper(image['kind']) } }),
    endpoints: asList(container['endpoints']).map((e) => ({
      protocol: ['tcp'],
      labels: {},
      ...(inContainerNetwork ? {} : { hostPort: 0 }),
      ...asDoc(e),
    })),
    volumeMounts: asList(container['volumeMounts']).map((m) => ({ readOnly: false, ...asDoc(m) })),
    ...(container['healthCheck'] === undefined
      ? {}
      : { healthCheck: healthCheck(asDoc(container['healthCheck'])) }),
  };
}

function healthCheck(given: Doc): Doc {
  const http = given['http'] === undefined ? undefined : asDoc(given['http']);
  return {
    gracePeriodSeconds: 300,
    intervalSeconds: 60,
    maxConsecutiveFailures: 3,
    timeoutSeconds: 20,
    delaySeconds: 15,
    ...given,
    ...(http === undefined ? {} : { http: { path: '/', ...http, scheme: upper(http['scheme'] ?? 'HTTP') } }),
  };
}
