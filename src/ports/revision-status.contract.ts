import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { RevisionState, RevisionStatus } from '../domain/record/revision-verdict.js';
import type { Revision } from '../domain/source/revision.js';
import type { StatusBoard } from './revision-status.js';

export interface BoardParts {
  board: StatusBoard;
  /** A revision that is known where the board is. */
  revision: Revision;
  /** What people see of an environment there. */
  shown(environment: string): Promise<{ state: unknown; description: unknown } | undefined>;
  close(): Promise<void>;
}

/** What every StatusBoard must do. `words`: what each state is called there. */
export function statusBoardContract(
  start: () => Promise<BoardParts>,
  words: Record<RevisionState, string> = { pending: 'pending', live: 'live', failed: 'failed', held: 'held' },
): void {
  describe('a status board', () => {
    let parts: BoardParts;
    const signal = new AbortController().signal;
    const status = (state: RevisionState, more: Partial<RevisionStatus> = {}): RevisionStatus => ({
      environment: 'production',
      revision: parts.revision,
      state,
      description: `now ${state}`,
      ...more,
    });
    const shown = async (state: RevisionState, environment = 'production'): Promise<void> => {
      expect(await parts.shown(environment)).toEqual({
        state: words[state],
        description: expect.stringContaining(`now ${state}`),
      });
    };

    beforeEach(async () => {
      parts = await start();
    });
    afterEach(() => parts.close());

    const states: RevisionState[] = ['pending', 'live', 'failed', 'held'];

    it('takes every state after every state: the last word counts', async () => {
      // Each pair once.
      for (const at of [0, 0, 1, 0, 2, 0, 3, 1, 1, 2, 1, 3, 2, 2, 3, 3, 0]) {
        const state = states[at] ?? 'pending';
        await parts.board.report(status(state), { signal });
        await shown(state);
      }
    });

    it('keeps the words of environments apart', async () => {
      await parts.board.report(status('live'), { signal });
      await parts.board.report(status('failed', { environment: 'staging' }), { signal });
      await shown('live');
      await shown('failed', 'staging');
    });

    it.each(states)('of %s shows the longest description, and no half of a character', async (state) => {
      const description = '⚓🚢'.repeat(70);
      await parts.board.report(status(state, { description }), { signal });
      const { description: text } = (await parts.shown('production')) ?? {};
      expect([...String(text)].length).toBeLessThanOrEqual(140);
      // What is cut is cut at the end, and only where something of the board's own stands before it.
      expect(text).toContain(description.slice(0, 180));
      expect(text).not.toMatch(/\p{Surrogate}|\uFFFD/u);
    });

    it('says nothing once it is given up', async () => {
      const gone = AbortSignal.abort();
      await expect(parts.board.report(status('live'), { signal: gone })).rejects.toMatchObject({
        name: 'AbortError',
      });
      expect(await parts.shown('production')).toBeUndefined();
      await parts.board.report(status('live'), { signal });
      await shown('live');
    });
  });
}
