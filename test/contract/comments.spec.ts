import { afterAll, beforeAll, describe } from '@jest/globals';
import { answersContract } from '../../src/ports/answers.contract.js';
import { reviewCommentsContract } from '../../src/ports/review-comments.contract.js';
import { COMMENT_FORGES, COMMENT_TOKEN, CommentServer, ME } from '../fakes/forge-comments.js';

const marker = '<!-- towline plan production -->';

describe.each(COMMENT_FORGES)('comments of $forge', (forge) => {
  reviewCommentsContract(async () => {
    const server = new CommentServer(forge);
    await server.start();
    return {
      comments: forge.make(server.access()),
      all: () => server.all.map(({ body }) => body),
      writeOwn: (body) => void server.write(body, ME),
      writeOther: (body) => void server.write(body, { id: 2 }),
      writes: () => server.writes().length,
      loseAnswer: () => server.loseAnswer(({ method }) => method === 'POST', server.answer),
      close: () => server.close(),
    };
  });

  describe('a forge', () => {
    const server = new CommentServer(forge);
    beforeAll(() => server.start());
    afterAll(() => server.close());
    answersContract(
      () => ({
        server,
        call: (access, waiting) =>
          forge.make(server.access(access)).put({ marker, body: `${marker}\nx` }, waiting),
      }),
      {
        code: 'forge',
        secret: COMMENT_TOKEN,
        attempts: 4,
        // A token that may not ask who it is may write all the same.
        isCall: ({ url }) => url.startsWith(forge.list) || url.includes('elsewhere'),
      },
    );
  });
});
