// A Marathon that only stores and answers, as quickly as it can: what is measured is Towline. Runs as a process of its own
// (`node marathon-double.mjs`), prints its port, and tells over IPC when it was asked for what.
import http from 'node:http';

const now = () => performance.timeOrigin + performance.now();
const apps = new Map();
let version = Date.now();
const nextVersion = () => new Date((version += 1)).toISOString();

/** As a server answers: defaults filled in. */
function stored(id, app) {
  const at = nextVersion();
  return {
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
    networks: [{ mode: 'host' }],
    portDefinitions: [{ labels: {}, name: 'default', port: 10_000, protocol: 'tcp' }],
    requirePorts: false,
    role: '*',
    unreachableStrategy: { inactiveAfterSeconds: 0, expungeAfterSeconds: 0 },
    upgradeStrategy: { minimumHealthCapacity: 1, maximumOverCapacity: 1 },
    ...app,
    id,
    version: at,
    versionInfo: { lastScalingAt: at, lastConfigChangeAt: at },
    tasksStaged: 0,
    tasksRunning: 0,
    tasksHealthy: 0,
    tasksUnhealthy: 0,
    deployments: [],
  };
}

/** All of them run and are healthy at once. */
function tasksOf({ id, instances, version: at }) {
  return Array.from({ length: instances }, (_, n) => ({
    id: `${id.slice(1).replaceAll('/', '_')}.${n}.${at}`,
    appId: id,
    host: 'agent',
    ports: [31_000 + n],
    state: 'TASK_RUNNING',
    startedAt: at,
    version: at,
    healthCheckResults: [{ alive: true }],
  }));
}

const server = http.createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const { pathname } = new URL(request.url, 'http://x');
    const answer = (status, body, headers = {}) => {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text, () => {
        if (pathname === '/v2/apps') process.send?.({ listed: now() });
      });
    };
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      process.send?.({ wrote: now(), path: pathname });
      const id = decodeURIComponent(pathname.replace('/v2/apps', ''));
      apps.set(id, stored(id, JSON.parse(Buffer.concat(chunks).toString())));
      return answer(200, { version: apps.get(id).version, deploymentId: `d-${version}` });
    }
    if (pathname === '/v2/apps')
      return answer(200, `{"apps":[${[...apps.values()].map((a) => JSON.stringify(a)).join()}]}`);
    if (pathname === '/v2/groups') return answer(200, { id: '/', apps: [], groups: [], dependencies: [] });
    if (pathname === '/v2/deployments' || pathname === '/v2/pods') return answer(200, []);
    if (pathname === '/v2/info') return answer(200, { name: 'marathon', version: '1.10.17' });
    if (pathname === '/v2/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      return response.write('event: event_stream_attached\ndata: {}\n\n');
    }
    const app = apps.get(decodeURIComponent(pathname.replace('/v2/apps', '')));
    return app === undefined
      ? answer(404, { message: 'App does not exist' })
      : answer(200, { app: { ...app, tasks: tasksOf(app) } });
  });
});
server.keepAliveTimeout = 60_000;
server.listen(0, '127.0.0.1', () => process.send?.({ port: server.address().port }));
