import { randomUUID } from 'node:crypto';
import { createWriteStream, type WriteStream } from 'node:fs';
import path from 'node:path';
import type { Containers } from '../../ports/containers.js';
import { messageOf } from '../../runtime/errors.js';
import type { Log } from '../../runtime/log.js';
import { homeOf } from './process-runner.js';
import {
  CannotRun,
  type RunningTask,
  type TaskContainer,
  type TaskExit,
  type TaskRunner,
  type TaskSpec,
} from './task.js';

export interface ContainerRunnerOptions {
  folder: string;
  containers: Containers;
  /** Runs what names no image, and what has a command but an image that can't be had. */
  processes: TaskRunner;
  log: Log;
  /** Address that ports are published on. */
  host: string;
}

/** Where Mesos shows a task its own folder inside a container. */
const SANDBOX = '/mnt/mesos/sandbox';
/** An image that could not be had is asked for again after this, in ms. */
const FORGET_MS = 60_000;
const PULL_MS = 10 * 60_000;

/** Tasks that name an image as containers, all others as processes. */
export function containerRunner(options: ContainerRunnerOptions): TaskRunner {
  const { folder, containers, processes, log, host } = options;
  const running = new Map<string, RunningTask>();
  const closing = new AbortController();
  const { signal } = closing;
  const images = imagesOf(containers, signal);

  const track = (id: string, killGraceMs: number): RunningTask => {
    const exited: Promise<TaskExit> = containers
      .wait(id, { signal })
      .then((code) => ({ code: code ?? null, signal: null }))
      .catch(() => ({ code: null, signal: null }));
    const task: RunningTask = {
      ref: { container: id },
      exited,
      kill: () => containers.remove(id, { graceMs: killGraceMs, signal: AbortSignal.timeout(60_000) }),
    };
    running.set(id, task);
    void exited.then(() => running.delete(id));
    return task;
  };

  const contain = async (spec: TaskSpec, container: TaskContainer): Promise<RunningTask> => {
    const home = homeOf(folder, spec.taskId);
    let id: string;
    try {
      id = await containers.start(
        {
          name: `mesos-${randomUUID()}`,
          image: container.image,
          ...programOf(spec.command),
          env: { MESOS_SANDBOX: SANDBOX, ...spec.env },
          labels: { 'towline.sandbox.task': spec.taskId, 'towline.sandbox.job': spec.jobId },
          network: container.network,
          ports: container.network === 'host' ? [] : container.ports,
          publishOn: host,
          mounts: [{ hostPath: home, containerPath: SANDBOX, readOnly: false }, ...container.mounts],
          privileged: container.privileged,
          ...(container.memory === undefined ? {} : { memoryBytes: container.memory * 1024 * 1024 }),
        },
        { signal },
      );
    } catch (error) {
      throw new CannotRun(`Failed to launch container: ${messageOf(error)}`, { cause: error });
    }
    const file = (name: string): WriteStream => createWriteStream(path.join(home, name), { flags: 'a' });
    void containers
      .follow(id, { stdout: file('stdout'), stderr: file('stderr') }, { signal })
      .catch((error: unknown) => log.debug({ err: error, task: spec.taskId }, 'its output is not kept'));
    return track(id, spec.killGraceMs);
  };

  return {
    async launch(spec) {
      const { container, command, taskId } = spec;
      if (container === undefined) return processes.launch(spec);
      const problem = await images(container);
      if (problem === undefined) return contain(spec, container);
      if (command === undefined) throw new CannotRun(`Failed to launch container: ${problem}`);
      log.warn(
        { task: taskId, image: container.image, reason: problem },
        'runs as a process, not in its image',
      );
      return processes.launch(spec);
    },

    async adopt(ref, killGraceMs) {
      if (!('container' in ref)) return processes.adopt(ref, killGraceMs);
      const state = await containers.find(ref.container, { signal });
      if (state === undefined) return undefined;
      const task = track(ref.container, killGraceMs);
      if (state.running) return task;
      await task.kill();
      return undefined;
    },

    async close() {
      await Promise.all([...running.values()].map((task) => task.kill()));
      await processes.close();
      closing.abort(new DOMException('the sandbox was closed', 'AbortError'));
    },
  };
}

function programOf(command: TaskSpec['command']): { entrypoint?: string[]; command?: string[] } {
  if (command === undefined) return {};
  // `cmd` replaces the entry point by a shell, `args` go to it (Marathon's and Mesos' own rule).
  return 'shell' in command
    ? { entrypoint: ['/bin/sh', '-c'], command: [command.shell] }
    : { command: command.argv };
}

/** Makes an image be there; says why where it can't be, and remembers that for a while. */
function imagesOf(
  containers: Containers,
  signal: AbortSignal,
): (container: TaskContainer) => Promise<string | undefined> {
  const problems = new Map<string, { text: string; at: number }>();
  const pulls = new Map<string, Promise<void>>();
  return async ({ image, forcePull }) => {
    const known = problems.get(image);
    if (known !== undefined && Date.now() - known.at < FORGET_MS) return known.text;
    try {
      if (!forcePull && (await containers.hasImage(image, { signal }))) return undefined;
      const pulling =
        pulls.get(image) ??
        containers.pull(image, { signal: AbortSignal.any([signal, AbortSignal.timeout(PULL_MS)]) });
      pulls.set(image, pulling);
      await pulling.finally(() => pulls.delete(image));
      return undefined;
    } catch (error) {
      // An image that is there is used although its registry does not answer, as Mesos' agents do with their cache.
      if (forcePull && (await containers.hasImage(image, { signal }).catch(() => false))) return undefined;
      problems.set(image, { text: messageOf(error), at: Date.now() });
      return messageOf(error);
    }
  };
}
