import path from 'node:path';
import { once } from 'node:events';
import { EXIT } from '../../runtime/exit-codes.js';
import type { Containers } from '../../ports/containers.js';
import { messageOf } from '../../runtime/errors.js';
import { createLog, type Log } from '../../runtime/log.js';
import { ownFolder } from '../../runtime/own-folder.js';
import { startSandbox } from '../../sandbox/index.js';
import { writeLine, type GlobalFlags, type Io } from '../io.js';

interface Flags extends GlobalFlags {
  docker: 'auto' | 'off';
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
  const containers = flags.docker === 'auto' ? await engine(log, io.signal) : undefined;
  const dataDir = path.resolve(io.cwd, flags.dir);
  await ownFolder(dataDir);
  const sandbox = await startSandbox({
    dataDir,
    host: '127.0.0.1',
    ports: { consul: flags.consulPort, marathon: flags.marathonPort, chronos: flags.chronosPort },
    log,
    ...(containers === undefined ? {} : { containers }),
  });
  try {
    if (flags.output === 'json') writeLine(io.stdout, JSON.stringify(sandbox.urls));
    else {
      for (const [name, url] of Object.entries(sandbox.urls))
        writeLine(io.stdout, `${name.padEnd(9)} ${url}`);
      const how =
        containers === undefined ? 'as processes' : 'in Docker where they name an image, else as processes';
      writeLine(io.stdout, `Jobs run ${how}.`);
      writeLine(io.stdout, 'Press Ctrl-C to stop; its state is kept.');
    }
    if (!io.signal.aborted) await once(io.signal, 'abort');
  } finally {
    await sandbox.close();
  }
  return EXIT.done;
}

const PROBE_MS = 3000;

/** Docker, where it answers on this machine: ports and folders of an engine elsewhere would not be ours. */
async function engine(log: Log, signal: AbortSignal): Promise<Containers | undefined> {
  const { dockerContainers } = await import('../../docker/index.js');
  const containers = dockerContainers();
  try {
    const { local, version } = await containers.describe({
      signal: AbortSignal.any([signal, AbortSignal.timeout(PROBE_MS)]),
    });
    if (local) return containers;
    log.warn({ version }, 'Docker answers on another machine; jobs run as processes here');
  } catch (error) {
    log.debug({ reason: messageOf(error) }, 'Docker does not answer; jobs run as processes');
  }
  return undefined;
}
