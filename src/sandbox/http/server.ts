import http from 'node:http';
import type { AddressInfo } from 'node:net';

export interface HttpRequest {
  method: string;
  /** Path with its percent-encoding, without the query. */
  path: string;
  query: URLSearchParams;
  headers: http.IncomingHttpHeaders;
  body: Buffer;
  /** Fires when the client goes away. */
  closed: AbortSignal;
}

export interface HttpAnswer {
  status: number;
  headers?: Record<string, string>;
  body?: Buffer | string;
  /** Takes the response over, for streams. */
  stream?: (response: http.ServerResponse) => void;
}

export interface RunningHttp {
  url: string;
  port: number;
  close(): Promise<void>;
}

export interface HttpOptions {
  host: string;
  port: number;
  /** Bytes of a body beyond which 413 is answered. */
  bodyLimit?: number;
}

/** A plain HTTP server around one function. An error in it becomes a 500, and the server goes on. */
export async function serveHttp(
  { host, port, bodyLimit = 64 * 1024 * 1024 }: HttpOptions,
  handle: (request: HttpRequest) => Promise<HttpAnswer>,
): Promise<RunningHttp> {
  const server = http.createServer((request, response) => {
    void answer(request, response);
  });
  const answer = async (request: http.IncomingMessage, response: http.ServerResponse): Promise<void> => {
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    try {
      const body = await readBody(request, bodyLimit);
      if (body === undefined) {
        response.writeHead(413, { connection: 'close' }).end('Request body too large');
        return;
      }
      const [path = '/', query = ''] = (request.url ?? '/').split(/\?(.*)/s);
      const result = await handle({
        method: request.method ?? 'GET',
        path,
        query: new URLSearchParams(query),
        headers: request.headers,
        body,
        closed: gone.signal,
      });
      response.writeHead(result.status, result.headers);
      if (result.stream !== undefined) result.stream(response);
      else response.end(request.method === 'HEAD' ? undefined : result.body);
    } catch (error) {
      if (response.headersSent) response.destroy();
      else
        response
          .writeHead(500, { 'content-type': 'text/plain' })
          .end(error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
  };
  server.keepAliveTimeout = 30_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const actual = (server.address() as AddressInfo).port;
  return {
    url: `http://${host}:${actual}`,
    port: actual,
    close: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function readBody(request: http.IncomingMessage, limit: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).byteLength;
    if (size <= limit) chunks.push(chunk as Buffer);
  }
  return size > limit ? undefined : Buffer.concat(chunks);
}

export function jsonAnswer(status: number, body: unknown, headers: Record<string, string> = {}): HttpAnswer {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
}
