import type { Command } from 'commander';
import type { Io } from './io.js';

/** What a command module offers: it does its work and answers with the exit code. */
export type Run = (args: string[], flags: never, io: Io) => Promise<number>;

/** What commands are made with. */
export interface CommandKit {
  program: Command;
  /** A command whose module is loaded when it runs. */
  command(usage: string, summary: string, load: () => Promise<{ run: Run }>, parent?: Command): Command;
}
