import http from 'node:http';
import type { AddressInfo } from 'node:net';

interface Task {
  host: string;
  port: number;
}

/** What a client at the front door has seen. */
export interface Seen {
  requests: number;
  failed: string[];
  /** Answers by version. */
  versions: Map<string, number>;
}

export interface FrontDoor {
  url: string;
  seen(): Seen;
  /** Forgets what was seen so far. */
  reset(): void;
  close(): Promise<void>;
}

/**
 * A load balancer and its client in one: it asks Marathon for the healthy tasks of an app, as every router does, sends
 * each request to one of them (to another when it can't connect), and counts what a user would have seen.
 */
export async function openFrontDoor(marathonUrl: string, appId: string): Promise<FrontDoor> {
  let tasks: Task[] = [];
  let turn = 0;
  let seen: Seen = { requests: 0, failed: [], versions: new Map() };
  let open = true;

  const refresh = async (): Promise<void> => {
    while (open) {
      tasks = await healthyTasks(marathonUrl, appId).catch(() => tasks);
      await pause(50);
    }
  };
  const proxy = http.createServer((request, response) => {
    void forward(request.url ?? '/', tasks, turn++).then(
      ({ status, body }) => response.writeHead(status, { 'content-type': 'application/json' }).end(body),
      (error: unknown) => response.writeHead(502).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}/`;

  const ask = async (): Promise<void> => {
    while (open) {
      if (tasks.length > 0) {
        // Counted where it began: a request that is under way at a reset belongs to the time before it.
        const count = seen;
        count.requests += 1;
        try {
          const { status, body } = await get(url);
          const version =
            status === 200 ? String((JSON.parse(body) as { version?: unknown }).version) : undefined;
          if (version === undefined) count.failed.push(`${status} ${body}`);
          else count.versions.set(version, (count.versions.get(version) ?? 0) + 1);
        } catch (error) {
          count.failed.push(String(error));
        }
      }
      await pause(20);
    }
  };
  const loops = [refresh(), ask(), ask()];
  return {
    url,
    seen: () => seen,
    reset: () => {
      seen = { requests: 0, failed: [], versions: new Map() };
    },
    close: async () => {
      open = false;
      await Promise.all(loops);
      proxy.closeAllConnections();
      await new Promise((resolve) => proxy.close(resolve));
    },
  };
}

/** Tasks of an app that pass their health checks, or run where there are none. */
export async function healthyTasks(marathonUrl: string, appId: string): Promise<Task[]> {
  const { status, body } = await get(`${marathonUrl}/v2/apps/${appId.replace(/^\//, '')}/tasks`);
  if (status !== 200) throw new Error(`Marathon answered ${status}`);
  const { tasks } = JSON.parse(body) as {
    tasks: { host: string; ports: number[]; state?: string; healthCheckResults?: { alive: boolean }[] }[];
  };
  return tasks
    .filter(
      (t) =>
        (t.state ?? 'TASK_RUNNING') === 'TASK_RUNNING' && (t.healthCheckResults ?? []).some((r) => r.alive),
    )
    .flatMap((t) => (t.ports[0] === undefined ? [] : [{ host: t.host, port: t.ports[0] }]));
}

async function forward(
  path: string,
  tasks: readonly Task[],
  turn: number,
): Promise<{ status: number; body: string }> {
  let last: unknown = new Error('no healthy task');
  for (let attempt = 0; attempt < Math.min(3, tasks.length); attempt++) {
    const task = tasks[(turn + attempt) % tasks.length];
    if (task === undefined) break;
    try {
      return await get(`http://${task.host}:${task.port}${path}`);
    } catch (error) {
      last = error;
    }
  }
  throw last;
}

export function get(url: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const request = http.get(url, { agent: false, timeout: 5000 }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      response.on('error', reject);
    });
    request.on('timeout', () => request.destroy(new Error('timed out')));
    request.on('error', reject);
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
