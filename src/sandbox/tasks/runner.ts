import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';

export interface TaskSpec {
  taskId: string;
  jobId: string;
  /** A shell command, as Marathon's `cmd` is one, or an argument list. */
  command: { shell: string } | { argv: string[] };
  env: Record<string, string>;
  /** Milliseconds between SIGTERM and SIGKILL. */
  killGraceMs: number;
}

export interface TaskExit {
  code: number | null;
  signal: string | null;
}

export interface RunningTask {
  pid: number;
  /** Identity of the process, to know it again after a restart of the sandbox. */
  started: string;
  exited: Promise<TaskExit>;
  kill(): Promise<void>;
}

/** Runs tasks as local processes. */
export interface TaskRunner {
  launch(spec: TaskSpec): Promise<RunningTask>;
  /** A task of an earlier run of the sandbox, where its process still lives. */
  adopt(pid: number, started: string, killGraceMs: number): RunningTask | undefined;
  /** Ends everything that was started and not yet ended. */
  close(): Promise<void>;
}

/** Variables of the sandbox's own process that tasks do not inherit. */
const PRIVATE = /^(CONSUL_|TOWLINE_|npm_|NODE_OPTIONS$|GIT_)/;

/** Each task is a process group of its own, in a folder of its own with its output, and is ended as a group. */
export function processRunner(folder: string): TaskRunner {
  const running = new Set<RunningTask>();

  const track = (task: RunningTask): RunningTask => {
    running.add(task);
    void task.exited.then(() => running.delete(task));
    return task;
  };

  return {
    async launch({ taskId, command, env, killGraceMs }) {
      const home = path.join(folder, taskId.replace(/[^\w.-]+/g, '_'));
      mkdirSync(home, { recursive: true });
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
        pid,
        started: startOf(pid) ?? '',
        exited,
        kill: () => killGroup(pid, exited, killGraceMs),
      });
    },

    adopt(pid, started, killGraceMs) {
      if (started === '' || startOf(pid) !== started) return undefined;
      const exited = new Promise<TaskExit>((resolve) => {
        const timer = setInterval(() => {
          if (startOf(pid) === started) return;
          clearInterval(timer);
          resolve({ code: null, signal: null });
        }, 200);
      });
      return track({ pid, started, exited, kill: () => killGroup(pid, exited, killGraceMs) });
    },

    async close() {
      await Promise.all([...running].map((task) => task.kill()));
    },
  };
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

/** Free ports on loopback, held together while they are chosen so that no two are the same. */
export async function freePorts(count: number, host = '127.0.0.1'): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<net.Server>((resolve, reject) => {
          const server = net.createServer();
          server.once('error', reject);
          server.listen(0, host, () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as net.AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
