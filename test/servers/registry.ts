import { execa } from 'execa';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { findServer } from '../../scripts/servers.mjs';
import { until } from '../scenario/processes.js';
import { freePorts } from './index.js';

export interface RegistryServer {
  /** `127.0.0.1:PORT`, as names of images begin with it. */
  host: string;
  /** Ends it; its data and its port are kept. */
  stop(): Promise<void>;
  start(): Promise<void>;
  close(): Promise<void>;
}

/** A real registry on loopback, with data on disk. `login`: it lets nobody else in. */
export async function startRegistry({
  login,
}: { login?: { username: string; password: string } } = {}): Promise<RegistryServer> {
  const program = findServer('registry');
  const folder = await mkdtemp(path.join(os.tmpdir(), 'tl-registry-'));
  const [port] = await freePorts(1);
  const host = `127.0.0.1:${port}`;
  const users = path.join(folder, 'users');
  if (login !== undefined) await writeFile(users, `${login.username}:${await bcrypt(login.password)}\n`);
  const file = path.join(folder, 'config.yml');
  await writeFile(
    file,
    JSON.stringify({
      version: 0.1,
      log: { level: 'warn' },
      storage: { filesystem: { rootdirectory: path.join(folder, 'data') }, delete: { enabled: true } },
      http: { addr: host, secret: 'of a test' },
      ...(login === undefined ? {} : { auth: { htpasswd: { realm: 'test', path: users } } }),
    }),
  );
  let child: ChildProcess | undefined;
  let output = '';
  const start = async (): Promise<void> => {
    const started = spawn(program, ['serve', file], { stdio: ['ignore', 'pipe', 'pipe'] });
    child = started;
    for (const stream of [started.stdout, started.stderr])
      stream.on('data', (chunk: Buffer) => (output = (output + chunk.toString()).slice(-4000)));
    await until('the registry answers', async () => {
      if (started.exitCode !== null) throw new Error(`the registry ended: ${output}`);
      return [200, 401].includes((await fetch(`http://${host}/v2/`)).status);
    });
  };
  const stop = async (): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const last = setTimeout(() => child?.kill('SIGKILL'), 5000);
    await ended;
    clearTimeout(last);
  };
  await start();
  return {
    host,
    start,
    stop,
    close: async () => {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** As htpasswd writes it. Perl's crypt is the machine's own, and every Debian has Perl. */
async function bcrypt(password: string): Promise<string> {
  const { stdout } = await execa(
    'perl',
    ['-e', 'chomp($p = <STDIN>); print crypt($p, $ARGV[0])', '--', SALT],
    {
      input: `${password}\n`,
    },
  );
  if (!stdout.startsWith('$2')) throw new Error('the crypt of this machine knows no bcrypt');
  return stdout;
}

const SALT = '$2b$04$TowlineTowlineTowline.';
