import Docker from 'dockerode';
import { execa } from 'execa';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { findServer } from '../../scripts/servers.mjs';
import { until } from '../scenario/processes.js';

export interface DockerServer {
  /** As DOCKER_HOST has it. */
  host: string;
  docker: Docker;
  /** Builds an image that holds busybox and nothing else; `dockerfile` goes behind its first lines. */
  build(name: string, dockerfile?: string): Promise<void>;
  close(): Promise<void>;
}

/** A real Docker engine: the one that answers on this machine, or one of its own, as root, which `close` ends. */
export async function startDocker(): Promise<DockerServer> {
  const docker = new Docker();
  const answers = await docker.ping().then(
    () => true,
    () => false,
  );
  return answers ? borrowed(docker) : own();
}

/** Somebody's engine: what was built on it is taken away again. */
async function borrowed(docker: Docker): Promise<DockerServer> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'tl-docker-'));
  const built: string[] = [];
  return {
    host: process.env['DOCKER_HOST'] ?? 'unix:///var/run/docker.sock',
    docker,
    build: async (name, dockerfile = '') => {
      built.push(name);
      await build(docker, folder, name, dockerfile);
    },
    close: async () => {
      for (const name of built) await docker.getImage(name).remove({ force: true });
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** An engine with its own socket and data, and without rules in the machine's firewall. */
async function own(): Promise<DockerServer> {
  const program = findServer('docker');
  // Short: a socket's path has 108 characters at most, and the engine makes some more below this folder.
  const folder = await mkdtemp(path.join(os.tmpdir(), 'tl-docker-'));
  const socket = path.join(folder, 'docker.sock');
  const beside = path.dirname(program);
  const child = spawn(
    program,
    [
      `--data-root=${path.join(folder, 'data')}`,
      `--exec-root=${path.join(folder, 'exec')}`,
      `--pidfile=${path.join(folder, 'docker.pid')}`,
      `--host=unix://${socket}`,
      '--iptables=false',
      '--ip6tables=false',
      '--ip-masq=false',
      '--ip-forward=false',
      '--storage-driver=vfs',
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, PATH: `${beside}:${path.join(beside, '../bin')}:${process.env['PATH'] ?? ''}` },
    },
  );
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-4000)));
  const docker = new Docker({ socketPath: socket });
  const close = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      const last = setTimeout(() => child.kill('SIGKILL'), 20_000);
      await ended;
      clearTimeout(last);
    }
    // The engine leaves its network namespace mounted.
    await execa('umount', ['--', path.join(folder, 'exec/netns/default')], { reject: false });
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await until('Docker answers', async () => {
      if (child.exitCode !== null) throw new Error(`Docker ended: ${output}`);
      await docker.ping();
      return true;
    });
  } catch (error) {
    await close();
    throw new Error(`${String(error)}\n${output}`, { cause: error });
  }
  return {
    host: `unix://${socket}`,
    docker,
    close,
    build: (name, dockerfile = '') => build(docker, folder, name, dockerfile),
  };
}

/** An image that holds busybox and nothing else. A failed build is a line of its stream, not an error. */
async function build(docker: Docker, folder: string, name: string, dockerfile: string): Promise<void> {
  const context = path.join(folder, 'context');
  await mkdir(context, { recursive: true });
  await copyFile(findServer('busybox'), path.join(context, 'busybox'));
  const lines = ['FROM scratch', 'COPY busybox /bin/busybox', 'COPY busybox /bin/sh', dockerfile, ''];
  await writeFile(path.join(context, 'Dockerfile'), lines.join('\n'));
  const stream = await docker.buildImage({ context, src: ['Dockerfile', 'busybox'] }, { t: name });
  const said: { error?: string }[] = await new Promise((resolve, reject) =>
    docker.modem.followProgress(stream, (error, all: { error?: string }[]) =>
      error === null || error === undefined ? resolve(all) : reject(error),
    ),
  );
  const failed = said.find((line) => line.error !== undefined);
  if (failed !== undefined) throw new Error(failed.error);
}
