// The same configuration of git2consul, run by Towline and, where its folder is given, by git2consul itself.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { freePorts, waitForText } from './consul.mjs';

/**
 * Times of one program: the first mirror from its start, then a commit after the other, each told by a webhook. The branch
 * of `bare` is moved as a push does; a commit is there when the ref key has it.
 */
export async function timesOf(program, { consul, bare, folder, first, changes, name }) {
  const home = path.join(folder, `compare-${name}`);
  await mkdir(home);
  const [port] = await freePorts(1);
  const move = (commit) => writeFile(path.join(bare, 'refs/heads/main'), `${commit}\n`);
  const key = `${name}/main.ref`;
  const config = path.join(home, 'git2consul.json');
  await writeFile(
    config,
    JSON.stringify({
      version: '1.0',
      // Without a limit it opens a socket for each file, and Consul drops those beyond its own limit.
      max_sockets: 8,
      local_store: path.join(home, 'store'),
      logger: { name: 'bench', streams: [{ level: 'fatal', stream: 'process.stderr' }] },
      repos: [
        { name, url: `file://${bare}`, branches: ['main'], hooks: [{ type: 'github', port, url: '/poke' }] },
      ],
    }),
  );
  await mkdir(path.join(home, 'store'));
  await move(first);
  const begun = performance.now();
  const [command, ...args] = program(config, consul.url);
  const child = spawn(command, args, { cwd: home, stdio: 'ignore' });
  try {
    await waitForText(consul.url, key, first);
    const firstMs = performance.now() - begun;
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const times = [];
    for (const commit of changes) {
      await move(commit);
      const from = performance.now();
      const done = waitForText(consul.url, key, commit);
      const body = JSON.stringify({ ref: 'refs/heads/main', head_commit: { id: commit } });
      const headers = { 'content-type': 'application/json' };
      await (await fetch(`http://127.0.0.1:${port}/poke`, { method: 'POST', headers, body })).arrayBuffer();
      await done;
      times.push(performance.now() - from);
      // It writes its clone's state after the ref; the next push must not meet that.
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8');
    return { firstMs, times, peakMiB: Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024) };
  } finally {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    await ended;
    await rm(path.join(home, 'store'), { recursive: true, force: true, maxRetries: 5 });
  }
}

/** `towline mirror --git2consul-config`. */
export const towline = (program) => (config, consul) => [
  'env',
  `CONSUL_HTTP_ADDR=${consul}`,
  process.execPath,
  program,
  'mirror',
  '--git2consul-config',
  config,
];

/** git2consul from its folder, with the dependencies that it was installed with. */
export const git2consul = (home) => (config, consul) => {
  const { hostname, port } = new URL(consul);
  return [process.execPath, path.join(home, 'index.js'), '-e', hostname, '-p', port, '-f', config];
};
