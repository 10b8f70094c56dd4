#!/usr/bin/env node
import { setMaxListeners } from 'node:events';
import { isAbort } from '../runtime/errors.js';
import { EXIT } from '../runtime/exit-codes.js';
import { redactWrites } from '../runtime/redact.js';
import type { Io } from './io.js';
import { printError } from './print/error.js';
import { buildProgram } from './program.js';

// Hundreds of calls side by side listen to one signal; that many listeners are no leak here.
setMaxListeners(10_000);

const stop = new AbortController();
let stoppedBy: NodeJS.Signals | undefined;

/** The first signal asks everything to end; the second ends the process at once. */
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    if (stoppedBy !== undefined) process.exit(exitOfSignal(name));
    stoppedBy = name;
    stop.abort(new DOMException(`stopped by ${name}`, 'AbortError'));
  });
}
// A reader that went away (`towline history | head`) is no error.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.done);
});

for (const stream of [process.stdout, process.stderr]) redactWrites(stream);
// What nobody caught: Node itself would print it as it is.
for (const event of ['uncaughtException', 'unhandledRejection'] as const)
  process.on(event, (error: unknown) => {
    printError(error, process);
    process.exit(EXIT.error);
  });

const io: Io = {
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  signal: stop.signal,
};

process.exitCode = await run();

async function run(): Promise<number> {
  let code: number = EXIT.done;
  try {
    await buildProgram(io, (result) => (code = result)).parseAsync(process.argv);
    return stoppedBy === undefined ? code : exitOfSignal(stoppedBy);
  } catch (error) {
    if (stoppedBy !== undefined && isAbort(error)) return exitOfSignal(stoppedBy);
    printError(error, io);
    return EXIT.error;
  }
}

function exitOfSignal(name: NodeJS.Signals): number {
  return name === 'SIGINT' ? EXIT.sigint : EXIT.sigterm;
}
