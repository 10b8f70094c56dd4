import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { execa } from 'execa';

export interface Finished {
  code: number;
  stdout: string;
  stderr: string;
}

export interface Running {
  readonly pid: number;
  /** Everything that it wrote so far, both streams. */
  output(): string;
  exited: Promise<number | null>;
  /** SIGTERM, then SIGKILL after five seconds. */
  stop(): Promise<void>;
  kill(): Promise<void>;
}

/** Starts and ends the processes of a scenario, each by its own id; `stopAll` leaves none behind. */
export class Processes {
  readonly #running: Running[] = [];

  constructor(readonly env: Record<string, string>) {}

  /** Runs a program to its end. */
  async run(
    command: string,
    args: readonly string[],
    { cwd, input, env = {} }: { cwd?: string; input?: string; env?: Record<string, string> } = {},
  ): Promise<Finished> {
    const result = await execa(command, [...args], {
      reject: false,
      env: { ...this.env, ...env },
      extendEnv: false,
      stripFinalNewline: false,
      ...(cwd === undefined ? {} : { cwd }),
      ...(input === undefined ? { stdin: 'ignore' as const } : { input }),
    });
    return { code: result.exitCode ?? 1, stdout: result.stdout ?? '', stderr: result.stderr ?? '' };
  }

  /** Starts a program that goes on; its output goes into a file as well. */
  async start(
    command: string,
    args: readonly string[],
    { cwd, logFile, env = {} }: { cwd: string; logFile: string; env?: Record<string, string> },
  ): Promise<Running> {
    const child = spawn(command, [...args], {
      cwd,
      env: { ...this.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const log = createWriteStream(logFile, { flags: 'a' });
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        log.write(chunk);
      });
    }
    const exited = once(child, 'close').then(([code]) => {
      log.end();
      return code as number | null;
    });
    await once(child, 'spawn');
    const running: Running = {
      pid: child.pid ?? -1,
      output: () => text,
      exited,
      stop: () => end(child, exited, 'SIGTERM'),
      kill: () => end(child, exited, 'SIGKILL'),
    };
    this.#running.push(running);
    return running;
  }

  async stopAll(): Promise<void> {
    for (const running of this.#running.reverse()) await running.stop();
  }

  get pids(): number[] {
    return this.#running.map(({ pid }) => pid);
  }
}

async function end(child: ChildProcess, exited: Promise<unknown>, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  const last = setTimeout(() => child.kill('SIGKILL'), 5000);
  await exited;
  clearTimeout(last);
}

/** Waits until `look` answers; throws with `what` after the limit. */
/** Nothing more is to be waited for. */
export class InVain extends Error {}

export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false>,
  { limitMs = 60_000, pauseMs = 100 }: { limitMs?: number; pauseMs?: number } = {},
): Promise<T> {
  const end = Date.now() + limitMs;
  let last: unknown;
  while (Date.now() < end) {
    try {
      const found = await look();
      if (found !== undefined && found !== false) return found;
    } catch (error) {
      if (error instanceof InVain) throw error;
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  throw new Error(`waited ${limitMs} ms in vain: ${what}${last === undefined ? '' : ` (${String(last)})`}`);
}
