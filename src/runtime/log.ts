import { pino, type Logger } from 'pino';
import { redact } from './redact.js';

export type Log = Logger;

export interface LogOptions {
  level: string;
  /** Pretty on a terminal, JSON lines elsewhere. */
  pretty: boolean;
  stream: NodeJS.WritableStream;
}

/**
 * The root logger. It writes to standard error; every line passes the redaction by value just before output, because
 * pino's own `redact` works on paths and would let a secret inside a message or a URL through.
 */
export async function createLog({ level, pretty, stream }: LogOptions): Promise<Log> {
  const redacting = {
    write(line: string): void {
      stream.write(redact(line));
    },
  };
  if (!pretty) return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, redacting);
  const { PinoPretty } = await import('pino-pretty');
  const { Writable } = await import('node:stream');
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      redacting.write(chunk.toString());
      done();
    },
  });
  const sink = PinoPretty({
    sync: true,
    colorize: true,
    ignore: 'pid,hostname',
    translateTime: 'SYS:HH:MM:ss',
    destination,
  });
  return pino({ level, base: null }, sink);
}

/** A logger that says nothing, for tests and one-shot use. */
export function silentLog(): Log {
  return pino({ level: 'silent' });
}
