import { jsonAnswer, type HttpAnswer, type HttpRequest } from '../http/server.js';
import { deserialise } from './deserialise.js';
import { parentsOf, reaches, type Engine } from './engine.js';
import { parse } from './schedule.js';
import type { ChronosState, Doc, Job } from './types.js';

export interface Parts {
  state: ChronosState;
  engine: Engine;
  changed: () => void;
  url: () => string;
}

const PREFIX = '/v1/scheduler';

const html = (status: number, text: string): HttpAnswer => ({
  status,
  headers: { 'content-type': 'text/html' },
  body: `<html><head><title>Error ${status}</title></head><body><h2>HTTP ERROR ${status}</h2><pre>${text}</pre></body></html>`,
});

const refusal = (status: number, message: string): HttpAnswer =>
  jsonAnswer(status, { status: String(status), message });

/** Chronos's HTTP API, 3.x. */
export async function handle(request: HttpRequest, parts: Parts): Promise<HttpAnswer> {
  const { method } = request;
  const path = request.path.replace(/\/+$/, '') || '/';
  if (parts.engine.dead !== undefined)
    return html(500, `Error proxying request: no leader (${parts.engine.dead})`);
  if (path === '/ping') return { status: 200, headers: { 'content-type': 'text/plain' }, body: 'pong' };
  if (!path.startsWith(`${PREFIX}/`)) return { status: 404 };
  const [kind = '', ...rest] = path
    .slice(PREFIX.length + 1)
    .split('/')
    .map(decodeURIComponent);
  if (kind === 'iso8601' || kind === 'dependency')
    return method === 'POST' ? save(request, kind, parts) : { status: 405 };
  if (kind === 'leader') return jsonAnswer(200, { leader: new URL(parts.url()).host });
  if (kind === 'jobs' && method === 'GET') return list(request, rest[0], parts);
  if (kind === 'graph' && method === 'GET') return graph(rest[0] ?? '', parts);
  if (kind === 'stats')
    return jsonAnswer(
      200,
      Object.keys(parts.state.jobs).map((jobNameLabel) => ({ jobNameLabel, time: 0 })),
    );
  if (kind === 'job') return one(request, rest, parts);
  if (kind === 'task' && rest[0] === 'kill' && method === 'DELETE') return killTasks(rest[1] ?? '', parts);
  return { status: 404 };
}

function save(request: HttpRequest, kind: 'iso8601' | 'dependency', parts: Parts): HttpAnswer {
  if (!String(request.headers['content-type'] ?? '').includes('json')) return { status: 415 };
  let input: Doc;
  try {
    input = JSON.parse(request.body.toString('utf8')) as Doc;
  } catch (error) {
    return html(
      500,
      `com.fasterxml.jackson.core.JsonParseException: ${error instanceof Error ? error.message : ''}`,
    );
  }
  const read = deserialise(input, parts.engine.now());
  if (typeof read === 'string') return html(500, read);
  const dependent = 'parents' in input;
  if (dependent !== (kind === 'dependency')) return html(500, 'java.lang.ClassCastException');
  const { state } = parts;
  const existing = state.jobs[read.name];
  if (existing === undefined && !/^[\w.-]+$/.test(read.name))
    return refusal(400, `the job's name is invalid. Allowed names: [\\w.-]+`);
  if (!dependent) {
    const zone = String(read['scheduleTimeZone'] ?? '');
    const parsed = parse(String(read['schedule'] ?? ''), zone, parts.engine.now());
    if (parsed === undefined) return refusal(400, `Cannot parse schedule: ${String(read['schedule'])}`);
    if (existing === undefined && parsed.start.toMillis() < 1000)
      return refusal(400, 'the start lies before the epoch');
    if (existing === undefined && isFull(input['uris']) && isFull(input['fetch']))
      return refusal(400, 'both uris and fetch are set');
    store(read, existing, parts);
    return { status: 204 };
  }
  const parents = parentsOf(read);
  if (parents.length === 0)
    return refusal(existing === undefined ? 500 : 400, 'a dependent job needs a parent');
  if (existing !== undefined) {
    const missing = parents.filter((p) => state.jobs[p] === undefined);
    if (missing.length > 0) return refusal(400, `the parents ${missing.join(', ')} do not exist`);
    if (reaches(read.name, read.name, { ...state.jobs, [read.name]: read }))
      return refusal(500, 'java.lang.IllegalArgumentException: the edge would create a cycle');
  }
  store(read, existing, parts);
  return { status: 204 };
}

/** A replacement as a whole: counters that are not sent along are lost. A new job is listed after the next reload. */
function store(job: Job, existing: Job | undefined, { state, changed }: Parts): void {
  if (existing === undefined) state.ghosts[job.name] = job;
  else state.jobs[job.name] = job;
  state.joined[job.name] = [];
  changed();
}

/** Copies `uris` into `fetch` and the other way round, in what is shown only. */
function shown(job: Job): Doc {
  const uris = (job['uris'] as unknown[]) ?? [];
  const fetch = (job['fetch'] as Doc[]) ?? [];
  return {
    ...job,
    uris: [...uris, ...fetch.map((f) => f['uri'])],
    fetch: [
      ...fetch,
      ...uris.map((uri) => ({ uri, output_file: '', executable: false, cache: false, extract: true })),
    ],
  };
}

