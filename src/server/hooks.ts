import { fastify } from 'fastify';
import { TowlineError } from '../runtime/errors.js';
import type { Log } from '../runtime/log.js';
import type { Worker } from '../workers/worker.js';
import { isAuthentic } from './signature.js';

export interface Hook {
  port: number;
  path: string;
  /** Where set, a request must prove that it knows it. */
  secret?: string;
  workers: readonly Pick<Worker<unknown>, 'wake'>[];
}

/** Larger bodies are of no webhook; they are refused and not read. */
const BODY_LIMIT = 5 * 1024 * 1024;

/**
 * Webhooks on ports and paths of their own, as git2consul has them. Whatever stands in a request is only a hint: it wakes
 * the mirrors, which look at the repository themselves.
 */
export async function startHooks(
  hooks: readonly Hook[],
  { host, log }: { host: string; log: Log },
): Promise<{ close(): Promise<void> }> {
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const each of closers) await each();
  };
  for (const port of new Set(hooks.map((hook) => hook.port))) {
    const app = fastify({ bodyLimit: BODY_LIMIT, forceCloseConnections: true });
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
    for (const { path, workers, secret } of hooks.filter((hook) => hook.port === port))
      app.route({
        method: ['GET', 'POST', 'PUT', 'DELETE'],
        url: path,
        handler: async (request, reply) => {
          const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
          if (secret !== undefined && !isAuthentic(request.headers, body, secret))
            return reply.code(401).send('the signature or token of this webhook is missing or wrong');
          for (const worker of workers) worker.wake();
          return 'ok';
        },
      });
    closers.push(() => app.close());
    try {
      const url = await app.listen({ host, port });
      log.info({ url }, 'listening for webhooks');
    } catch (cause) {
      await close();
      throw new TowlineError('server-listen', 'invalid', `${host}:${port} can't be listened on`, {
        cause,
        help: 'Another program has the port, or the address is not one of this machine.',
      });
    }
  }
  return { close };
}
