import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { findServer } from '../../scripts/servers.mjs';
import { until } from '../scenario/processes.js';
import { freePorts } from './index.js';

export interface Backend {
  name: string;
  host: string;
  port: number;
}

export interface HaproxyServer {
  url: string;
  /** Other servers behind it: a new configuration and a reload, without a connection lost. */
  route(backends: readonly Backend[]): Promise<void>;
  close(): Promise<void>;
}

/** A real HAProxy on loopback, as a master with workers, so that a reload hands the listening socket over. */
export async function startHaproxy(): Promise<HaproxyServer> {
  const program = findServer('haproxy');
  const folder = await mkdtemp(path.join(os.tmpdir(), 'tl-haproxy-'));
  const file = path.join(folder, 'haproxy.cfg');
  const [port] = await freePorts(1);
  const url = `http://127.0.0.1:${port}`;
  let routed = 0;
  const write = (backends: readonly Backend[]): Promise<void> =>
    writeFile(file, configuration({ folder, port: port ?? 0, backends, generation: routed }));
  await write([]);
  const child = spawn(program, ['-W', '-f', file], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LD_LIBRARY_PATH: librariesBeside(program) },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-4000)));
  const answers = (generation: number): Promise<unknown> =>
    until(
      'HAProxy has the configuration',
      async () => {
        if (child.exitCode !== null) throw new Error(`HAProxy ended: ${output}`);
        return (await (await fetch(`${url}/haproxy-generation`)).text()).trim() === String(generation);
      },
      { limitMs: 20_000, pauseMs: 20 },
    );
  await answers(0);
  return {
    url,
    route: async (backends) => {
      routed += 1;
      await write(backends);
      child.kill('SIGUSR2');
      await answers(routed);
    },
    close: async () => {
      await end(child);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** What a router of services has: another server is tried where one can't be reached or says nothing. */
function configuration({
  folder,
  port,
  backends,
  generation,
}: {
  folder: string;
  port: number;
  backends: readonly Backend[];
  generation: number;
}): string {
  return [
    'global',
    `  stats socket ${folder}/admin.sock mode 600 level admin expose-fd listeners`,
    'defaults',
    '  mode http',
    '  timeout connect 2s',
    '  timeout client 10s',
    '  timeout server 10s',
    '  retries 3',
    '  option redispatch 1',
    '  retry-on conn-failure empty-response',
    'frontend service',
    `  bind 127.0.0.1:${port}`,
    `  http-request return status 200 content-type text/plain string "${generation}" if { path /haproxy-generation }`,
    '  default_backend tasks',
    'backend tasks',
    '  balance roundrobin',
    ...backends.map(({ name, host, port: to }) => `  server ${name} ${host}:${to}`),
    '',
  ].join('\n');
}

/** Unpacked and not installed, a Debian package has its libraries beside it. */
function librariesBeside(program: string): string {
  const base = path.resolve(path.dirname(program), '..', 'lib');
  if (program.startsWith('/usr/sbin/') || !existsSync(base)) return process.env['LD_LIBRARY_PATH'] ?? '';
  return readdirSync(base, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name.includes('linux'))
    .map((entry) => path.join(base, entry.name))
    .join(':');
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const last = setTimeout(() => child.kill('SIGKILL'), 5000);
  await ended;
  clearTimeout(last);
}
