import type { JsonObject } from '../../../src/domain/source/json.js';
import type { Answered, Call } from './recorder.js';

interface App {
  spec: JsonObject;
  version: string;
  configured: string;
}

/** As much of Marathon as the driver needs, in memory. `cmd: never` finds no machine; `/refused` is not taken. */
export class RecordedMarathon {
  constructor(
    readonly apps = new Map<string, App>(),
    private versions = 0,
  ) {}

  copy(): RecordedMarathon {
    return new RecordedMarathon(structuredClone(this.apps), this.versions);
  }

  readonly answer = ({ method, path, body }: Call): Answered => {
    if (method === 'HEAD') return { status: 404 };
    if (path === '/v2/info') return { status: 200, body: { version: '1.9.109', leader: 'a:8080' } };
    if (path === '/v2/groups') return { status: 200, body: { id: '/', groups: [], dependencies: [] } };
    if (path === '/v2/deployments') return { status: 200, body: [] };
    if (path === '/v2/queue') return { status: 200, body: { queue: this.#queue() } };
    if (path === '/v2/apps' && method === 'GET')
      return { status: 200, body: { apps: [...this.apps.values()].map((app) => this.#view(app)) } };
    const [, id = '', rest] = /^\/v2\/apps(\/[^/]+)(\/restart)?$/.exec(path) ?? [];
    const app = this.apps.get(id);
    if (method === 'PUT') return this.#put(id, app, body);
    if (app === undefined) return { status: 404, body: { message: `App '${id}' does not exist` } };
    if (method === 'GET') return { status: 200, body: { app: this.#view(app) } };
    if (method === 'DELETE') {
      this.apps.delete(id);
      return { status: 200, body: this.#deployment(), accepted: { verb: 'delete', id } };
    }
    if (rest === undefined) return { status: 405 };
    const body_ = this.#deployment();
    this.apps.set(id, { ...app, version: body_.version, configured: body_.version });
    return { status: 200, body: body_, accepted: { verb: 'restart', id } };
  };

  #put(id: string, before: App | undefined, spec: JsonObject): Answered {
    if (id === '/refused') return { status: 422, body: { message: 'Object is not valid' } };
    const body = this.#deployment();
    const scaled =
      before !== undefined &&
      JSON.stringify({ ...before.spec, instances: 0 }) === JSON.stringify({ ...spec, instances: 0 });
    this.apps.set(id, {
      spec,
      version: body.version,
      configured: scaled ? before.configured : body.version,
    });
    return {
      status: before === undefined ? 201 : 200,
      body,
      accepted: { verb: 'put', id, document: spec },
    };
  }

  #deployment(): { version: string; deploymentId: string } {
    this.versions += 1;
    const version = new Date(Date.UTC(2026, 0, 1) + this.versions).toISOString();
    return { version, deploymentId: `deployment-${this.versions}` };
  }

  #view({ spec, version, configured }: App): JsonObject {
    const count = spec['cmd'] === 'never' ? 0 : Number(spec['instances'] ?? 1);
    const tasks = Array.from({ length: count }, (_, at) => ({
      id: `${String(spec['id'])}.${configured}.${at}`,
      appId: spec['id'] ?? '',
      state: 'TASK_RUNNING',
      startedAt: configured,
      version: configured,
      host: 'agent',
      ports: [],
    }));
    const versionInfo = { lastScalingAt: version, lastConfigChangeAt: configured };
    return { ...spec, version, versionInfo, tasks, tasksRunning: count, deployments: [] };
  }

  #queue(): JsonObject[] {
    return [...this.apps.values()]
      .filter(({ spec }) => spec['cmd'] === 'never')
      .map(({ spec }) => ({ app: { id: spec['id'] ?? '' }, count: 1, delay: { overdue: true } }));
  }
}
