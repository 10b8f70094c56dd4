import { spawn } from 'node:child_process';
import http from 'node:http';
import net from 'node:net';
import { asDoc, asList, numberOf, type Doc, type LiveTask, type RunSpec } from './types.js';

interface Reactions {
  /** A check failed as often as it may. */
  unhealthy(message: string): void;
  changed(healthy: boolean): void;
}

/** Begins the health and readiness checks of a task; they end with its timers. */
export function startChecks(
  task: LiveTask,
  { spec, kind }: RunSpec,
  secondMs: number,
  reactions: Reactions,
): void {
  if (kind !== 'app') return;
  asList(spec['healthChecks']).forEach((check, at) =>
    watchHealth(task, asDoc(check), at, secondMs, reactions),
  );
  const readiness = asList(spec['readinessChecks']).map(asDoc)[0];
  if (readiness !== undefined) watchReadiness(task, spec, readiness, secondMs);
}

function watchHealth(
  task: LiveTask,
  check: Doc,
  at: number,
  secondMs: number,
  { unhealthy, changed }: Reactions,
): void {
  const began = Date.now();
  let busy = false;
  const look = async (): Promise<void> => {
    const result = task.health[at];
    if (busy || task.killing || result === undefined) return;
    busy = true;
    const cause = await probe(check, task, numberOf(check['timeoutSeconds'], 20) * secondMs).finally(
      () => (busy = false),
    );
    const good = cause === undefined;
    if (task.killing) return;
    const now = new Date().toISOString();
    const before = result.alive;
    result.seen = true;
    if (good) {
      Object.assign(result, {
        alive: true,
        failures: 0,
        lastSuccess: now,
        firstSuccess: result.firstSuccess ?? now,
      });
    } else {
      result.lastFailure = now;
      result.cause = cause;
      const inGrace =
        result.firstSuccess === undefined &&
        Date.now() - began < numberOf(check['gracePeriodSeconds'], 300) * secondMs;
      if (!inGrace) {
        result.alive = false;
        result.failures += 1;
      }
      const most = numberOf(check['maxConsecutiveFailures'], 3);
      if (!inGrace && most > 0 && result.failures >= most)
        return unhealthy(
          `Task was killed since health check failed. Reason: ${String(check['protocol'] ?? 'HTTP')} check failed ${result.failures} times`,
        );
    }
    if (before !== result.alive) changed(result.alive);
  };
  task.timers.push(
    setInterval(() => void look(), Math.max(20, numberOf(check['intervalSeconds'], 60) * secondMs)),
    setInterval(() => void (task.health[at]?.seen === false && look()), 100),
  );
  void look();
}

function watchReadiness(task: LiveTask, spec: Doc, check: Doc, secondMs: number): void {
  task.ready = false;
  const definitions = asList(spec['portDefinitions'] ?? asDoc(spec['container'])['portMappings']).map(asDoc);
  const index = Math.max(
    0,
    definitions.findIndex((d) => d['name'] === (check['portName'] ?? 'http-api')),
  );
  const codes = asList(check['httpStatusCodesForReady'] ?? [200]);
  const timer = setInterval(
    () => {
      void status(
        `http://127.0.0.1:${task.ports[index]}${String(check['path'] ?? '/')}`,
        numberOf(check['timeoutSeconds'], 10) * secondMs,
      ).then((code) => {
        if (!codes.includes(code)) return;
        task.ready = true;
        clearInterval(timer);
      });
    },
    Math.max(20, numberOf(check['intervalSeconds'], 30) * secondMs),
  );
  task.timers.push(timer);
}

/** Why a check does not pass; undefined where it does. */
async function probe(check: Doc, task: LiveTask, timeoutMs: number): Promise<string | undefined> {
  const protocol = String(check['protocol'] ?? 'HTTP').toUpperCase();
  const port =
    check['port'] === undefined
      ? (task.ports[numberOf(check['portIndex'], 0)] ?? 0)
      : numberOf(check['port'], 0);
  if (protocol === 'COMMAND')
    return (await command(
      String(asDoc(check['command'])['value']),
      { HOST: '127.0.0.1', PORT0: String(task.ports[0] ?? ''), PORT: String(task.ports[0] ?? '') },
      timeoutMs,
    ))
      ? undefined
      : 'Command exited with a status other than 0';
  if (protocol.endsWith('TCP'))
    return (await connects(port, timeoutMs)) ? undefined : `ConnectException: nothing listens on ${port}`;
  const code = await status(`http://127.0.0.1:${port}${String(check['path'] ?? '/')}`, timeoutMs);
  if (code >= 200 && code < 400) return undefined;
  return code === 0 ? `ConnectException: nothing answers on ${port}` : `${code} from port ${port}`;
}

function status(url: string, timeoutMs: number): Promise<number> {
  return new Promise((resolve) => {
    const request = http.get(url, { agent: false, timeout: Math.max(50, timeoutMs) }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(0));
  });
}

function connects(port: number, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1');
    const end = (good: boolean): void => {
      socket.destroy();
      resolve(good);
    };
    socket.setTimeout(Math.max(50, timeoutMs), () => end(false));
    socket.on('connect', () => end(true));
    socket.on('error', () => end(false));
  });
}

function command(text: string, env: Record<string, string>, timeoutMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn('/bin/sh', ['-c', text], {
      env: { ...process.env, ...env },
      stdio: 'ignore',
      timeout: Math.max(50, timeoutMs),
    });
    child.on('error', () => resolve(false));
    child.on('exit', (code) => resolve(code === 0));
  });
}
