import type { Mount, PublishedPort } from '../../ports/containers.js';

/** How a task is to be run where it names an image. */
export interface TaskContainer {
  image: string;
  forcePull: boolean;
  privileged: boolean;
  network: 'host' | 'bridge';
  ports: readonly PublishedPort[];
  mounts: readonly Mount[];
  /** MiB. */
  memory?: number;
}

export interface TaskSpec {
  taskId: string;
  jobId: string;
  /** A shell command, as Marathon's `cmd` is one, or an argument list; absent: the image has its own. */
  command?: { shell: string } | { argv: string[] };
  container?: TaskContainer;
  env: Record<string, string>;
  /** Milliseconds between SIGTERM and SIGKILL. */
  killGraceMs: number;
}

export interface TaskExit {
  code: number | null;
  signal: string | null;
}

/** What a task is known by after a restart of the sandbox: a process by its id and start time, a container by its id. */
export type TaskRef = { pid: number; started: string } | { container: string };

export interface RunningTask {
  ref: TaskRef;
  exited: Promise<TaskExit>;
  kill(): Promise<void>;
}

/** A task that can't be started, with the reason for people. */
export class CannotRun extends Error {}

/** Starts tasks and knows them again. */
export interface TaskRunner {
  /** Throws CannotRun. */
  launch(spec: TaskSpec): Promise<RunningTask>;
  /** A task of an earlier run of the sandbox, where it still lives. */
  adopt(ref: TaskRef, killGraceMs: number): Promise<RunningTask | undefined>;
  /** Ends everything that was started and not yet ended. */
  close(): Promise<void>;
}
