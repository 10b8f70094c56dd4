import http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Seen {
  method: string;
  /** With its query. */
  path: string;
  headers: http.IncomingHttpHeaders;
  body: string;
}

/**
 * What the proxy does with a request: pass it on, drop it without an answer, answer by itself (`after: 'pass'`: once it was passed on), or pass it
 * on and lose the answer.
 */
export type Reaction =
  | 'pass'
  | 'lose'
  | 'drop'
  | { status: number; body: string; headers?: Record<string, string>; after?: 'pass' };

export interface MisbehavingProxy {
  url: string;
  /** Everything that came, in order. */
  readonly seen: Seen[];
  /** Decides about each request; `pass` until set. */
  react: (request: Seen) => Reaction;
  /** The path at the server behind it. */
  rewrite: (path: string) => string;
  close(): Promise<void>;
}

/** A proxy in front of a scheduler that misbehaves on demand, as proxies, load balancers and standbys do. */
export async function misbehavingProxy(target: () => string): Promise<MisbehavingProxy> {
  const proxy: MisbehavingProxy = {
    url: '',
    seen: [],
    react: () => 'pass',
    rewrite: (path) => path,
    close: async () => undefined,
  };
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = 'GET', url: path = '/', headers } = request;
      const body = Buffer.concat(chunks);
      const seen = { method, path, headers, body: body.toString() };
      proxy.seen.push(seen);
      const reaction = proxy.react(seen);
      if (reaction === 'drop') return void response.destroy();
      if (typeof reaction === 'object' && reaction.after === undefined)
        return void response.writeHead(reaction.status, reaction.headers).end(reaction.body);
      const onward = http.request(`${target()}${proxy.rewrite(path)}`, { method, headers }, (answer) => {
        // The request arrived, its answer does not.
        if (reaction === 'lose') return void response.destroy();
        if (typeof reaction === 'object') {
          answer.resume();
          return void response.writeHead(reaction.status, reaction.headers).end(reaction.body);
        }
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      onward.on('error', () => response.destroy());
      response.on('close', () => onward.destroy());
      onward.end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  proxy.close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return proxy;
}

/** The page of a proxy whose backend is away. */
export const PAGE = (status: number): Reaction => ({
  status,
  headers: { 'content-type': 'text/html' },
  body: `<html><head><title>${status}</title></head><body>Service Unavailable</body></html>`,
});

export const JSON_ANSWER = (status: number, body: object): Reaction => ({
  status,
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
});
