import { jsonAnswer, type HttpAnswer, type HttpRequest } from '../http/server.js';
import { absolute } from './stored/ids.js';
import { body, deployed, flag, type Parts } from './request.js';
import { ApiError, asDoc, asList, type Doc } from './types.js';
import { appView, podStatus } from './view.js';

export function groups(request: HttpRequest, parts: Parts, path: string): HttpAnswer {
  const { engine, store } = parts;
  const id = absolute(path);
  if (request.method === 'GET') {
    const view = groupView(id, parts);
    if (view === undefined) throw new ApiError(404, { message: `Group '${id}' does not exist` });
    return jsonAnswer(200, view);
  }
  if (request.method === 'PUT' || request.method === 'POST') return putGroup(request, parts, id);
  if (request.method !== 'DELETE') return { status: 405 };
  const below = [...engine.specs.values()].filter((s) => id === '/' || s.id.startsWith(`${id}/`));
  if (below.length === 0 && !store.groups.has(id))
    throw new ApiError(404, { message: `Group '${id}' does not exist` });
  const result = store.change(
    new Map(below.map((s) => [s.id, { kind: s.kind, input: null }])),
    flag(request, 'force', false),
  );
  for (const name of [...store.groups.keys()])
    if (name === id || name.startsWith(`${id}/`)) store.groups.delete(name);
  return deployed(result);
}

function groupView(id: string, parts: Parts): Doc | undefined {
  const { engine, store, deployments } = parts;
  const prefix = id === '/' ? '/' : `${id}/`;
  const below = [...engine.specs.values()].filter((s) => s.id.startsWith(prefix));
  const attributes = store.groups.get(id);
  const named = [...store.groups.keys()].filter((g) => g.startsWith(prefix));
  if (id !== '/' && below.length === 0 && attributes === undefined && named.length === 0) return undefined;
  const children = new Set<string>();
  for (const name of [...below.map((s) => s.id), ...named.map((n) => `${n}/`)]) {
    const rest = name.slice(prefix.length).split('/');
    if (rest.length > 1 && rest[0] !== undefined) children.add(prefix + rest[0]);
  }
  const direct = below.filter((s) => !s.id.slice(prefix.length).includes('/'));
  return {
    id,
    apps: direct.filter((s) => s.kind === 'app').map((s) => appView(s, engine, deployments)),
    pods: direct.filter((s) => s.kind === 'pod').map((s) => podStatus(s, engine)),
    groups: [...children].sort().flatMap((child) => groupView(child, parts) ?? []),
    dependencies: attributes?.dependencies ?? [],
    enforceRole: attributes?.enforceRole ?? false,
    version: store.rootVersion,
  };
}

/** `apps` that are given replace all of the group; absent ones are kept (reference: marathon.md §1.2). */
function putGroup(request: HttpRequest, parts: Parts, path: string): HttpAnswer {
  const { engine, store } = parts;
  const input = asDoc(body(request));
  for (const alone of ['version', 'scaleBy'])
    if (input[alone] !== undefined && Object.keys(input).length > 1)
      throw new ApiError(422, {
        message: 'Object is not valid',
        details: [{ path: '/', errors: [`${alone} must be the only key`] }],
      });
  const id = typeof input['id'] === 'string' ? absolute(input['id'], path) : path;
  const wanted = new Map<string, { kind: 'app' | 'pod'; input: Doc | null }>();
  const attributes = new Map<string, { dependencies?: string[]; enforceRole?: boolean }>();
  const collect = (group: Doc, at: string): void => {
    const prefix = at === '/' ? '/' : `${at}/`;
    if (group['apps'] !== undefined) {
      for (const s of engine.specs.values())
        if (s.kind === 'app' && s.id.startsWith(prefix) && !s.id.slice(prefix.length).includes('/'))
          wanted.set(s.id, { kind: 'app', input: null });
      for (const item of asList(group['apps']).map(asDoc)) {
        const appId = absolute(String(item['id']), at);
        if (appId.slice(0, appId.lastIndexOf('/') + 1) !== prefix)
          throw new ApiError(422, {
            message: 'Object is not valid',
            details: [{ path: `/apps/${appId}`, errors: [`Identifier ${appId} is not child of ${at}.`] }],
          });
        const dependencies =
          item['dependencies'] === undefined
            ? {}
            : { dependencies: asList(item['dependencies']).map((d) => absolute(String(d), at)) };
        wanted.set(appId, { kind: 'app', input: { ...item, ...dependencies } });
      }
    }
    if (group['groups'] !== undefined) {
      const kept = asList(group['groups']).map((g) => absolute(String(asDoc(g)['id']), at));
      for (const s of engine.specs.values()) {
        const child = prefix + (s.id.slice(prefix.length).split('/')[0] ?? '');
        if (s.id.startsWith(prefix) && s.id !== child && !kept.includes(child))
          wanted.set(s.id, { kind: s.kind, input: null });
      }
      for (const child of asList(group['groups']).map(asDoc))
        collect(child, absolute(String(child['id']), at));
    }
    attributes.set(at, {
      ...(group['dependencies'] === undefined
        ? {}
        : { dependencies: asList(group['dependencies']).map((d) => absolute(String(d), at)) }),
      ...(typeof group['enforceRole'] === 'boolean' ? { enforceRole: group['enforceRole'] } : {}),
    });
  };
  collect(input, id);
  if (flag(request, 'dryRun', false))
    return jsonAnswer(200, {
      steps: [{ actions: [...wanted.keys()].map((app) => ({ action: 'RestartApplication', app })) }],
    });
  const existed = groupView(id, parts) !== undefined;
  if (request.method === 'POST' && existed && id !== '/')
    throw new ApiError(409, { message: `Group ${id} is already created. Use PUT to change this group.` });
  const result = store.change(wanted, flag(request, 'force', false));
  for (const [at, given] of attributes) {
    const former = store.groups.get(at);
    const next = {
      dependencies: given.dependencies ?? former?.dependencies ?? [],
      ...(given.enforceRole === undefined ? {} : { enforceRole: given.enforceRole }),
    };
    store.groups.set(at, next);
  }
  store.changed();
  return deployed(result, request.method === 'POST' || !existed ? 201 : 200);
}
