import { isObject, type Json, type JsonObject } from '../../../../domain/source/json.js';
import { TowlineError } from '../../../../runtime/errors.js';
import {
  HttpClient,
  type Answer,
  type Body,
  type Failures,
  type HttpClientOptions,
  type Method,
} from '../../../access/http-client.js';
import { unusable } from './answers.js';

export type ClientOptions = HttpClientOptions;

const FAILURES: Failures = {
  name: 'Marathon',
  unavailable: (message, help, cause) =>
    new TowlineError('marathon-unavailable', 'unavailable', message, { cause, help }),
  unknownOutcome: (message, help, cause) =>
    new TowlineError('marathon-unknown-outcome', 'unknown-outcome', message, { cause, help }),
  noAddress: (message, help) => new TowlineError('marathon-no-address', 'unavailable', message, { help }),
  elsewhere: (message, help) => new TowlineError('marathon-elsewhere', 'refused', message, { help }),
};

/** Marathon's HTTP API. */
export class MarathonClient extends HttpClient {
  constructor(options: ClientOptions) {
    super(options, FAILURES);
  }

  /**
   * Reads JSON with status 200; undefined for a 404 in Marathon's own words. Everything else is thrown, after some tries:
   * a failed read is never an empty one.
   */
  async read(path: string, signal: AbortSignal): Promise<JsonObject | Json[] | undefined> {
    return this.asking(path, signal, async () => {
      const answer = await this.send('GET', path, undefined, signal);
      if (answer.status === 404 && isObject(answer.json)) return undefined;
      if (answer.status === 200 && (isObject(answer.json) || Array.isArray(answer.json))) return answer.json;
      throw unusable(answer, `GET ${path}`);
    });
  }

  /** The status of a HEAD request, which tells whether a route exists. */
  async probe(path: string, signal: AbortSignal): Promise<number> {
    return this.asking(path, signal, async () => {
      const answer = await this.send('HEAD', path, undefined, signal);
      if (answer.status >= 500 || [401, 403, 429].includes(answer.status))
        throw unusable(answer, `HEAD ${path}`);
      return answer.status;
    });
  }

  /** One write, whatever it is answered. */
  async write(
    { method, path, body }: { method: Method; path: string; body?: Body },
    signal: AbortSignal,
  ): Promise<Answer> {
    return this.send(method, path, body, signal);
  }
}
