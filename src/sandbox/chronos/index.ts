import path from 'node:path';
import type { Containers } from '../../ports/containers.js';
import type { Log } from '../../runtime/log.js';
import { StateFile } from '../files/state-file.js';
import { serveHttp } from '../http/server.js';
import { taskRunner } from '../tasks/index.js';
import { handle } from './api.js';
import { Engine } from './engine.js';
import type { ChronosState } from './types.js';

export interface ChronosPartOptions {
  dataDir: string;
  host: string;
  port: number;
  log: Log;
  containers?: Containers;
  /** How often it looks for what is due, and loads what was created, in ms. */
  tickMs?: number;
}

/** Chronos's API (3.x) over local processes, with the ways in which it changes and forgets jobs. */
export async function startChronosPart({
  dataDir,
  host,
  port,
  log,
  containers,
  tickMs = 250,
}: ChronosPartOptions): Promise<{ url: string; close(): Promise<void> }> {
  const runner = taskRunner({ folder: path.join(dataDir, 'tasks'), containers, log, host });
  const file = new StateFile<ChronosState>(path.join(dataDir, 'chronos.json'), () => state);
  const state: ChronosState = file.load() ?? { jobs: {}, ghosts: {}, joined: {}, history: {} };
  const changed = (): void => file.changed();
  // A new leader has an empty list before it loads everything for the first time.
  state.ghosts = { ...state.ghosts, ...state.jobs };
  state.jobs = {};
  const engine = new Engine(state, runner, log, changed);
  let url = '';
  const http = await serveHttp({ host, port }, (request) =>
    handle(request, { state, engine, changed, url: () => url }),
  );
  url = http.url;
  const timer = setInterval(() => engine.tick(Date.now()), tickMs);
  return {
    url,
    close: async () => {
      clearInterval(timer);
      engine.stop();
      await http.close();
      await runner.close();
      await file.flush();
    },
  };
}
