import Docker from 'dockerode';
import { isAbort, messageOf, TowlineError } from '../runtime/errors.js';

/** Undefined for what the engine does not have. */
export async function found<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof TowlineError && [304, 404, 409].includes(statusOf(error.cause) ?? 0))
      return undefined;
    throw error;
  }
}

/** What the engine answers; what it refuses, and that it does not answer, are errors that say so. */
export async function asked<T>(what: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    if (isAbort(cause)) throw cause;
    if (statusOf(cause) === undefined)
      throw new TowlineError(
        'containers-unavailable',
        'unavailable',
        `Docker does not answer: ${messageOf(cause)}`,
        {
          cause,
          help: 'Start Docker, or say where it is with DOCKER_HOST.',
        },
      );
    throw new TowlineError('containers-refused', 'refused', `Docker refuses ${what}: ${messageOf(cause)}`, {
      cause,
    });
  }
}

/** The HTTP status that an error of the engine carries; undefined where it did not answer. */
export function statusOf(cause: unknown): number | undefined {
  const status = (cause as { statusCode?: unknown } | undefined)?.statusCode;
  return typeof status === 'number' ? status : undefined;
}

/**
 * Without a host it is found as every Docker client finds it: DOCKER_HOST, DOCKER_TLS_VERIFY and DOCKER_CERT_PATH. What they say
 * may be no address, or certificates that are not there: `containers-host`.
 */
export function engineAt(host: string | undefined): Docker {
  try {
    return new Docker(host === undefined ? {} : connection(host));
  } catch (cause) {
    throw new TowlineError(
      'containers-host',
      'invalid',
      `no Docker engine can be reached by what is set: ${messageOf(cause)}`,
      { cause, help: 'Check DOCKER_HOST (unix:///path, tcp://host:port), and DOCKER_CERT_PATH with TLS.' },
    );
  }
}

function connection(host: string): Docker.DockerOptions {
  const url = new URL(host);
  if (url.protocol === 'unix:') return { socketPath: url.pathname };
  return {
    protocol: url.protocol === 'https:' ? 'https' : 'http',
    host: url.hostname,
    port: Number(url.port || 2375),
  };
}
