import type { HttpAnswer, HttpRequest } from '../http/server.js';
import { jsonAnswer } from '../http/server.js';
import { absolute } from './stored/ids.js';
import { groups } from './groups.js';
import { body, deployed, flag, type Parts } from './request.js';
import { notFound, type Wanted } from './store.js';
import { ApiError, asDoc, asList, type Doc, type RunSpec } from './types.js';
import { appView, podStatus, podView, taskView } from './view.js';

/** Marathon's HTTP API over the store and the engine. */
export async function handle(request: HttpRequest, parts: Parts): Promise<HttpAnswer> {
  try {
    const path = decodeURIComponent(request.path).replace(/\/+$/, '') || '/';
    if (path === '/ping') return { status: 200, headers: { 'content-type': 'text/plain' }, body: 'pong' };
    if (path === '/v2/events') return parts.events.open(request);
    for (const [pattern, route] of ROUTES) {
      const match = pattern.exec(path);
      if (match !== null) return route(request, parts, match[1] ?? '');
    }
    return jsonAnswer(500, { message: 'URI not found' });
  } catch (error) {
    if (error instanceof ApiError) return jsonAnswer(error.status, error.body);
    throw error;
  }
}

type Route = (request: HttpRequest, parts: Parts, id: string) => HttpAnswer;

const ROUTES: readonly (readonly [RegExp, Route])[] = [
  [/^\/v2\/apps$/, apps],
  [/^\/v2\/apps(\/.+)\/restart$/, restart],
  [/^\/v2\/apps(\/.+)\/tasks(?:\/[^/]+)?$/, appTasks],
  [/^\/v2\/apps(\/.+)\/versions(?:\/[^/]+)?$/, versions],
  [/^\/v2\/apps(\/.+)$/, app],
  [/^\/v2\/pods$/, pods],
  [/^\/v2\/pods(\/.*)?::status$/, status],
  [/^\/v2\/pods(\/.+)$/, pod],
  [/^\/v2\/groups(\/.*)?$/, groups],
  [/^\/v2\/deployments$/, (_request, { deployments }) => jsonAnswer(200, deployments.list())],
  [/^\/v2\/deployments\/(.+)$/, deployment],
  [
    /^\/v2\/tasks$/,
    (_request, { engine }) =>
      jsonAnswer(200, { tasks: [...engine.tasks.values()].filter((t) => !t.killing).map(taskView) }),
  ],
  [/^\/v2\/queue$/, queue],
  [/^\/v2\/queue(\/.+)\/delay$/, resetDelay],
  [/^\/v2\/info$/, info],
  [/^\/v2\/leader$/, (_request, { url }) => jsonAnswer(200, { leader: new URL(url()).host })],
];

function specOf({ engine }: Parts, id: string, kind: 'app' | 'pod'): RunSpec {
  const spec = engine.specs.get(id);
  if (spec?.kind !== kind)
    throw kind === 'app'
      ? notFound(id)
      : new ApiError(404, { message: JSON.stringify({ message: `Pod '${id}' does not exist` }) });
  return spec;
}

