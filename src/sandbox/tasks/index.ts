import type { Containers } from '../../ports/containers.js';
import type { Log } from '../../runtime/log.js';
import { containerRunner } from './container-runner.js';
import { processRunner } from './process-runner.js';
import type { TaskRunner } from './task.js';

export interface TaskRunnerOptions {
  /** Where tasks have their folders. */
  folder: string;
  /** Undefined: everything runs as a process. */
  containers: Containers | undefined;
  log: Log;
  host: string;
}

/** What runs the tasks of a scheduler here. */
export function taskRunner({ folder, containers, log, host }: TaskRunnerOptions): TaskRunner {
  const processes = processRunner(folder);
  return containers === undefined ? processes : containerRunner({ folder, containers, processes, log, host });
}
