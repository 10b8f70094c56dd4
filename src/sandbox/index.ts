import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Containers } from '../ports/containers.js';
import { TowlineError } from '../runtime/errors.js';
import type { Log } from '../runtime/log.js';
import { startChronosPart } from './chronos/index.js';
import { startConsulPart } from './consul/index.js';
import { startMarathonPart } from './marathon/index.js';
import { startOf } from './tasks/process-runner.js';

export interface SandboxOptions {
  /** Where state, and the folders of tasks, are kept. */
  dataDir: string;
  host: string;
  /** 0 takes a free one. */
  ports: { consul: number; marathon: number; chronos: number };
  log: Log;
  /** Runs the tasks that name an image; undefined: all of them run as processes. */
  containers?: Containers;
  /** A second of a manifest lasts 1/timeScale of a real one. */
  timeScale?: number;
}

export interface Sandbox {
  urls: { consul: string; marathon: string; chronos: string };
  close(): Promise<void>;
}

/** Consul KV, Marathon and Chronos in one process, for a laptop, a demo and tests. Reached by URL, like the real ones. */
export async function startSandbox({
  dataDir,
  host,
  ports,
  log,
  containers,
  timeScale = 1,
}: SandboxOptions): Promise<Sandbox> {
  const unlock = lockFolder(dataDir);
  const parts: { url: string; close(): Promise<void> }[] = [];
  const close = async (): Promise<void> => {
    for (const part of parts.reverse()) await part.close();
    unlock();
  };
  const started = async (
    what: string,
    port: number,
    start: () => Promise<{ url: string; close(): Promise<void> }>,
  ): Promise<string> => {
    try {
      const part = await start();
      parts.push(part);
      return part.url;
    } catch (cause) {
      await close();
      if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause;
      throw new TowlineError('sandbox-port', 'invalid', `port ${port} for ${what} is in use`, {
        cause,
        help: `Choose another with --${what}-port; 0 takes a free one.`,
      });
    }
  };
  const common = { host, log, ...(containers === undefined ? {} : { containers }) };
  const consul = await started('consul', ports.consul, () =>
    startConsulPart({ ...common, dataDir: path.join(dataDir, 'consul'), port: ports.consul }),
  );
  const marathon = await started('marathon', ports.marathon, () =>
    startMarathonPart({
      ...common,
      dataDir: path.join(dataDir, 'marathon'),
      port: ports.marathon,
      timeScale,
    }),
  );
  const chronos = await started('chronos', ports.chronos, () =>
    startChronosPart({ ...common, dataDir: path.join(dataDir, 'chronos'), port: ports.chronos }),
  );
  return { urls: { consul, marathon, chronos }, close };
}

/** One sandbox for a folder: two would fight over the same files. A lock of a process that is gone is taken over. */
function lockFolder(dataDir: string): () => void {
  mkdirSync(dataDir, { recursive: true });
  const file = path.join(dataDir, 'lock.json');
  const mine = { pid: process.pid, started: startOf(process.pid) };
  try {
    writeFileSync(file, JSON.stringify(mine), { flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const holder = JSON.parse(readFileSync(file, 'utf8')) as { pid: number; started?: string };
    if (holder.started !== undefined && startOf(holder.pid) === holder.started) {
      throw new TowlineError(
        'sandbox-busy',
        'refused',
        `a sandbox already runs in ${dataDir} (process ${holder.pid})`,
        { help: 'Use that one, stop it, or choose another folder with --dir.' },
      );
    }
    writeFileSync(file, JSON.stringify(mine));
  }
  return () => rmSync(file, { force: true });
}
