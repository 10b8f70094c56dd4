import { randomUUID } from 'node:crypto';
import path from 'node:path';
import type { Containers } from '../../ports/containers.js';
import type { Log } from '../../runtime/log.js';
import { StateFile } from '../files/state-file.js';
import { serveHttp } from '../http/server.js';
import { taskRunner } from '../tasks/index.js';
import { handle } from './api.js';
import { Deployments } from './deployments.js';
import { Engine, type Agent } from './engine.js';
import { Events } from './events.js';
import { Store } from './store.js';
import { reloadedApp } from './stored/app.js';
import type { LiveTask, MarathonState, Task } from './types.js';

export interface MarathonPartOptions {
  dataDir: string;
  host: string;
  port: number;
  log: Log;
  containers?: Containers;
  /** A manifest's second lasts 1/timeScale of a real one. */
  timeScale?: number;
  agents?: readonly Agent[];
}

export interface RunningPart {
  url: string;
  close(): Promise<void>;
}

const AGENTS: readonly Agent[] = ['agent-1', 'agent-2', 'agent-3'].map((id) => ({
  id,
  cpus: 16,
  mem: 16_384,
}));
const TICK_MS = 40;

/** Marathon's API over local processes. Its state, and the tasks that still run, survive a restart. */
export async function startMarathonPart(options: MarathonPartOptions): Promise<RunningPart> {
  const { dataDir, host, port, log, containers, timeScale = 1, agents = AGENTS } = options;
  const runner = taskRunner({ folder: path.join(dataDir, 'tasks'), containers, log, host });
  const events = new Events();
  let frameworkId = `${randomUUID()}-0000`;
  const file: StateFile<MarathonState> = new StateFile(path.join(dataDir, 'marathon.json'), () => ({
    specs: Object.fromEntries(engine.specs),
    groups: Object.fromEntries(store.groups),
    deployments: deployments.running,
    tasks: [...engine.tasks.values()].map(storable),
    rootVersion: store.rootVersion,
    frameworkId,
  }));
  const changed = (): void => file.changed();
  const engine = new Engine({ runner, events, log, agents, secondMs: 1000 / timeScale, changed });
  const deployments = new Deployments(engine, events, changed);
  const store = new Store(engine, deployments, changed);
  const stored = file.load();
  if (stored !== undefined) {
    frameworkId = stored.frameworkId;
    store.rootVersion = stored.rootVersion;
    for (const [id, spec] of Object.entries(stored.specs))
      engine.specs.set(id, spec.kind === 'app' ? { ...spec, spec: reloadedApp(spec.spec) } : spec);
    for (const [id, group] of Object.entries(stored.groups)) store.groups.set(id, group);
    deployments.running.push(...stored.deployments);
    await Promise.all(stored.tasks.map((task) => engine.adopt(task)));
  }
  let url = '';
  const http = await serveHttp({ host, port }, async (request) => {
    events.emit('api_post_event', { uri: request.path });
    return handle(request, { engine, store, deployments, events, frameworkId, url: () => url });
  });
  url = http.url;
  const timer = setInterval(() => {
    const ids = new Set([...engine.specs.keys(), ...[...engine.tasks.values()].map((t) => t.specId)]);
    for (const id of ids)
      void engine
        .step(id, deployments.modeOf(id))
        .catch((error: unknown) => log.error({ err: error, id }, 'the sandbox could not drive an app'));
    deployments.advance();
  }, TICK_MS);
  return {
    url,
    close: async () => {
      clearInterval(timer);
      await http.close();
      await engine.close();
      await runner.close();
      await file.flush();
    },
  };
}

function storable({ running: _running, timers: _timers, ...task }: LiveTask): Task {
  return task;
}
