import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ReviewComments } from './review-comments.js';

export interface CommentsParts {
  comments: ReviewComments;
  /** All comments that people see there, oldest first. */
  all(): readonly string[];
  /** A comment that this account wrote earlier. */
  writeOwn(body: string): void;
  /** A comment of somebody else. */
  writeOther(body: string): void;
  /** How many calls have changed something. */
  writes(): number;
  /** The next comment is created, and the answer gets lost. */
  loseAnswer(): void;
  close(): Promise<void>;
}

const marker = '<!-- towline plan production -->';
const comment = (text: string): { marker: string; body: string } => ({ marker, body: `${marker}\n${text}` });

/** What every ReviewComments must do. */
export function reviewCommentsContract(start: () => Promise<CommentsParts>): void {
  describe('comments of a review', () => {
    let parts: CommentsParts;
    const signal = new AbortController().signal;
    const put = (text: string): Promise<string> => parts.comments.put(comment(text), { signal });

    beforeEach(async () => {
      parts = await start();
    });
    afterEach(() => parts.close());

    it('are one: the second takes the place of the first, and the same is not written again', async () => {
      expect(await put('### first')).toBe('created');
      expect(await put('### second')).toBe('updated');
      expect(parts.all()).toEqual([comment('### second').body]);
      expect(await put('### second')).toBe('unchanged');
      expect(parts.writes()).toBe(2);
    });

    it('stand beside those of people, also where these copied the marker', async () => {
      const others = ['looks good', comment('### first').body, `> ${comment('quoted').body}`];
      for (const other of others) parts.writeOther(other);
      expect(await put('### first')).toBe('created');
      for (const other of others) parts.writeOther(other);
      expect(await put('### second')).toBe('updated');
      expect(parts.all()).toEqual([...others, comment('### second').body, ...others]);
    });

    it('stand beside other ones of this account', async () => {
      const own = ['<!-- towline plan staging -->\nold', `> ${comment('quoted').body}`];
      for (const body of own) parts.writeOwn(body);
      expect(await put('### first')).toBe('created');
      expect(parts.all()).toEqual([...own, comment('### first').body]);
    });

    it.each([19, 20, 99, 100, 250])('are found behind %i others', async (count) => {
      for (let n = 0; n < count; n++) parts.writeOther(`chat ${n}`);
      expect(await put('### first')).toBe('created');
      for (let n = 0; n < 30; n++) parts.writeOther('and more');
      expect(await put('### second')).toBe('updated');
      expect(parts.all()[count]).toBe(comment('### second').body);
      expect(parts.all()).toHaveLength(count + 31);
    });

    it('are created once, also where the answer gets lost', async () => {
      parts.loseAnswer();
      expect(await put('### first')).toBe('created');
      expect(parts.all()).toEqual([comment('### first').body]);
      expect(parts.writes()).toBe(1);
    });

    it('may be as long as is said', async () => {
      const { limit } = parts.comments;
      const body = comment('').body;
      await put('x'.repeat(limit - body.length));
      expect(parts.all()[0]).toHaveLength(limit);
    });
  });
}
