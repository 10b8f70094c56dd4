import { describe, expect, it } from '@jest/globals';
import { createLog } from '../runtime/log.js';
import { statusBoards } from './status-boards.js';
import { PassThrough } from 'node:stream';

const repository = { store: 'store', author: { name: 'Towline', email: 'towline@localhost' } };
const place = { location: '/nowhere', storeDir: 'store' };
const status = { url: 'https://g', project: 'a/b' };

describe('boards', () => {
  it('are made as configured; a forge without a token is left out, and that is said', async () => {
    const stream = new PassThrough();
    const log = await createLog({ level: 'warn', pretty: false, stream });
    const boards = await statusBoards(
      {
        statuses: [
          { ...status, kind: 'github', token: 'abc' },
          { ...status, kind: 'gitlab', token: 'abc' },
          { ...status, kind: 'gitea' },
        ],
        notes: true,
        repository,
      },
      place,
      log,
    );
    expect(boards.map(({ name }) => name)).toEqual(['github', 'gitlab', 'notes']);
    expect(String(stream.read())).toContain('no token');
    expect(await statusBoards({ statuses: [], notes: false, repository }, place, log)).toEqual([]);
  });
});
