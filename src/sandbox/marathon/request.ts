import { jsonAnswer, type HttpAnswer, type HttpRequest } from '../http/server.js';
import type { Deployments } from './deployments.js';
import type { Engine } from './engine.js';
import type { Events } from './events.js';
import type { Store } from './store.js';
import { ApiError } from './types.js';

/** What the API works on. */
export interface Parts {
  engine: Engine;
  store: Store;
  deployments: Deployments;
  events: Events;
  frameworkId: string;
  url: () => string;
}

export function body(request: HttpRequest): unknown {
  if (!String(request.headers['content-type'] ?? '').includes('json'))
    throw new ApiError(415, { message: 'Unsupported Media Type' });
  try {
    return JSON.parse(request.body.toString('utf8')) as unknown;
  } catch (error) {
    throw new ApiError(400, {
      message: 'Invalid JSON',
      details: error instanceof Error ? error.message : String(error),
    });
  }
}

export const flag = (request: HttpRequest, name: string, otherwise: boolean): boolean =>
  request.query.has(name) ? request.query.get(name) !== 'false' : otherwise;

export function deployed(
  { version, deploymentId }: { version: string; deploymentId: string },
  code = 200,
): HttpAnswer {
  return jsonAnswer(code, { version, deploymentId }, { 'marathon-deployment-id': deploymentId });
}
