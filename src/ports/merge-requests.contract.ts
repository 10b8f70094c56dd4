import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { MergeRequest } from '../domain/release/proposal.js';
import type { MergeRequestBranches, MergeRequests } from './merge-requests.js';

export interface MergeRequestParts {
  requests: MergeRequests;
  /** A person ends one. */
  end(id: number, state: 'merged' | 'closed'): void;
  /** How many there are in the project, whoever made them. */
  count(): number;
  /** One that somebody else made, before or between. */
  add(branches: MergeRequestBranches): void;
  close(): Promise<void>;
}

const BRANCHES = { branch: 'towline/promote/production/shop-web-1', target: 'main' };
const TEXT = {
  title: 'Promote shop/web 1.1.0 to production',
  body: 'web.yaml: a -> b\n\nTowline-Release: shop/web:1.1.0',
};
const NEXT = { title: 'Promote shop/web 1.2.0 to production', body: 'Towline-Release: shop/web:1.2.0' };

/** What every MergeRequests must do. */
export function mergeRequestsContract(start: () => Promise<MergeRequestParts>): void {
  describe('merge requests', () => {
    let parts: MergeRequestParts;
    const signal = new AbortController().signal;
    const find = (branches = BRANCHES): Promise<MergeRequest[]> => parts.requests.find(branches, { signal });
    const create = (text = TEXT): Promise<MergeRequest> => parts.requests.create(BRANCHES, text, { signal });

    beforeEach(async () => {
      parts = await start();
    });
    afterEach(() => parts.close());

    it('are made, and found again as they were made', async () => {
      expect(await find()).toEqual([]);
      const made = await create();
      expect(made).toEqual({
        id: expect.any(Number),
        url: expect.stringMatching(/^https:/),
        state: 'open',
        ...TEXT,
      });
      expect(await find()).toEqual([made]);
    });

    it('are one for one branch: the one that is open is brought up to date', async () => {
      const made = await create();
      expect(await create(NEXT)).toEqual({ ...made, ...NEXT });
      expect(await find()).toEqual([{ ...made, ...NEXT }]);
      expect(parts.count()).toBe(1);
    });

    it('get another text, and no other one does', async () => {
      parts.add({ ...BRANCHES, branch: 'other' });
      const made = await create();
      expect(await parts.requests.update(made.id, NEXT, { signal })).toEqual({ ...made, ...NEXT });
      expect(await find()).toEqual([{ ...made, ...NEXT }]);
      expect(await find({ ...BRANCHES, branch: 'other' })).not.toMatchObject([NEXT]);
      const none = parts.requests.update(made.id + 100, NEXT, { signal });
      await expect(none).rejects.toMatchObject({ kind: 'invalid' });
    });

    it('that have ended stay, as the answer that they were: the next one is another one', async () => {
      const first = await create();
      parts.end(first.id, 'closed');
      expect(await find()).toEqual([{ ...first, state: 'closed' }]);
      const second = await create();
      expect(second.id).toBeGreaterThan(first.id);
      parts.end(second.id, 'merged');
      const third = await create(NEXT);
      expect((await find()).map(({ id, state }) => [id, state])).toEqual([
        [third.id, 'open'],
        [second.id, 'merged'],
        [first.id, 'closed'],
      ]);
    });

    it('are of one branch into one other', async () => {
      const mine = await create();
      for (const other of [
        { branch: 'other', target: 'main' },
        { branch: `${BRANCHES.branch}-2`, target: 'main' },
        { branch: BRANCHES.branch, target: 'next' },
      ])
        parts.add(other);
      expect(await find()).toEqual([mine]);
    });

    it('are found behind many others', async () => {
      const mine = await create();
      for (let n = 0; n < 120; n++) parts.add({ branch: `feature/${n}`, target: 'main' });
      expect(await find()).toEqual([mine]);
    });

    it('are not begun once it is given up', async () => {
      const gone = { signal: AbortSignal.abort() };
      await expect(parts.requests.create(BRANCHES, TEXT, gone)).rejects.toMatchObject({ name: 'AbortError' });
      await expect(parts.requests.find(BRANCHES, gone)).rejects.toMatchObject({ name: 'AbortError' });
      expect(parts.count()).toBe(0);
    });
  });
}
