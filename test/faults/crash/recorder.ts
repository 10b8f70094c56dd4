import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { JsonObject } from '../../../src/domain/source/json.js';

/** A change that a scheduler accepted. */
export interface Accepted {
  scheduler: 'marathon' | 'chronos';
  verb: 'put' | 'delete' | 'restart' | 'trigger';
  id: string;
  document?: JsonObject;
  /** It was announced on the ledger's branch when it came. */
  announced: boolean;
}

export interface Call {
  method: string;
  path: string;
  query: URLSearchParams;
  body: JsonObject;
}

export interface Answered {
  status: number;
  body?: unknown;
  accepted?: Omit<Accepted, 'scheduler' | 'announced'>;
}

export interface Recorder {
  url: string;
  /** Asked about each request, before it is looked at and before it is answered; true: the caller is dead by now. */
  strike: (when: 'on its way' | 'not answered', call: Call) => boolean;
  close(): Promise<void>;
}

/** Serves a scheduler over HTTP and tells what it accepts, in order. */
export async function recorder(
  answer: (call: Call) => Answered,
  accepted: (what: Omit<Accepted, 'scheduler' | 'announced'>) => void,
): Promise<Recorder> {
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('error', () => undefined);
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url ?? '/', 'http://localhost');
      const call = {
        method: request.method ?? 'GET',
        path: decodeURIComponent(url.pathname),
        query: url.searchParams,
        body: parsed(Buffer.concat(chunks).toString()),
      };
      // Nobody has to listen to events: polling goes on.
      if (call.path === '/v2/events') return void response.writeHead(404).end();
      if (self.strike('on its way', call)) return void response.destroy();
      const { status, body, accepted: what } = answer(call);
      if (what !== undefined) accepted(what);
      if (self.strike('not answered', call)) return void response.destroy();
      response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body));
    });
  });
  const self: Recorder = {
    url: '',
    strike: () => false,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  self.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return self;
}

function parsed(text: string): JsonObject {
  return text === '' ? {} : (JSON.parse(text) as JsonObject);
}
