import { afterAll, beforeAll, describe } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import type { Revision } from '../../src/domain/source/revision.js';
import type { ForgeAccess } from '../../src/forges/index.js';
import { gitNotes } from '../../src/git/notes.js';
import { answersContract } from '../../src/ports/answers.contract.js';
import { statusBoardContract } from '../../src/ports/revision-status.contract.js';
import { statusContext } from '../../src/ports/revision-status.js';
import { STATUS_FORGES, STATUS_TOKEN, StatusServer } from '../fakes/forge-statuses.js';
import { GitSandbox } from '../fakes/git-sandbox.js';
import { MemoryBoard } from '../fakes/memory-board.js';

const revision = 'c'.repeat(40) as Revision;
const status = { environment: 'production', revision, state: 'live', description: 'x' } as const;

describe.each(STATUS_FORGES)('statuses of $forge', (forge) => {
  const access = (url: string): ForgeAccess => ({ url, project: 'shop/jobs', token: STATUS_TOKEN });

  statusBoardContract(async () => {
    const server = await new StatusServer(forge).start();
    return {
      board: forge.make(access(server.url)),
      revision,
      shown: async (environment) => server.shown(statusContext(environment)),
      close: () => server.close(),
    };
  }, forge.words);

  describe('a forge', () => {
    const server = new StatusServer(forge);
    beforeAll(() => server.start());
    afterAll(() => server.close());
    // Whoever reports tries again.
    answersContract(
      () => ({
        server,
        call: ({ url, timeoutMs }, waiting) =>
          forge.make({ ...access(url), timeoutMs }).report(status, waiting),
      }),
      { code: 'forge', secret: STATUS_TOKEN, attempts: 1 },
    );
  });
});

describe('statuses as git notes', () => {
  statusBoardContract(async () => {
    const sandbox = new GitSandbox();
    sandbox.write({ 'a.json': '{}' });
    const noted = sandbox.commit() as Revision;
    sandbox.push();
    const note = (): string =>
      execFileSync('git', ['--git-dir', sandbox.bare, 'log', '-1', '--format=%N', '--notes=towline', noted], {
        env: sandbox.env,
      }).toString();
    return {
      board: gitNotes({
        location: sandbox.bare,
        storeDir: path.join(sandbox.root, 'store'),
        author: { name: 'Towline', email: 'towline@localhost' },
      }),
      revision: noted,
      shown: async (environment) => {
        const lines = note()
          .split('\n')
          .filter((line) => line.startsWith('{'));
        const all = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
        const found = all.find(({ context }) => context === statusContext(environment));
        return found && { state: found['state'], description: found['description'] };
      },
      close: async () => sandbox.remove(),
    };
  });
});

describe('statuses in memory', () => {
  statusBoardContract(async () => {
    const board = new MemoryBoard();
    return {
      board,
      revision,
      shown: async (environment) => {
        const last = board.all.findLast((each) => each.environment === environment);
        return last && { state: last.state, description: last.description };
      },
      close: async () => undefined,
    };
  });
});