function list({ query }: HttpRequest, what: string | undefined, { state, engine }: Parts): HttpAnswer {
  const all = Object.values(state.jobs);
  if (what === undefined) return jsonAnswer(200, all.map(shown));
  if (what === 'search') {
    const [name, command] = [query.get('name')?.toLowerCase(), query.get('command')?.toLowerCase()];
    const found = all.filter(
      (j) =>
        (name === undefined || j.name.toLowerCase().includes(name)) &&
        (command === undefined || String(j['command']).toLowerCase().includes(command)),
    );
    const offset = Number(query.get('offset') ?? 0);
    return jsonAnswer(200, found.slice(offset, offset + Number(query.get('limit') ?? 10)));
  }
  if (what !== 'summary') return { status: 404 };
  const jobs = all.map((j) => {
    const running = (engine.running.get(j.name) ?? []).length;
    const status =
      j['lastSuccess'] === '' && j['lastError'] === ''
        ? 'fresh'
        : String(j['lastSuccess']) >= String(j['lastError'])
          ? 'success'
          : 'failure';
    return {
      name: j.name,
      status,
      state: running === 0 ? 'idle' : `${running} running`,
      schedule: j['schedule'] ?? '',
      parents: j['parents'] ?? [],
      disabled: j['disabled'],
    };
  });
  return jsonAnswer(200, { jobs });
}

function graph(form: string, { state }: Parts): HttpAnswer {
  const all = Object.values(state.jobs);
  const links = all.flatMap((j) =>
    ((j['parents'] as string[] | undefined) ?? []).map((p) => [p, j.name] as const),
  );
  if (form === 'csv')
    return {
      status: 200,
      headers: { 'content-type': 'text/plain' },
      body: [...all.map((j) => `node,${j.name},fresh,idle`), ...links.map(([p, c]) => `link,${p},${c}`)].join(
        '\n',
      ),
    };
  if (form === 'dot')
    return {
      status: 200,
      headers: { 'content-type': 'text/plain' },
      body: `digraph {\n${all.map((j) => `  "${j.name}"`).join('\n')}\n${links.map(([p, c]) => `  "${p}" -> "${c}"`).join('\n')}\n}`,
    };
  return { status: 404 };
}

function one({ method, query }: HttpRequest, [first = '', second]: string[], parts: Parts): HttpAnswer {
  const { state, engine } = parts;
  if (first === 'stat')
    return state.jobs[second ?? ''] === undefined
      ? refusal(400, 'Job not found')
      : jsonAnswer(200, { count: 0, taskStatHistory: state.history[second ?? ''] ?? [] });
  if (first === 'success' && method === 'PUT') {
    const job = state.jobs[second ?? ''];
    if (job !== undefined) {
      Object.assign(job, {
        successCount: Number(job['successCount']) + 1,
        lastSuccess: new Date(engine.now()).toISOString(),
        errorsSinceLastSuccess: 0,
      });
      engine.succeeded(job.name);
      parts.changed();
    }
    return {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: `marked job ${second ?? ''} as successful: ${job !== undefined}`,
    };
  }
  const job = state.jobs[first];
  if (job === undefined) return refusal(400, `Job '${first}' not found`);
  if (method === 'GET') return jsonAnswer(200, job);
  if (method === 'PUT') {
    if (job['disabled'] !== true && (job['concurrent'] === true || !engine.isRunning(first)))
      engine.launch(job, engine.now(), (query.get('arguments') ?? '').replaceAll(';', ''));
    return { status: 204 };
  }
  return method === 'DELETE' ? remove(job, parts) : { status: 405 };
}

/** Deleting a scheduled job makes scheduled jobs of all its children, which lose much; a dependent one's inherit its parents. */
function remove(job: Job, parts: Parts): HttpAnswer {
  const { state, engine } = parts;
  for (const child of Object.values(state.jobs)) {
    const parents = child['parents'] as string[] | undefined;
    if (parents?.includes(job.name) !== true) continue;
    if (job['schedule'] === undefined) {
      child['parents'] = [
        ...new Set([
          ...parents.filter((p) => p !== job.name),
          ...((job['parents'] as string[] | undefined) ?? []),
        ]),
      ];
      continue;
    }
    const { parents: _parents, container: _container, ...rest } = child;
    state.jobs[child.name] = {
      ...rest,
      name: child.name,
      schedule: job['schedule'],
      scheduleTimeZone: job['scheduleTimeZone'],
      environmentVariables: [],
      constraints: [],
      arguments: [],
      shell: true,
      runAsUser: '',
      concurrent: false,
      description: '',
      ownerName: '',
    };
  }
  delete state.jobs[job.name];
  delete state.joined[job.name];
  void engine.kill(job.name);
  parts.changed();
  return { status: 204 };
}

function killTasks(name: string, { state, engine }: Parts): HttpAnswer {
  if (state.jobs[name] === undefined) return refusal(400, `Job '${name}' not found`);
  void engine.kill(name);
  return { status: 204 };
}

function isFull(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}
