import { describe } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { findServer } from '../../scripts/servers.mjs';
import { InVain, until } from '../scenario/processes.js';

export interface ConsulServer {
  url: string;
  port: number;
  program: string;
  pid(): number;
  /** Stops it; its data and its ports are kept. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Stops it and removes its data. */
  close(): Promise<void>;
}

/** A real Consul server of its own: loopback, free ports, data on disk, a leader elected. `token`: of who may do all. */
export async function startConsul({
  hcl = [],
  token,
  dnsPort = -1,
}: { hcl?: readonly string[]; token?: string; dnsPort?: number } = {}): Promise<ConsulServer> {
  const program = findServer('consul');
  const folder = await mkdtemp(path.join(os.tmpdir(), 'towline-consul-'));
  let [http, server, serfLan, serfWan] = await freePorts(4);
  let url = `http://127.0.0.1:${http}`;
  let child: ChildProcess | undefined;
  let output = '';
  const start = async (): Promise<void> => {
    const args = [
      'agent',
      '-server',
      '-bootstrap-expect=1',
      '-bind=127.0.0.1',
      '-client=127.0.0.1',
      `-data-dir=${folder}`,
      `-node=test-${http}`,
      `-http-port=${http}`,
      `-server-port=${server}`,
      `-serf-lan-port=${serfLan}`,
      `-serf-wan-port=${serfWan}`,
      `-dns-port=${dnsPort}`,
      '-grpc-port=-1',
      '-log-level=warn',
      '-hcl=performance { raft_multiplier = 1 }',
      '-hcl=leave_on_terminate = false',
      '-hcl=disable_update_check = true',
      ...hcl.map((text) => `-hcl=${text}`),
    ];
    const headers: Record<string, string> = token === undefined ? {} : { 'x-consul-token': token };
    child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-4000)));
    await until(
      'Consul elects a leader',
      async () => {
        if (child?.exitCode !== null && child?.exitCode !== undefined)
          throw new InVain(`Consul ended: ${output}`);
        const leader = (await (await fetch(`${url}/v1/status/leader`)).json()) as string;
        if (leader === '') return false;
        // A leader can be elected before it serves writes.
        return (
          (await fetch(`${url}/v1/kv/ready`, { method: 'PUT', body: 'x', headers })).ok &&
          (await fetch(`${url}/v1/kv/ready`, { method: 'DELETE', headers })).ok
        );
      },
      { limitMs: 60_000, pauseMs: 100 },
    );
  };
  const stop = async (): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const last = setTimeout(() => child?.kill('SIGKILL'), 5000);
    await ended;
    clearTimeout(last);
  };
  for (let attempt = 1; ; attempt++) {
    try {
      await start();
      break;
    } catch (error) {
      await stop();
      // Somebody may have taken a port since it was found free.
      if (!(error instanceof InVain) || attempt >= 3) throw error;
      [http, server, serfLan, serfWan] = await freePorts(4);
      url = `http://127.0.0.1:${http}`;
      await rm(folder, { recursive: true, force: true });
    }
  }
  return {
    url,
    port: http ?? 0,
    program,
    pid: () => child?.pid ?? -1,
    stop,
    start,
    close: async () => {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Below those that a system gives to connections (32,768 and above): a connection could have taken one before its server does. */
const PORTS = { from: 20_000, to: 32_000 };

/** Free ports on loopback; held together while they are chosen, so that no two are the same. */
export async function freePorts(count: number): Promise<number[]> {
  const servers: net.Server[] = [];
  while (servers.length < count) {
    const port = PORTS.from + Math.floor(Math.random() * (PORTS.to - PORTS.from));
    const server = net.createServer().listen(port, '127.0.0.1');
    const free = await new Promise<boolean>((resolve) => {
      server.once('listening', () => resolve(true));
      server.once('error', () => resolve(false));
    });
    if (free) servers.push(server);
  }
  const ports = servers.map((server) => (server.address() as net.AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** A suite that needs a server (`images`: an engine and a registry). Without it the suite is skipped, by name and loudly; under CI that is a failure. */
export function withServer(
  name: 'consul' | 'docker' | 'haproxy' | 'registry' | 'images' | 'openssl' | 'ssh-keygen' | 'gpg',
  title: string,
  suite: () => void,
): void {
  const missing = whyMissing(name);
  if (missing === undefined || process.env['CI'] === 'true') describe(title, suite);
  else describe.skip(`${title} (SKIPPED: ${missing})`, suite);
}

function whyMissing(name: string): string | undefined {
  try {
    if (name === 'docker' || name === 'images') {
      const missing = whyNoDocker();
      if (missing !== undefined || name === 'docker') return missing;
      findServer('registry');
      return undefined;
    }
    findServer(name);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function whyNoDocker(): string | undefined {
  if (process.env['DOCKER_HOST'] === undefined && !existsSync('/var/run/docker.sock')) {
    if (process.getuid?.() !== 0) return 'no Docker engine answers, and only root can start one';
    findServer('docker');
  }
  findServer('busybox');
  return undefined;
}
