// A real Consul of its own, on loopback and free ports, and the few calls that the benchmarks make themselves.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { findServer } from '../../scripts/servers.mjs';

export async function startConsul() {
  const program = findServer('consul');
  const folder = await mkdtemp(path.join(os.tmpdir(), 'towline-bench-consul-'));
  const [http, server, lan, wan] = await freePorts(4);
  const child = spawn(
    program,
    [
      ...['agent', '-server', '-bootstrap-expect=1', '-bind=127.0.0.1', '-client=127.0.0.1'],
      ...[`-data-dir=${folder}`, `-http-port=${http}`, `-server-port=${server}`],
      ...[
        `-serf-lan-port=${lan}`,
        `-serf-wan-port=${wan}`,
        '-dns-port=-1',
        '-grpc-port=-1',
        '-log-level=err',
      ],
      ...['-hcl=performance { raft_multiplier = 1 }', '-hcl=disable_update_check = true'],
    ],
    { stdio: 'ignore' },
  );
  const url = `http://127.0.0.1:${http}`;
  for (let tries = 0; ; tries++) {
    const ready = await fetch(`${url}/v1/kv/ready`, { method: 'PUT', body: 'x' }).catch(() => undefined);
    if (ready?.ok) break;
    if (tries > 300) throw new Error('Consul does not come up');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    url,
    async close() {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Raw transactions of 64 sets, 8 in flight: nothing that writes can be much quicker. */
export async function writeRaw(url, prefix, files) {
  const batches = [];
  for (let at = 0; at < files.length; at += 64) batches.push(files.slice(at, at + 64));
  const sender = async () => {
    for (let batch = batches.pop(); batch !== undefined; batch = batches.pop()) {
      const body = JSON.stringify(
        batch.map(({ path: name, bytes }) => ({
          KV: { Verb: 'set', Key: prefix + name, Value: bytes.toString('base64') },
        })),
      );
      const answer = await fetch(`${url}/v1/txn`, { method: 'PUT', body });
      if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
      await answer.arrayBuffer();
    }
  };
  await Promise.all(Array.from({ length: 8 }, sender));
}

/** Waits until a key holds a text, by blocking queries. */
export async function waitForText(url, key, text) {
  for (let index = 0; ;) {
    const answer = await fetch(`${url}/v1/kv/${key}?wait=60s${index === 0 ? '' : `&index=${index}`}`);
    index = Number(answer.headers.get('x-consul-index') ?? 0);
    const body = answer.status === 200 ? await answer.json() : [];
    if (answer.status !== 200) await answer.arrayBuffer();
    const value = body[0]?.Value ?? '';
    if (Buffer.from(value, 'base64').toString().includes(text)) return;
  }
}

export async function freePorts(count) {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      const server = net.createServer();
      return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
    }),
  );
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
