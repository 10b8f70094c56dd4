import path from 'node:path';
import { once } from 'node:events';
import { EXIT } from '../../runtime/exit-codes.js';
import { createLog } from '../../runtime/log.js';
import { startSandbox } from '../../sandbox/index.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';

interface Flags extends GlobalFlags {
  dir: string;
  consulPort: number;
  marathonPort: number;
  chronosPort: number;
}

/** The embedded default: Consul KV, Marathon and Chronos in one process, on loopback, until it is told to stop. */
export async function run(_args: string[], flags: Flags, io: Io): Promise<number> {
  const log = await createLog({
    level: flags.logLevel ?? io.env['TOWLINE_LOG_LEVEL'] ?? 'info',
    pretty: io.stderr.isTTY === true,
    stream: io.stderr,
  });
  const sandbox = await startSandbox({
    dataDir: path.resolve(io.cwd, flags.dir),
    host: '127.0.0.1',
    ports: { consul: flags.consulPort, marathon: flags.marathonPort, chronos: flags.chronosPort },
    log,
  });
  try {
    if (flags.output === 'json') writeLine(io.stdout, JSON.stringify(sandbox.urls));
    else {
      for (const [name, url] of Object.entries(sandbox.urls))
        writeLine(io.stdout, `${name.padEnd(9)} ${url}`);
      writeLine(io.stdout, 'Press Ctrl-C to stop; its state is kept.');
    }
    if (!io.signal.aborted) await once(io.signal, 'abort');
  } finally {
    await sandbox.close();
  }
  return EXIT.done;
}
