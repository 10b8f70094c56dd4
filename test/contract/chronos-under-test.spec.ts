import { afterEach, describe, expect, it } from '@jest/globals';
import {
  serveHttp,
  type HttpAnswer,
  type HttpRequest,
  type RunningHttp,
} from '../../src/sandbox/http/server.js';
import { SimulatedChronos } from '../fakes/simulated-chronos.js';
import { realChronos } from './chronos-under-test.js';

describe('a real Chronos that the contract is to be run against', () => {
  let server: RunningHttp | undefined;
  afterEach(async () => {
    await server?.close();
    server = undefined;
  });

  const lacking = async (
    answer: (request: HttpRequest) => Promise<HttpAnswer>,
    env: Record<string, string> = {},
  ): Promise<Record<string, string>> => {
    server = await serveHttp({ host: '127.0.0.1', port: 0 }, answer);
    const real = await realChronos({ TOWLINE_TEST_CHRONOS_URL: `${server.url}/`, ...env }, 300);
    return Object.fromEntries(real?.lacks ?? []);
  };
  /** One whose jobs run, or wait for a Mesos for ever. */
  const chronos = (runs: boolean) => {
    const one = new SimulatedChronos(Date.now(), () => ({ code: 0, lasts: 0 }));
    return async (request: HttpRequest): Promise<HttpAnswer> => {
      one.engine.reload();
      if (runs) await one.until(Date.now());
      return one.answer(request);
    };
  };

  it('is none without a URL', async () => {
    expect(await realChronos({})).toBeUndefined();
  });

  it('lacks nothing where a job that does nothing runs', async () => {
    expect(await lacking(chronos(true))).toEqual({});
  });

  it('can run no task where that job does not run, and is left without it', async () => {
    const answer = chronos(false);
    expect(await lacking(answer)).toEqual({ tasks: expect.stringContaining('did not run') });
    const jobs = (await (await fetch(`${server?.url ?? ''}/v1/scheduler/jobs`)).json()) as unknown[];
    expect(jobs).toEqual([]);
  });

  it('is too old by its prefix', async () => {
    const old = chronos(true);
    expect(
      await lacking((request) =>
        request.path.startsWith('/v1')
          ? Promise.resolve({ status: 404 })
          : old({ ...request, path: `/v1${request.path}` }),
      ),
    ).toEqual({ contract: expect.stringContaining('2.x') });
  });

  it('is asked with the password that is given', async () => {
    const asked = new Set<string | undefined>();
    const answer = chronos(true);
    await lacking(
      (request) => {
        asked.add(request.headers.authorization);
        return answer(request);
      },
      { TOWLINE_TEST_CHRONOS_USER: 'a', TOWLINE_TEST_CHRONOS_PASSWORD: 'b' },
    );
    expect(asked).toEqual(new Set([`Basic ${btoa('a:b')}`]));
  });

  it('that is not there is no reason to skip anything', async () => {
    await expect(lacking(() => Promise.resolve({ status: 503 }))).rejects.toThrow('answers 503');
    await expect(realChronos({ TOWLINE_TEST_CHRONOS_URL: 'http://127.0.0.1:1' })).rejects.toThrow(
      "can't be tested",
    );
  });
});