function apps(request: HttpRequest, parts: Parts): HttpAnswer {
  const { engine, store, deployments } = parts;
  const all = [...engine.specs.values()].filter((s) => s.kind === 'app');
  if (request.method === 'GET') {
    const embed = request.query.getAll('embed');
    const [id, label] = [request.query.get('id'), request.query.get('label')];
    const shown = all.filter(
      (s) =>
        (id === null || s.id.includes(id)) && (label === null || matches(asDoc(s.spec['labels']), label)),
    );
    const views = shown.map((s) =>
      appView(s, engine, deployments, {
        tasks: embed.includes('apps.tasks'),
        failure: embed.includes('apps.lastTaskFailure'),
      }),
    );
    return jsonAnswer(200, { apps: views });
  }
  if (request.method === 'POST') {
    const input = asDoc(body(request));
    const id = absolute(String(input['id'] ?? ''));
    if (engine.specs.has(id)) throw new ApiError(409, { message: `An app with id [${id}] already exists.` });
    const result = store.change(new Map([[id, { kind: 'app', input }]]), flag(request, 'force', false));
    const spec = engine.specs.get(id);
    return jsonAnswer(
      201,
      {
        ...(spec === undefined ? {} : appView(spec, engine, deployments)),
        deployments: [{ id: result.deploymentId }],
      },
      { 'marathon-deployment-id': result.deploymentId },
    );
  }
  if (request.method === 'PUT' || request.method === 'PATCH') {
    const partial = flag(request, 'partialUpdate', true);
    const wanted = new Map<string, Wanted>();
    for (const item of asList(body(request)).map(asDoc)) {
      if (typeof item['id'] !== 'string')
        throw new ApiError(422, {
          message: 'Object is not valid',
          details: [{ path: '/id', errors: ['must not be empty'] }],
        });
      const id = absolute(item['id']);
      wanted.set(id, { kind: 'app', input: partial ? merged(engine.specs.get(id), item) : item, partial });
    }
    return deployed(inList(wanted, () => store.change(wanted, flag(request, 'force', false))));
  }
  return { status: 405 };
}

/** What can't be read of a list is blamed by its position; what is not valid is not. */
function inList<T>(wanted: ReadonlyMap<string, Wanted>, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ApiError) || error.body['message'] !== 'Invalid JSON') throw error;
    const at = [...wanted.values()].findIndex(({ input }) => error.about === input);
    const details = asList(error.body['details']).map((d) => ({
      ...asDoc(d),
      path: `(${at})${String(asDoc(d)['path'])}`,
    }));
    throw new ApiError(error.status, { ...error.body, details });
  }
}

function matches(labels: Doc, query: string): boolean {
  return query.split(',').every((part) => {
    const [, name = '', operator, value = ''] = /^\s*([^=!\s]+)\s*(==|!=)?\s*(.*?)\s*$/.exec(part) ?? [];
    if (operator === '==') return labels[name] === value;
    return operator === '!=' ? labels[name] !== value : name in labels;
  });
}

function app(request: HttpRequest, parts: Parts, path: string): HttpAnswer {
  const { engine, store, deployments } = parts;
  if (path.endsWith('/*')) {
    const below = [...engine.specs.values()].filter(
      (s) => s.kind === 'app' && s.id.startsWith(path.slice(0, -1)),
    );
    return jsonAnswer(200, { '*': below.map((s) => appView(s, engine, deployments)) });
  }
  const id = absolute(path);
  switch (request.method) {
    case 'GET':
      return jsonAnswer(200, {
        app: appView(specOf(parts, id, 'app'), engine, deployments, { tasks: true, failure: true }),
      });
    case 'PUT': {
      const former = engine.specs.get(id);
      const input = asDoc(body(request));
      if (input['version'] !== undefined && Object.keys(input).length === 1)
        return rollBackTo(String(input['version']), specOf(parts, id, 'app'), request, parts);
      const partial = flag(request, 'partialUpdate', true);
      const full = partial ? merged(former, input) : input;
      return deployed(
        store.change(
          new Map([[id, { kind: 'app', input: { ...full, id }, partial }]]),
          flag(request, 'force', false),
        ),
        former === undefined ? 201 : 200,
      );
    }
    case 'PATCH':
      return deployed(
        store.change(
          new Map([
            [
              id,
              {
                kind: 'app',
                input: { ...merged(specOf(parts, id, 'app'), asDoc(body(request))), id },
                partial: true,
              },
            ],
          ]),
          flag(request, 'force', false),
        ),
      );
    case 'DELETE':
      specOf(parts, id, 'app');
      // force defaults to TRUE here, and only here.
      return deployed(
        store.change(new Map([[id, { kind: 'app', input: null }]]), flag(request, 'force', true)),
      );
    default:
      return { status: 405 };
  }
}

