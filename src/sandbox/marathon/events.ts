import type { ServerResponse } from 'node:http';
import type { HttpAnswer, HttpRequest } from '../http/server.js';
import type { Doc } from './types.js';

/** The event stream: no ids, no replay; who is not there misses it. */
export class Events {
  readonly #listeners = new Set<{ response: ServerResponse; types: Set<string> }>();

  emit(eventType: string, payload: Doc): void {
    const data = JSON.stringify({ ...payload, eventType, timestamp: new Date().toISOString() });
    for (const { response, types } of this.#listeners)
      if (types.size === 0 || types.has(eventType))
        response.write(`event: ${eventType}\r\ndata: ${data}\r\n\r\n`);
  }

  /** Needs `Accept: text/event-stream`, else 405. */
  open({ headers, query, closed }: HttpRequest): HttpAnswer {
    if (!String(headers.accept ?? '').includes('text/event-stream')) return { status: 405 };
    return {
      status: 200,
      headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' },
      stream: (response) => {
        const listener = { response, types: new Set(query.getAll('event_type')) };
        response.write(
          `event: event_stream_attached\r\ndata: ${JSON.stringify({ eventType: 'event_stream_attached' })}\r\n\r\n`,
        );
        this.#listeners.add(listener);
        closed.addEventListener('abort', () => this.#listeners.delete(listener));
      },
    };
  }
}
