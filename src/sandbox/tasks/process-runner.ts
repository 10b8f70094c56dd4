import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { CannotRun, type RunningTask, type TaskExit, type TaskRunner } from './task.js';

/** Variables of the sandbox's own process that tasks do not inherit. */
const PRIVATE = /^(CONSUL_|TOWLINE_|DOCKER_|npm_|NODE_OPTIONS$|GIT_)/;

/** Tasks as local processes: each is a process group of its own, in a folder of its own, and is ended as a group. */
export function processRunner(folder: string): TaskRunner {
  const running = new Set<RunningTask>();

  const track = (task: RunningTask): RunningTask => {
    running.add(task);
    void task.exited.then(() => running.delete(task));
    return task;
  };

  return {
    async launch({ taskId, command, container, env, killGraceMs }) {
      if (command === undefined)
        throw new CannotRun(
          container === undefined
            ? 'it has no command'
            : `the image ${container.image} has an entry point of its own, and no container engine runs it here; give the job a command, or start Docker`,
        );
      const home = homeOf(folder, taskId);
      const [out, err] = [openSync(path.join(home, 'stdout'), 'a'), openSync(path.join(home, 'stderr'), 'a')];
      const inherited = Object.fromEntries(
        Object.entries(process.env).filter(([name]) => !PRIVATE.test(name)),
      );
      const [program = 'sh', ...args] = 'shell' in command ? ['/bin/sh', '-c', command.shell] : command.argv;
      const child = spawn(program, args, {
        cwd: home,
        env: { ...inherited, MESOS_SANDBOX: home, ...env },
        stdio: ['ignore', out, err],
        detached: true,
      });
      closeSync(out);
      closeSync(err);
      const exited = new Promise<TaskExit>((resolve) => {
        child.on('error', () => resolve({ code: 127, signal: null }));
        child.on('exit', (code, signal) => resolve({ code, signal }));
      });
      await new Promise<void>((resolve) => {
        child.once('spawn', resolve);
        child.once('error', () => resolve());
      });
      const pid = child.pid ?? -1;
      return track({
        ref: { pid, started: startOf(pid) ?? '' },
        exited,
        kill: () => killGroup(pid, exited, killGraceMs),
      });
    },

    async adopt(ref, killGraceMs) {
      if (!('pid' in ref)) return undefined;
      const { pid, started } = ref;
      if (started === '' || startOf(pid) !== started) return undefined;
      const exited = new Promise<TaskExit>((resolve) => {
        const timer = setInterval(() => {
          if (startOf(pid) === started) return;
          clearInterval(timer);
          resolve({ code: null, signal: null });
        }, 200);
      });
      return track({ ref, exited, kill: () => killGroup(pid, exited, killGraceMs) });
    },

    async close() {
      await Promise.all([...running].map((task) => task.kill()));
    },
  };
}

/** The folder of a task, made if need be: its working folder, with what it writes. */
export function homeOf(folder: string, taskId: string): string {
  const home = path.join(folder, taskId.replace(/[^\w.-]+/g, '_'));
  mkdirSync(home, { recursive: true });
  return home;
}

async function killGroup(pid: number, exited: Promise<TaskExit>, graceMs: number): Promise<void> {
  signalGroup(pid, 'SIGTERM');
  const last = setTimeout(() => signalGroup(pid, 'SIGKILL'), graceMs);
  await exited;
  clearTimeout(last);
  // What the process itself left behind in its group.
  signalGroup(pid, 'SIGKILL');
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  if (pid <= 1) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It is gone: that is what was wanted.
  }
}

/** Start time of a process in ticks since boot; undefined where there is none, or where it is only waited for. */
export function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
