import type { Readable, Writable } from 'node:stream';

/** The process, as commands see it. Passed in, so that a command can be run inside another program or a test. */
export interface Io {
  stdin: Readable;
  stdout: Writable & { isTTY?: boolean };
  stderr: Writable & { isTTY?: boolean };
  env: Readonly<Record<string, string | undefined>>;
  cwd: string;
  /** Fires at the first SIGINT or SIGTERM. */
  signal: AbortSignal;
}

/** Flags that every command has. */
export interface GlobalFlags {
  config?: string;
  logLevel?: string;
  output?: 'text' | 'json';
}

export function writeLine(stream: Writable, text = ''): void {
  stream.write(`${text}\n`);
}
