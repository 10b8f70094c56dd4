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

/** What a terminal obeys, and before it the colours that we print ourselves. */
const OBEYED = /\u001b\[[0-9;]*m|[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/**
 * A line for people, or JSON. What is left in it that a terminal obeys is written as an escape, which in JSON is the same
 * value: what prints words from outside makes one plain line of them, and this is for what it forgot.
 */
export function writeLine(stream: Writable, text = ''): void {
  const harmless = text.replace(OBEYED, (sign) =>
    sign.length > 1 ? sign : `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  stream.write(`${harmless}\n`);
}
