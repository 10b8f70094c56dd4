import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a server was asked. */
export interface Asked {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  text: string;
  /** The body where it is JSON. */
  body: unknown;
}

export type Reply = (response: ServerResponse, asked: Asked) => void;

/** A server on this machine that remembers what it was asked, and misbehaves when it is told to. */
export class LocalServer {
  asked: Asked[] = [];
  /** Looked at first; true: it has answered, or never will. */
  instead: ((response: ServerResponse, asked: Asked) => boolean) | undefined;
  url = '';
  readonly #server: Server;

  constructor(usual: Reply) {
    this.#server = createServer((request, response) => {
      const pieces: Buffer[] = [];
      const { method = '', url = '', headers } = request;
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        const text = Buffer.concat(pieces).toString();
        const asked = { method, url, headers, text, body: parsed(text) };
        this.asked.push(asked);
        if (this.instead?.(response, asked) !== true) usual(response, asked);
      });
    });
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Does what the next such request asks for, and the answer gets lost. */
  loseAnswer(of: (asked: Asked) => boolean, usual: Reply): void {
    let lost = false;
    this.instead = (response, asked) => {
      if (lost || !of(asked)) return false;
      lost = true;
      // Whatever is written to it comes to nothing.
      response.destroy();
      usual(response, asked);
      return true;
    };
  }
}

export function sendJson(
  response: ServerResponse,
  value: unknown,
  status = 200,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
