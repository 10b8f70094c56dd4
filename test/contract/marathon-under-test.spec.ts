import { afterEach, describe, expect, it } from '@jest/globals';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { realMarathon, type Ability } from './marathon-under-test.js';

type Answer = [status: number, body: unknown];

describe('a real Marathon that the contract is to be run against', () => {
  let server: http.Server | undefined;
  const asked: string[] = [];
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
    server = undefined;
    asked.length = 0;
  });

  const serve = async (answers: Record<string, Answer>): Promise<string> => {
    server = http.createServer((request, response) => {
      const [status, body] = answers[request.url ?? ''] ?? [200, {}];
      asked.push(String(request.headers.authorization));
      response.writeHead(status).end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const lacking = async (answers: Record<string, Answer>, env: Record<string, string> = {}) => {
    const url = await serve(answers);
    return (await realMarathon({ TOWLINE_TEST_MARATHON_URL: `${url}/`, ...env }))?.lacks;
  };
  const info = (version: string, more: object = { frameworkId: 'f' }): Record<string, Answer> => ({
    '/v2/info': [200, { version, ...more }],
  });

  it('is none without a URL', async () => {
    expect(await realMarathon({})).toBeUndefined();
  });

  it.each<[string, Record<string, Answer>, Partial<Record<Ability, RegExp>>]>([
    ['a current one', info('1.11.24'), {}],
    ['the oldest that counts', info('1.5.0'), {}],
    ['one from before', info('1.4.13'), { contract: /Marathon 1\.4\.13, and this holds from 1\.5 on/ }],
    [
      'one without pods',
      { ...info('1.8.0'), '/v2/pods': [404, {}] },
      { pods: /HEAD \/v2\/pods answers 404/ },
    ],
    ['one that shows no events', { ...info('1.8.0'), '/v2/events': [403, {}] }, { events: /answers 403/ }],
    ['one without a Mesos', info('1.8.0', { frameworkId: null }), { tasks: /not registered with a Mesos/ }],
  ])('tells of %s what it lacks, and why', async (_what, answers, expected) => {
    const lacks = await lacking(answers);
    expect([...(lacks ?? new Map<Ability, string>()).keys()].sort()).toEqual(Object.keys(expected).sort());
    for (const [ability, reason] of Object.entries(expected))
      expect(lacks?.get(ability as Ability)).toMatch(reason);
  });

  it('is asked with the credentials that are given', async () => {
    await lacking(info('1.10.0'), { TOWLINE_TEST_MARATHON_USER: 'a', TOWLINE_TEST_MARATHON_PASSWORD: 'b' });
    expect(new Set(asked)).toEqual(new Set([`Basic ${btoa('a:b')}`]));
    server?.close();
    asked.length = 0;
    await lacking(info('1.10.0'), { TOWLINE_TEST_MARATHON_TOKEN: 't' });
    expect(new Set(asked)).toEqual(new Set(['token=t']));
  });

  it('is no reason to skip where it does not answer', async () => {
    await expect(lacking({ '/v2/info': [503, {}] })).rejects.toThrow(
      /TOWLINE_TEST_MARATHON_URL.*answers 503/,
    );
  });
});
