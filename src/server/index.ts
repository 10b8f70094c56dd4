import { fastify, type FastifyInstance } from 'fastify';
import { collectDefaultMetrics, Counter, Registry } from 'prom-client';
import { TowlineError } from '../runtime/errors.js';
import type { Log } from '../runtime/log.js';
import type { Worker } from '../workers/worker.js';
import { Deliveries, deliveryId, hintOf } from './delivery.js';
import { isAuthentic } from './signature.js';

export interface ServerOptions {
  /** `127.0.0.1:7070`; port 0 takes a free one. */
  listen: string;
  workers: readonly Worker<unknown>[];
  log: Log;
  /** Where set, a webhook must prove that it knows it. */
  webhookSecret?: string;
  /** Branches of environments by their names; what names only others wakes nobody. */
  branches?: ReadonlyMap<string, string>;
  /** In ms since the epoch. Default: the clock of the machine. */
  now?: () => number;
}

export interface RunningServer {
  url: string;
  close(): Promise<void>;
}

/** A push of a forge is some kilobytes; a body is only a hint, so a large one is refused and not read. */
const BODY_LIMIT = 1024 * 1024;

/** Webhooks, health and metrics. A webhook carries no data into the chain: it only wakes workers, which look themselves. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const app = buildServer(options);
  const { host, port } = parseListen(options.listen);
  try {
    const url = await app.listen({ host, port });
    options.log.info({ url }, 'listening');
    return { url, close: () => app.close() };
  } catch (cause) {
    throw new TowlineError('server-listen', 'invalid', `${options.listen} can't be listened on`, {
      cause,
      help: 'Choose another address with --listen or server.listen, or leave the server out with --no-server.',
    });
  }
}

/** The server without a socket, for tests. */
export function buildServer({
  workers,
  log,
  webhookSecret,
  branches,
  now = Date.now,
}: ServerOptions): FastifyInstance {
  const registry = new Registry();
  // By default it looks at the event loop a hundred times a second, which is most of what an idle daemon does.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 500 });
  const received = new Counter({
    name: 'towline_webhooks_total',
    help: 'Webhooks received, by result',
    labelNames: ['result'] as const,
    registers: [registry],
  });
  const deliveries = new Deliveries(now);
  const app = fastify({ bodyLimit: BODY_LIMIT, forceCloseConnections: true });
  // Signatures are made over the bytes as they were sent, so nothing may be parsed before they are checked.
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  app.get('/healthz', async () => ({
    status: 'ok',
    workers: workers.map(({ name, environment }) => ({ name, environment })),
  }));
  app.get('/metrics', async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  );
  // `/webhook`: something was pushed. `/reconcile`: compare everything, as a person asks for it.
  for (const [route, full] of [
    ['/webhook', false],
    ['/reconcile', true],
  ] as const)
    app.post<{ Params: { environment?: string } }>(`${route}/:environment?`, async (request, reply) => {
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      if (webhookSecret !== undefined && !isAuthentic(request.headers, body, webhookSecret, now())) {
        received.inc({ result: 'refused' });
        return reply.code(401).send({ error: 'the signature or token of this webhook is missing or wrong' });
      }
      const { environment } = request.params;
      const hint = hintOf(request.headers, body);
      if (hint.kind === 'ping') return reply.code(200).send({ pong: true });
      const id = deliveryId(request.headers, body);
      if (!full && id !== undefined && !deliveries.isNew(`${environment ?? ''} ${id}`)) {
        received.inc({ result: 'repeated' });
        return reply.code(202).send({ woken: [], repeated: true });
      }
      const name = hint.kind === 'image' ? 'promote' : 'mirror';
      const woken = workers.filter(
        (w) =>
          w.name === name &&
          (environment === undefined || w.environment === environment) &&
          isAbout(hint.branches, branches?.get(w.environment)),
      );
      for (const worker of woken) worker.wake({ full });
      received.inc({ result: 'accepted' });
      log.info({ environment, woken: woken.length }, full ? 'asked to reconcile' : 'webhook received');
      return reply.code(202).send({ woken: woken.map((w) => w.environment) });
    });
  return app;
}

/** What does not say its branches, or is heard by who has none of its own, is about everybody. */
function isAbout(pushed: readonly string[] | undefined, branch: string | undefined): boolean {
  return pushed === undefined || branch === undefined || pushed.includes(branch);
}

function parseListen(listen: string): { host: string; port: number } {
  const at = listen.lastIndexOf(':');
  const host = listen.slice(0, at).replace(/^\[|\]$/g, '');
  const port = Number(listen.slice(at + 1));
  if (at > 0 && Number.isInteger(port) && port >= 0 && port <= 65_535) return { host, port };
  throw new TowlineError('server-address', 'invalid', `"${listen}" is no address`, {
    help: 'Write it as HOST:PORT, for example 127.0.0.1:7070.',
  });
}
