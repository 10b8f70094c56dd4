import { asDoc, asList, numberOf, type Doc } from './types.js';

/** An absolute path: relative ones are seen from the base. */
export function absolute(id: string, base = '/'): string {
  const parts = id.startsWith('/') ? [] : base.split('/').filter(Boolean);
  for (const part of id.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

const KNOWN = new Set(
  'id cmd args instances cpus mem disk gpus backoffSeconds backoffFactor maxLaunchDelaySeconds container networks portDefinitions requirePorts env labels secrets fetch constraints acceptedResourceRoles role dependencies healthChecks check readinessChecks upgradeStrategy unreachableStrategy killSelection taskKillGracePeriodSeconds user tty executor executorResources resourceLimits residency ports uris ipAddress'.split(
    ' ',
  ),
);

/** What Marathon stores of an app: unknown keys dropped, old fields moved, defaults filled in. */
export function storedApp(input: Doc, id: string, former: Doc | undefined): Doc {
  const app: Doc = Object.fromEntries(
    Object.entries(input).filter(([name, value]) => KNOWN.has(name) && value !== null && value !== undefined),
  );
  const container = app['container'] === undefined ? undefined : asDoc(app['container']);
  const docker = asDoc(container?.['docker']);
  const networks = networksOf(app, docker);
  const host = networks[0]?.['mode'] === 'host';
  const careful = asList(container?.['volumes']).some(
    (v) => asDoc(v)['persistent'] !== undefined || asDoc(v)['external'] !== undefined,
  );
  const stored: Doc = {
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
    requirePorts: false,
    role: '*',
    unreachableStrategy: careful ? 'disabled' : { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 },
    upgradeStrategy: careful
      ? { minimumHealthCapacity: 0.5, maximumOverCapacity: 0 }
      : { minimumHealthCapacity: 1, maximumOverCapacity: 1 },
    ...app,
    id,
    networks,
  };
  for (const name of ['ports', 'uris', 'ipAddress']) delete stored[name];
  // Full replacements lose it; that is how the real one behaves.
  delete stored['executorResources'];
  for (const name of [
    'env',
    'secrets',
    'fetch',
    'constraints',
    'dependencies',
    'healthChecks',
    'readinessChecks',
    'acceptedResourceRoles',
    'args',
  ])
    if (isEmpty(stored[name])) delete stored[name];
  const uris = asList(app['uris']).map((uri) => ({
    uri,
    extract: /\.(tar|tar\.gz|tar\.bz2|tar\.xz|gz|tgz|tbz2|txz|zip)$/.test(String(uri)),
    executable: false,
    cache: false,
  }));
  const fetch = [
    ...asList(app['fetch']).map((f) => ({ extract: true, executable: false, cache: false, ...asDoc(f) })),
    ...uris,
  ];
  if (fetch.length > 0) stored['fetch'] = fetch;
  if (app['dependencies'] !== undefined)
    stored['dependencies'] = asList(app['dependencies']).map((d) => absolute(String(d)));
  if (host) {
    const given =
      app['portDefinitions'] !== undefined
        ? asList(app['portDefinitions']).map(asDoc)
        : app['ports'] !== undefined
          ? asList(app['ports']).map((port): Doc => ({ port }))
          : [{ port: 0, name: 'default' } as Doc];
    stored['portDefinitions'] = given.map((d) => ({ labels: {}, port: 0, protocol: 'tcp', ...d }));
  } else {
    delete stored['portDefinitions'];
    stored['requirePorts'] = false;
  }
  if (container !== undefined || !host)
    stored['container'] = storedContainer(container ?? { type: 'MESOS' }, docker, app, networks);
  stored['healthChecks'] = asList(app['healthChecks']).map((c) => storedCheck(asDoc(c)));
  if (isEmpty(stored['healthChecks'])) delete stored['healthChecks'];
  assignPorts(stored, former);
  return stored;
}

function isEmpty(value: unknown): boolean {
  return (
    value === undefined ||
    (Array.isArray(value)
      ? value.length === 0
      : typeof value === 'object' && value !== null && Object.keys(value).length === 0)
  );
}

function networksOf(app: Doc, docker: Doc): Doc[] {
  const given = asList(app['networks']).map(asDoc);
  if (given.length > 0)
    return given.map((n) => ({
      ...n,
      mode: String(n['mode'] ?? 'container').toLowerCase(),
      ...(n['mode'] === undefined || String(n['mode']).toLowerCase() === 'container'
        ? { name: n['name'] ?? 'default' }
        : {}),
    }));
  const ip = app['ipAddress'] === undefined ? undefined : asDoc(app['ipAddress']);
  if (ip !== undefined) return [{ mode: 'container', name: ip['networkName'] ?? 'default' }];
  const legacy = String(docker['network'] ?? 'HOST').toUpperCase();
  return [
    legacy === 'BRIDGE'
      ? { mode: 'container/bridge' }
      : legacy === 'USER'
        ? { mode: 'container', name: 'default' }
        : { mode: 'host' },
  ];
}

function storedContainer(container: Doc, docker: Doc, app: Doc, networks: readonly Doc[]): Doc {
  const host = networks[0]?.['mode'] === 'host';
  const bridge = networks[0]?.['mode'] === 'container/bridge';
  const { network: _network, portMappings: legacy, ...rest } = docker;
  const mappings = asList(container['portMappings'] ?? legacy).map(asDoc);
  const discovered = asList(asDoc(asDoc(app['ipAddress'])['discovery'])['ports']).map((p): Doc => ({
    containerPort: asDoc(p)['number'],
    name: asDoc(p)['name'],
  }));
  const stated = container['portMappings'] !== undefined || mappings.length > 0;
  const all = stated ? mappings : discovered.length > 0 ? discovered : [{ name: 'default' } as Doc];
  return {
    ...container,
    type: String(container['type'] ?? 'DOCKER').toUpperCase(),
    volumes: asList(container['volumes']),
    ...(container['docker'] === undefined
      ? {}
      : { docker: { forcePullImage: false, privileged: false, parameters: [], ...rest } }),
    ...(host
      ? { portMappings: undefined }
      : {
          portMappings: all.map((m) => ({
            containerPort: 0,
            servicePort: 0,
            protocol: 'tcp',
            labels: {},
            ...(bridge ? { hostPort: 0 } : {}),
            ...m,
          })),
        }),
  };
}

function storedCheck(check: Doc): Doc {
  const protocol = String(check['protocol'] ?? 'HTTP').toUpperCase();
  const filled: Doc = {
    gracePeriodSeconds: 300,
    intervalSeconds: 60,
    ipProtocol: 'IPv4',
    maxConsecutiveFailures: 3,
    timeoutSeconds: 20,
    delaySeconds: 15,
    ...check,
    protocol,
  };
  if (protocol === 'COMMAND') delete filled['portIndex'];
  else if (filled['portIndex'] === undefined && filled['port'] === undefined) filled['portIndex'] = 0;
  if (protocol.endsWith('TCP')) delete filled['path'];
  else if (protocol !== 'COMMAND') filled['path'] ??= '/';
  if (!protocol.startsWith('MESOS') && protocol !== 'COMMAND') filled['delaySeconds'] = 15;
  return filled;
}

let nextServicePort = 10_000;

/** Port 0 gets a number of 10000 to 20000; a number that the app had at the same position is used again. */
function assignPorts(app: Doc, former: Doc | undefined): void {
  const fill = (list: unknown, key: string, old: unknown): void => {
    asList(list).forEach((item, at) => {
      const entry = asDoc(item);
      if (numberOf(entry[key], 0) !== 0) return;
      const before = numberOf(asDoc(asList(old)[at])[key], 0);
      entry[key] = before >= 10_000 && before <= 20_000 ? before : nextPort();
    });
  };
  fill(app['portDefinitions'], 'port', former?.['portDefinitions']);
  fill(asDoc(app['container'])['portMappings'], 'servicePort', asDoc(former?.['container'])['portMappings']);
}

function nextPort(): number {
  nextServicePort = nextServicePort >= 20_000 ? 10_000 : nextServicePort + 1;
  return nextServicePort;
}

/** What Marathon stores of a pod. */
export function storedPod(input: Doc, id: string): Doc {
  const scheduling = asDoc(input['scheduling']);
  const networks = asList(input['networks']).map(asDoc);
  const container =
    networks.length > 0 && String(networks[0]?.['mode'] ?? 'container').toLowerCase() === 'container';
  return {
    ...input,
    id,
    labels: asDoc(input['labels']),
    networks:
      networks.length === 0
        ? [{ mode: 'host' }]
        : networks.map((n) => ({ ...n, mode: String(n['mode'] ?? 'container').toLowerCase() })),
    scaling: { kind: 'fixed', instances: 1, ...asDoc(input['scaling']) },
    scheduling: {
      backoff: { backoff: 1, backoffFactor: 1.15, maxLaunchDelay: 300, ...asDoc(scheduling['backoff']) },
      upgrade: { minimumHealthCapacity: 1, maximumOverCapacity: 1, ...asDoc(scheduling['upgrade']) },
      killSelection: 'YOUNGEST_FIRST',
      unreachableStrategy: { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 },
      ...scheduling,
      placement: asDoc(scheduling['placement']),
    },
    executorResources: { cpus: 0.1, mem: 32, disk: 10 },
    role: input['role'] ?? '*',
    volumes: asList(input['volumes']),
    containers: asList(input['containers']).map((c) => {
      const { check: _check, ...rest } = asDoc(c);
      return {
        ...rest,
        resources: { cpus: 1, mem: 128, disk: 0, gpus: 0, ...asDoc(rest['resources']) },
        endpoints: asList(rest['endpoints']).map((e) => ({
          protocol: ['tcp'],
          labels: {},
          ...(container ? {} : { hostPort: 0 }),
          ...asDoc(e),
        })),
        volumeMounts: asList(rest['volumeMounts']).map((m) => ({ readOnly: false, ...asDoc(m) })),
      };
    }),
  };
}
