import { mkdtemp, mkdir, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { silentLog } from '../../src/runtime/log.js';
import { startChronosPart } from '../../src/sandbox/chronos/index.js';
import { startMarathonPart } from '../../src/sandbox/marathon/index.js';
import { removeFolder } from '../scenario/chain.js';
import { Processes, type Finished } from '../scenario/processes.js';
import { startConsul, type ConsulServer } from '../servers/index.js';

/** A job repository, a real Consul, and the sandbox's schedulers in this process, driven by the built command. */
export interface World {
  consul: ConsulServer;
  folder: string;
  bare: string;
  work: string;
  marathonUrl: string;
  /** The sandbox's own address, where `marathonUrl` is a proxy in front of it. */
  realMarathonUrl: string;
  chronosUrl: string;
  processes: Processes;
  env: Record<string, string>;
  program: string;
  configFile: string;
  git(...args: string[]): Promise<string>;
  towline(...args: string[]): Promise<Finished>;
  write(files: Record<string, string | null>): Promise<void>;
  /** Commits everything and pushes it. Answers the revision. */
  push(message: string): Promise<string>;
  close(): Promise<void>;
}

const project = path.resolve(import.meta.dirname, '../..');

export async function openWorld(more: { marathonUrl?: string } = {}): Promise<World> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'towline-world-'));
  const [bare, work] = [path.join(folder, 'jobs.git'), path.join(folder, 'work')];
  const consul = await startConsul();
  const log = silentLog();
  const marathon = await startMarathonPart({
    dataDir: path.join(folder, 'marathon'),
    host: '127.0.0.1',
    port: 0,
    log,
    timeScale: 5,
  });
  const chronos = await startChronosPart({
    dataDir: path.join(folder, 'chronos'),
    host: '127.0.0.1',
    port: 0,
    log,
  });
  const marathonUrl = more.marathonUrl ?? marathon.url;
  const kept = Object.entries(process.env).filter(
    (e): e is [string, string] =>
      e[1] !== undefined && !/^(CONSUL_|TOWLINE_|GIT_|npm_|NODE_OPTIONS|JEST)/.test(e[0]),
  );
  const env = {
    ...Object.fromEntries(kept),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: path.join(folder, 'none'),
    GIT_AUTHOR_NAME: 'Ann',
    GIT_AUTHOR_EMAIL: 'ann@example.org',
    GIT_COMMITTER_NAME: 'Ann',
    GIT_COMMITTER_EMAIL: 'ann@example.org',
    NO_COLOR: '1',
    CONSUL_HTTP_ADDR: consul.url,
    TOWLINE_REPOSITORY_URL: bare,
    TOWLINE_LOG_LEVEL: 'info',
    TOWLINE_LOG_FORMAT: 'json',
    TOWLINE_POLL_SECONDS: '1',
  };
  const processes = new Processes(env);
  const program = path.join(project, 'dist/towline.js');
  const configFile = path.join(work, 'towline.yaml');
  await mkdir(work, { recursive: true });
  const git = async (...args: string[]): Promise<string> => {
    const result = await processes.run('git', args, { cwd: work });
    if (result.code !== 0) throw new Error(`git ${args.join(' ')}: ${result.stderr}`);
    return result.stdout.trim();
  };
  const write = async (files: Record<string, string | null>): Promise<void> => {
    for (const [name, text] of Object.entries(files)) {
      const file = path.join(work, name);
      await mkdir(path.dirname(file), { recursive: true });
      if (text === null) await git('rm', '-q', '--', name);
      else await writeFile(file, text);
    }
  };
  await processes.run('git', ['init', '-q', '--bare', '-b', 'main', bare]);
  await git('init', '-q', '-b', 'main');
  await git('remote', 'add', 'origin', bare);
  await write({
    'towline.yaml': `version: 1\nenvironments:\n  test:\n    folder: jobs\n    schedulers:\n      marathon: { url: '${marathonUrl}' }\n      chronos: { url: '${chronos.url}' }\n    deploy: { timeoutSeconds: 20, soakSeconds: 1, concurrency: 8, prune: { maxCount: 1000, maxShare: 1 } }\n`,
  });
  return {
    consul,
    folder,
    bare,
    work,
    marathonUrl,
    realMarathonUrl: marathon.url,
    chronosUrl: chronos.url,
    processes,
    env,
    program,
    configFile,
    git,
    write,
    towline: (...args) =>
      processes.run(process.execPath, [program, '--config', configFile, ...args], { cwd: work }),
    push: async (message) => {
      await git('add', '-A');
      await git('commit', '-q', '-m', message);
      await git('push', '-q', 'origin', 'HEAD:main');
      return git('rev-parse', 'HEAD');
    },
    close: async () => {
      await processes.stopAll();
      await marathon.close();
      await chronos.close();
      await consul.close();
      await removeFolder(folder);
    },
  };
}

/** A Marathon app that runs nothing: cheap enough to have hundreds of. */
export function idle(id: string, more: object = {}): string {
  return `${JSON.stringify({ id, cmd: 'exec sleep 1000', cpus: 0.01, mem: 16, instances: 0, portDefinitions: [], ...more }, null, 2)}\n`;
}

export async function appsOf(
  marathonUrl: string,
): Promise<{ id: string; version: string; versions: number; env?: Record<string, string> }[]> {
  const { apps } = (await (await fetch(`${marathonUrl}/v2/apps`)).json()) as {
    apps: { id: string; version: string; env?: Record<string, string> }[];
  };
  return Promise.all(
    apps.map(async (app) => {
      const { versions } = (await (await fetch(`${marathonUrl}/v2/apps${app.id}/versions`)).json()) as {
        versions: string[];
      };
      return { ...app, versions: versions.length };
    }),
  );
}