/** A partial update: a key that is there replaces the stored one as a whole; limits do not survive it. */
function merged(former: RunSpec | undefined, input: Doc): Doc {
  const given = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null));
  if (former === undefined) return given;
  const { resourceLimits: _limits, executorResources: _resources, ...kept } = former.spec;
  return { ...kept, ...given };
}

function rollBackTo(version: string, spec: RunSpec, request: HttpRequest, { store }: Parts): HttpAnswer {
  const found = spec.versions.find((v) => v.version === version);
  if (found === undefined)
    throw new ApiError(404, { message: `App '${spec.id}' does not exist in version ${version}` });
  return deployed(
    store.change(new Map([[spec.id, { kind: 'app', input: found.spec }]]), flag(request, 'force', false)),
  );
}

function restart(request: HttpRequest, { store }: Parts, path: string): HttpAnswer {
  return request.method === 'POST'
    ? deployed(store.restart(absolute(path), flag(request, 'force', false)))
    : { status: 405 };
}

function appTasks(request: HttpRequest, parts: Parts, path: string): HttpAnswer {
  const { engine } = parts;
  const spec = specOf(parts, absolute(path), 'app');
  const tasks = engine.of(spec.id).filter((t) => !t.killing);
  if (request.method === 'GET') return jsonAnswer(200, { tasks: tasks.map(taskView) });
  if (request.method !== 'DELETE') return { status: 405 };
  if (flag(request, 'scale', false) && flag(request, 'wipe', false))
    throw new ApiError(400, { message: 'You cannot use scale and wipe at the same time.' });
  const one = decodeURIComponent(request.path).split('/tasks/')[1];
  const killed = tasks.filter((t) => one === undefined || t.id === one);
  for (const task of killed) engine.kill(task);
  return jsonAnswer(
    200,
    one === undefined
      ? { tasks: killed.map(taskView) }
      : { task: killed[0] === undefined ? null : taskView(killed[0]) },
  );
}

function versions(request: HttpRequest, parts: Parts, path: string): HttpAnswer {
  const spec = specOf(parts, absolute(path), 'app');
  const one = decodeURIComponent(request.path).split('/versions/')[1];
  if (one === undefined) return jsonAnswer(200, { versions: spec.versions.map((v) => v.version) });
  const found = spec.versions.find((v) => v.version === one);
  return found === undefined
    ? jsonAnswer(404, { message: `App '${spec.id}' does not exist in version ${one}` })
    : jsonAnswer(200, { ...found.spec, version: one });
}

function pods(request: HttpRequest, parts: Parts): HttpAnswer {
  const { engine, store } = parts;
  if (request.method === 'HEAD') return { status: 200 };
  if (request.method === 'GET')
    return jsonAnswer(200, [...engine.specs.values()].filter((s) => s.kind === 'pod').map(podView));
  if (request.method !== 'POST') return { status: 405 };
  const input = asDoc(body(request));
  const id = absolute(String(input['id'] ?? ''));
  if (engine.specs.has(id)) throw new ApiError(409, { message: `A pod with id [${id}] already exists.` });
  const { deploymentId } = store.change(
    new Map([[id, { kind: 'pod', input }]]),
    flag(request, 'force', false),
  );
  return jsonAnswer(201, podView(specOf(parts, id, 'pod')), { 'marathon-deployment-id': deploymentId });
}

