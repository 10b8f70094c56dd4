import { asDoc, asList, type Doc } from '../types.js';
import { absolute } from './ids.js';
import { canonical, known, lower, upper, withoutNulls } from './codec.js';
import { assignPorts, mappings, networksOf, portDefinitions } from './ports.js';

const KNOWN =
  'id cmd args instances cpus mem disk gpus backoffSeconds backoffFactor maxLaunchDelaySeconds container networks portDefinitions requirePorts env labels secrets fetch constraints acceptedResourceRoles role dependencies healthChecks check readinessChecks upgradeStrategy unreachableStrategy killSelection taskKillGracePeriodSeconds user tty executor executorResources resourceLimits ports uris ipAddress';
/** Left out of answers where they are empty. */
const OMITTED_WHEN_EMPTY =
  'env secrets fetch constraints dependencies healthChecks readinessChecks acceptedResourceRoles args'.split(
    ' ',
  );
const ARCHIVE = /\.(tar|tar\.gz|tar\.bz2|tar\.xz|gz|tgz|tbz2|txz|zip)$/;

/**
 * What Marathon stores of an app: unknown keys dropped, old fields moved, defaults filled in. A partial update fills in
 * one thing more than a full one (`portIndex`).
 */
export function storedApp(
  input: Doc,
  id: string,
  former: Doc | undefined,
  { partial = false }: { partial?: boolean } = {},
): Doc {
  const app = known(withoutNulls(input), KNOWN);
  const container = app['container'] === undefined ? undefined : asDoc(app['container']);
  const networks = networksOf(app, asDoc(container?.['docker']));
  const host = networks[0]?.['mode'] === 'host';
  const resident = asList(container?.['volumes']).some((v) => asDoc(v)['persistent'] !== undefined);
  const careful = resident || asList(container?.['volumes']).some((v) => asDoc(v)['external'] !== undefined);
  const stored: Doc = {
    backoffFactor: 1.15,
    backoffSeconds: 1,
    cpus: 1,
    disk: 0,
    executor: '',
    gpus: 0,
    instances: 1,
    labels: {},
    maxLaunchDelaySeconds: 300,
    mem: 128,
    requirePorts: false,
    role: '*',
    upgradeStrategy: careful
      ? { minimumHealthCapacity: 0.5, maximumOverCapacity: 0 }
      : { minimumHealthCapacity: 1, maximumOverCapacity: 1 },
    ...app,
    id,
    networks,
    killSelection: upper(app['killSelection'] ?? 'YOUNGEST_FIRST'),
    unreachableStrategy: unreachable(app['unreachableStrategy'], resident),
    fetch: fetches(app),
    dependencies: asList(app['dependencies']).map((d) => absolute(String(d))),
    constraints: asList(app['constraints']).map((c) =>
      asList(c).map((part, at) => (at === 1 ? upper(part) : part)),
    ),
    healthChecks: asList(app['healthChecks']).map((c) =>
      healthCheck(asDoc(c), partial || !host || asList(app['portDefinitions'] ?? app['ports']).length > 0),
    ),
    readinessChecks: asList(app['readinessChecks']).map((c) => readinessCheck(asDoc(c))),
    ...(app['check'] === undefined ? {} : { check: mesosCheck(asDoc(app['check'])) }),
    ...(resident
      ? { residency: { relaunchEscalationTimeoutSeconds: 3600, taskLostBehavior: 'WAIT_FOREVER' } }
      : {}),
  };
  for (const name of ['ports', 'uris', 'ipAddress']) delete stored[name];
  // Full replacements lose it; that is how the real one behaves.
  delete stored['executorResources'];
  if (host) stored['portDefinitions'] = portDefinitions(app);
  else {
    delete stored['portDefinitions'];
    stored['requirePorts'] = false;
  }
  if (container !== undefined || !host)
    stored['container'] = containerOf(container ?? { type: 'MESOS' }, container !== undefined, app, networks);
  for (const name of OMITTED_WHEN_EMPTY) if (isEmpty(stored[name])) delete stored[name];
  assignPorts(stored, former);
  return stored;
}

/** What a leader makes of a stored app when it loads it: two fields do not survive as they were. */
export function reloadedApp(stored: Doc): Doc {
  const { tty, ...rest } = stored;
  const checks = asList(rest['healthChecks']).map((c) => withPortIndex(asDoc(c)));
  return {
    ...rest,
    ...(tty === true ? { tty } : {}),
    ...(checks.length === 0 ? {} : { healthChecks: checks }),
  };
}

