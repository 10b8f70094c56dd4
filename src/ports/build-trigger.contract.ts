import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { LocalServer, type Asked, type Reply } from '../../test/fakes/local-server.js';
import { eventRef, type PushEvent } from '../domain/push/index.js';
import { answersContract } from './answers.contract.js';
import type { BuildTrigger } from './build-trigger.js';

export interface TriggerUnderTest {
  make(access: { url: string; timeoutMs: number }): BuildTrigger;
  secret: string;
  /** How the target says that it has begun. */
  accepts: Reply;
  /** What the target understands of a request. */
  told(asked: Asked): { id: unknown; ref: unknown; revision: unknown };
  /** It looks at the status of an answer only. */
  anyBody?: true;
}

const [A, B, TAG] = ['a'.repeat(40), 'b'.repeat(40), 'c'.repeat(40)];
const signal = new AbortController().signal;
const eventOf = (id: string, name: string, commit = B, to = B): PushEvent => ({
  id,
  at: '2026-01-01T00:00:00.000Z',
  repository: 'jobs',
  refs: [eventRef({ from: A, to, name }, { commit, forced: false })],
});

/** What every BuildTrigger must do. */
export function buildTriggerContract({ make, secret, accepts, told, anyBody }: TriggerUnderTest): void {
  describe('a trigger', () => {
    const server = new LocalServer((response, asked) => accepts(response, asked));
    const trigger = (): BuildTrigger => make({ url: server.url, timeoutMs: 5000 });

    beforeAll(() => server.start());
    afterAll(() => server.close());
    beforeEach(() => {
      server.asked = [];
      server.instead = undefined;
    });

    it.each([
      { name: 'refs/heads/main' },
      { name: 'refs/tags/v1', to: TAG },
      // Nothing of a name is syntax on its way.
      { name: 'refs/heads/$(touch x)&y=1#%41+"\'<b>ü/⚓' },
    ])('tells of $name once, and says what it began', async ({ name, to }) => {
      const event = eventOf('event-0001', name, B, to);
      const began = await trigger().start(event, { signal });
      expect(began).toMatch(/^\S.*$/);
      expect(began).not.toContain(secret);
      expect(server.asked.map(told)).toEqual([{ id: event.id, ref: name, revision: B }]);
      expect(server.asked[0]?.headers['x-towline-delivery']).toBe(event.id);
    });

    it('tells of an event by the same id where it has to be sent again', async () => {
      const event = eventOf('event-0002', 'refs/heads/main');
      server.instead = (response) => (response.destroy(), true);
      await expect(trigger().start(event, { signal })).rejects.toMatchObject({ kind: 'unavailable' });
      server.instead = undefined;
      await trigger().start(event, { signal });
      expect(server.asked.map((asked) => told(asked).id)).toEqual(['event-0002', 'event-0002']);
    });

    // It is the sender that tries again, with the outbox behind it.
    answersContract(
      () => ({
        server,
        call: (access, waiting) => make(access).start(eventOf('event-0003', 'refs/heads/main'), waiting),
      }),
      { code: 'trigger', secret, attempts: 1, ...(anyBody === undefined ? {} : { anyBody }) },
    );
  });
}