function pod(request: HttpRequest, parts: Parts, path: string): HttpAnswer {
  const { store } = parts;
  const id = absolute(path);
  switch (request.method) {
    case 'GET':
      return jsonAnswer(200, podView(specOf(parts, id, 'pod')));
    case 'PUT': {
      const input = asDoc(body(request));
      if (input['id'] !== undefined && absolute(String(input['id'])) !== id)
        throw new ApiError(400, { message: `'id' in body does not match id of pod ${id}` });
      const { version: _version, ...rest } = input;
      const { deploymentId } = store.change(
        new Map([[id, { kind: 'pod', input: { ...rest, id } }]]),
        flag(request, 'force', false),
      );
      return jsonAnswer(200, podView(specOf(parts, id, 'pod')), { 'marathon-deployment-id': deploymentId });
    }
    case 'DELETE': {
      specOf(parts, id, 'pod');
      const { deploymentId } = store.change(
        new Map([[id, { kind: 'pod', input: null }]]),
        flag(request, 'force', false),
      );
      return { status: 202, headers: { 'marathon-deployment-id': deploymentId } };
    }
    default:
      return { status: 405 };
  }
}

function status(_request: HttpRequest, parts: Parts, path: string): HttpAnswer {
  const { engine } = parts;
  if (path === '' || path === '/')
    return jsonAnswer(
      200,
      [...engine.specs.values()].filter((s) => s.kind === 'pod').map((s) => podStatus(s, engine)),
    );
  return jsonAnswer(200, podStatus(specOf(parts, absolute(path), 'pod'), engine));
}

function deployment(request: HttpRequest, { deployments, store }: Parts, id: string): HttpAnswer {
  if (request.method !== 'DELETE') return { status: 405 };
  const force = flag(request, 'force', false);
  const found = deployments.cancel(id, force);
  if (found === undefined) throw new ApiError(404, { message: `Deployment plan ${id} does not exist` });
  if (force) return { status: 202 };
  const back = new Map(
    Object.entries(found.original).map(([specId, input]) => [
      specId,
      {
        kind: found.steps.flat().some((a) => a.id === specId && a.action.endsWith('Pod'))
          ? ('pod' as const)
          : ('app' as const),
        input,
      },
    ]),
  );
  return deployed(store.change(back, true));
}

function queue(_request: HttpRequest, { engine, deployments }: Parts): HttpAnswer {
  const items = [...engine.specs.values()].flatMap((spec): Doc[] => {
    const missing = engine.due(spec, deployments.modeOf(spec.id));
    if (missing === 0) return [];
    const left = Math.max(0, Math.ceil((spec.delayUntil - Date.now()) / engine.options.secondMs));
    const agents = engine.options.agents.length;
    const reasons = Object.entries(spec.declined).map(([reason, declined]) => ({
      reason,
      declined,
      processed: agents,
    }));
    return [
      {
        count: missing,
        since: spec.version,
        role: '*',
        delay: { timeLeftSeconds: left, overdue: left === 0 },
        processedOffersSummary: {
          processedOffersCount: agents,
          unusedOffersCount: agents,
          rejectSummaryLastOffers: reasons,
          rejectSummaryLaunchAttempt: reasons,
        },
        [spec.kind]: spec.kind === 'app' ? { ...spec.spec, version: spec.version } : podView(spec),
      },
    ];
  });
  return jsonAnswer(200, { queue: items });
}

function resetDelay(request: HttpRequest, parts: Parts, path: string): HttpAnswer {
  if (request.method !== 'DELETE') return { status: 405 };
  const spec = parts.engine.specs.get(absolute(path));
  if (spec === undefined || parts.engine.of(spec.id).length >= parts.engine.instances(spec))
    throw new ApiError(404, { message: `Application ${absolute(path)} not found in tasks queue.` });
  Object.assign(spec, { delayUntil: 0, failures: 0 });
  return { status: 204 };
}

function info(_request: HttpRequest, { frameworkId, url }: Parts): HttpAnswer {
  return jsonAnswer(200, {
    name: 'marathon',
    version: '1.10.17',
    elected: true,
    leader: new URL(url()).host,
    frameworkId,
    marathon_config: {
      features: [],
      default_network_name: 'default',
      local_port_min: 10_000,
      local_port_max: 20_000,
      mesos_role: '*',
      new_group_enforce_role: 'off',
      sandbox: true,
    },
  });
}
