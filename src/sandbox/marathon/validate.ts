import { ApiError, asDoc, asList, type Doc } from './types.js';

const SEGMENT = /^([a-z0-9]|[a-z0-9][a-z0-9-]*[a-z0-9])(\.([a-z0-9]|[a-z0-9][a-z0-9-]*[a-z0-9]))*$/;

interface Detail {
  path: string;
  errors: string[];
}

/** Refuses what Marathon refuses, in its form: 422 with a path for each finding. */
export function validateApp(app: Doc, id: string): void {
  const wrong: Detail[] = [];
  const fail = (path: string, error: string): void => void wrong.push({ path, errors: [error] });
  for (const [name, type] of Object.entries(TYPES)) {
    const value = app[name];
    if (value === undefined || value === null) continue;
    if (
      type === 'array'
        ? !Array.isArray(value)
        : type === 'object'
          ? typeof value !== 'object' || Array.isArray(value)
          : typeof value !== type
    )
      throw new ApiError(
        422,
        {
          message: 'Invalid JSON',
          details: [{ path: `/${name}`, errors: [`error.expected.js${type}`] }],
        },
        app,
      );
  }
  checkId(id, fail);
  const container = asDoc(app['container']);
  const docker = asDoc(container['docker']);
  const mesos = String(container['type'] ?? 'DOCKER').toUpperCase() === 'MESOS';
  const [cmd, args] = [app['cmd'] !== undefined && app['cmd'] !== null, asList(app['args']).length > 0];
  if (cmd && args)
    fail('/', "AppDefinition must either contain one of 'cmd' or 'args', and/or a 'container'.");
  if (!cmd && !args && docker['image'] === undefined)
    fail('/', "AppDefinition must either contain one of 'cmd' or 'args', and/or a 'container'.");
  if (typeof app['cmd'] === 'string' && app['cmd'].length < 2) fail('/cmd', 'error.minLength');
  if (app['container'] !== undefined && !mesos && container['docker'] === undefined)
    fail('/container/docker', 'not defined');
  if (docker['credential'] !== undefined) fail('/container/docker/credential', 'must be empty');
  if (mesos && asList(docker['portMappings']).length > 0)
    fail('/container/docker/portMappings', 'must be empty');
  for (const [name, value] of Object.entries(asDoc(app['env'])))
    if (name === '') fail('/env', 'must not be empty');
    else if (typeof value !== 'string' && asDoc(value)['secret'] === undefined)
      fail(`/env(${name})`, 'error.expected.jsstring');
  for (const [name, value] of Object.entries(asDoc(app['labels'])))
    if (typeof value !== 'string') fail(`/labels(${name})`, 'error.expected.jsstring');
  for (const name of ['instances', 'cpus', 'mem', 'disk'])
    if (typeof app[name] === 'number' && app[name] < 0) fail(`/${name}`, 'error.min');
  if (asList(app['uris']).length > 0 && asList(app['fetch']).length > 0)
    fail('/', 'You cannot specify both uris and fetch fields');
  const strategy = app['upgradeStrategy'];
  if (strategy !== undefined && strategy !== null)
    for (const name of ['minimumHealthCapacity', 'maximumOverCapacity'])
      if (typeof asDoc(strategy)[name] !== 'number')
        throw new ApiError(422, {
          message: 'Invalid JSON',
          details: [{ path: `/upgradeStrategy/${name}`, errors: ['error.path.missing'] }],
        });
  for (const name of ['minimumHealthCapacity', 'maximumOverCapacity']) {
    const share = asDoc(strategy)[name];
    if (typeof share === 'number' && (share < 0 || share > 1))
      fail(`/upgradeStrategy/${name}`, share < 0 ? 'error.min' : 'error.max');
  }
  if (wrong.length > 0) throw new ApiError(422, { message: 'Object is not valid', details: wrong });
  for (const constraint of asList(app['constraints'])) {
    const operator = String(asList(constraint)[1]);
    if (operator !== operator.toUpperCase())
      throw new ApiError(500, { message: `No value found for '${operator}'` });
    if (!['UNIQUE', 'CLUSTER', 'GROUP_BY', 'LIKE', 'UNLIKE', 'MAX_PER', 'IS'].includes(operator))
      throw new ApiError(422, {
        message: 'Invalid JSON',
        details: [{ path: '/constraints', errors: ['Missing value'] }],
      });
  }
}

const TYPES: Record<string, string> = {
  cmd: 'string',
  args: 'array',
  instances: 'number',
  cpus: 'number',
  mem: 'number',
  disk: 'number',
  container: 'object',
  env: 'object',
  labels: 'object',
  dependencies: 'array',
  healthChecks: 'array',
  constraints: 'array',
  portDefinitions: 'array',
  networks: 'array',
  fetch: 'array',
};

export function validatePod(pod: Doc, id: string): void {
  const wrong: Detail[] = [];
  const fail = (path: string, error: string): void => void wrong.push({ path, errors: [error] });
  checkId(id, fail);
  const containers = asList(pod['containers']);
  if (containers.length === 0)
    throw new ApiError(422, {
      message: 'Invalid JSON',
      details: [{ path: '/containers', errors: ['error.minLength'] }],
    });
  containers.forEach((c, at) => {
    if (asDoc(c)['resources'] === undefined) fail(`/containers(${at})/resources`, 'error.path.missing');
    if (typeof asDoc(c)['name'] !== 'string') fail(`/containers(${at})/name`, 'error.path.missing');
  });
  if (wrong.length > 0) throw new ApiError(422, { message: 'Object is not valid', details: wrong });
}

function checkId(id: string, fail: (path: string, error: string) => void): void {
  const parts = id.split('/').filter(Boolean);
  if (parts.length === 0 || parts.some((p) => !SEGMENT.test(p)))
    fail(
      '/id',
      "must fully match regular expression '^(([a-z0-9]|[a-z0-9][a-z0-9\\-]*[a-z0-9])\\.)*([a-z0-9]|[a-z0-9][a-z0-9\\-]*[a-z0-9])|(\\.|\\.\\.)$'",
    );
  if (['restart', 'tasks', 'versions'].includes(parts.at(-1) ?? '')) fail('/id', 'is a reserved keyword');
}

/** Cycles over all dependencies are refused; unknown ones are ignored. */
export function validateDependencies(dependenciesOf: ReadonlyMap<string, readonly string[]>): void {
  const state = new Map<string, 'open' | 'done'>();
  const visit = (id: string): void => {
    if (state.get(id) === 'done') return;
    if (state.get(id) === 'open')
      throw new ApiError(422, {
        message: 'Object is not valid',
        details: [{ path: '/', errors: [`Dependency graph has cyclic dependencies around ${id}`] }],
      });
    state.set(id, 'open');
    for (const next of dependenciesOf.get(id) ?? [])
      for (const other of dependenciesOf.keys())
        if (other === next || other.startsWith(`${next}/`)) if (other !== id) visit(other);
    state.set(id, 'done');
  };
  for (const id of dependenciesOf.keys()) visit(id);
}
