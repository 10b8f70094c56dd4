import { afterAll, beforeAll, describe } from '@jest/globals';
import { answersContract } from '../../src/ports/answers.contract.js';
import { mergeRequestsContract } from '../../src/ports/merge-requests.contract.js';
import { REQUEST_FORGES, REQUEST_TOKEN, RequestServer } from '../fakes/forge-merge-requests.js';
import { MemoryMergeRequests } from '../fakes/memory-merge-requests.js';

describe.each(REQUEST_FORGES)('merge requests of $forge', (forge) => {
  mergeRequestsContract(async () => {
    const server = new RequestServer(forge);
    await server.start();
    return {
      requests: forge.make(server.access()),
      end: (ended, state) => void Object.assign(server.all.find(({ id }) => id === ended) ?? {}, { state }),
      count: () => server.all.length,
      add: (branches) => void server.add(branches),
      close: () => server.close(),
    };
  });

  describe('a forge', () => {
    const server = new RequestServer(forge);
    beforeAll(() => server.start());
    afterAll(() => server.close());
    answersContract(
      () => ({
        server,
        call: (access, waiting) =>
          forge.make(server.access(access)).find({ branch: 'a', target: 'main' }, waiting),
      }),
      { code: 'forge', secret: REQUEST_TOKEN, attempts: 3 },
    );
  });
});

describe('merge requests in memory', () => {
  mergeRequestsContract(async () => {
    const requests = new MemoryMergeRequests();
    return {
      requests,
      end: (ended, state) => void Object.assign(requests.all.find(({ id }) => id === ended) ?? {}, { state }),
      count: () => requests.all.length,
      add: (branches) => {
        const id = requests.all.length + 1;
        const url = `https://forge.example/${id}`;
        requests.all.push({ id, url, state: 'open', title: 'x', body: '', ...branches });
      },
      close: async () => undefined,
    };
  });
});