function isEmpty(value: unknown): boolean {
  return (
    value === undefined ||
    (Array.isArray(value)
      ? value.length === 0
      : typeof value === 'object' && value !== null && Object.keys(value).length === 0)
  );
}

function unreachable(given: unknown, resident: boolean): unknown {
  if (typeof given === 'string') return 'disabled';
  if (given === undefined && resident) return 'disabled';
  return { inactiveAfterSeconds: 0, expungeAfterSeconds: 0, ...asDoc(given) };
}

function fetches(app: Doc): Doc[] {
  const uris = asList(app['uris']).map((uri) => ({
    uri,
    extract: ARCHIVE.test(String(uri)),
    executable: false,
    cache: false,
  }));
  const given = asList(app['fetch']).map((f) => ({
    extract: true,
    executable: false,
    cache: false,
    ...known(asDoc(f), 'uri extract executable cache destPath'),
  }));
  return [...given, ...uris];
}

function containerOf(container: Doc, given: boolean, app: Doc, networks: readonly Doc[]): Doc {
  const type = upper(container['type'] ?? 'DOCKER');
  const mode = networks[0]?.['mode'];
  return {
    type,
    volumes: asList(container['volumes']).map((v) => volume(asDoc(v))),
    ...(container['docker'] === undefined ? {} : { docker: docker(asDoc(container['docker'])) }),
    ...(type === 'DOCKER' || container['linuxInfo'] === undefined
      ? {}
      : { linuxInfo: container['linuxInfo'] }),
    ...(mode === 'host'
      ? {}
      : { portMappings: mappings(app, container, given, mode === 'container/bridge') }),
  };
}

function docker(given: Doc): Doc {
  return {
    forcePullImage: false,
    privileged: false,
    parameters: [],
    ...known(given, 'image forcePullImage privileged parameters pullConfig'),
  };
}

function volume(given: Doc): Doc {
  const persistent = given['persistent'] === undefined ? undefined : asDoc(given['persistent']);
  return {
    ...known(given, 'containerPath hostPath mode persistent external secret'),
    ...(given['mode'] === undefined ? {} : { mode: upper(given['mode']) }),
    ...(persistent === undefined
      ? {}
      : {
          persistent: {
            ...known(persistent, 'size maxSize profileName'),
            type: lower(persistent['type'] ?? 'root'),
            constraints: asList(persistent['constraints']),
          },
        }),
  };
}

function healthCheck(given: Doc, fillPortIndex: boolean): Doc {
  const protocol = upper(given['protocol'] ?? 'HTTP');
  const filled: Doc = {
    gracePeriodSeconds: 300,
    intervalSeconds: 60,
    maxConsecutiveFailures: 3,
    timeoutSeconds: 20,
    delaySeconds: 15,
    ...known(
      given,
      'path port portIndex command gracePeriodSeconds intervalSeconds timeoutSeconds delaySeconds maxConsecutiveFailures ignoreHttp1xx',
    ),
    ipProtocol: canonical(given['ipProtocol'] ?? 'IPv4', ['IPv4', 'IPv6']),
    protocol,
  };
  const mesos = protocol.startsWith('MESOS');
  if (protocol === 'COMMAND') delete filled['portIndex'];
  if (protocol === 'COMMAND' || protocol.endsWith('TCP')) delete filled['path'];
  else filled['path'] ??= '/';
  if (!mesos && protocol !== 'COMMAND') filled['delaySeconds'] = 15;
  if (protocol === 'HTTP' || protocol === 'HTTPS') filled['ignoreHttp1xx'] = false;
  else delete filled['ignoreHttp1xx'];
  return fillPortIndex ? withPortIndex(filled) : filled;
}

function withPortIndex(check: Doc): Doc {
  const needs =
    check['protocol'] !== 'COMMAND' && check['port'] === undefined && check['portIndex'] === undefined;
  return needs ? { ...check, portIndex: 0 } : check;
}

function mesosCheck(given: Doc): Doc {
  const http = given['http'] === undefined ? undefined : asDoc(given['http']);
  return {
    intervalSeconds: 60,
    timeoutSeconds: 20,
    delaySeconds: 15,
    ...given,
    ...(http === undefined ? {} : { http: { ...http, scheme: upper(http['scheme'] ?? 'HTTP') } }),
  };
}

function readinessCheck(given: Doc): Doc {
  return {
    name: 'readinessCheck',
    path: '/',
    portName: 'http-api',
    intervalSeconds: 30,
    timeoutSeconds: 10,
    httpStatusCodesForReady: [200],
    preserveLastResponse: false,
    ...given,
    protocol: upper(given['protocol'] ?? 'HTTP'),
  };
}
