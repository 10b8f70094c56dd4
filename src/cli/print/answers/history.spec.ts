import { describe, expect, it } from '@jest/globals';
import { HOSTILE, lines, OBEYED, printed } from '../../../../test/builders/printed.js';
import type { HistoryEntry } from '../../../queries/history.js';
import { printHistory } from './history.js';

const entry = (more: Partial<HistoryEntry> = {}): HistoryEntry => ({
  commit: 'e'.repeat(40),
  at: '2026-03-01T03:00:00.000Z',
  subject: 'Begin 1 change of production at aaaaaaaaaa',
  phase: 'intent',
  revision: 'a'.repeat(40),
  pass: 'p1',
  plan: 'sha256:1',
  trigger: 'run',
  outcome: '',
  by: '',
  jobs: [],
  flags: [],
  ...more,
});
const text = (...entries: HistoryEntry[]): string => textOf({ entries });
const textOf = (more: { entries: HistoryEntry[]; job?: string }): string =>
  printed((io) => printHistory({ environment: 'production', ...more }, io));

describe('history, in words', () => {
  it('says of what was announced whether its end is on record', () => {
    expect(text(entry(), entry({ endedLater: true, by: 'towline@deploy-1' }))).toBe(
      lines(`
        production
          eeeeeeeeee 2026-03-01T03:00:00.000Z  Begin 1 change of production at aaaaaaaaaa (no end on record) by run
          eeeeeeeeee 2026-03-01T03:00:00.000Z  Begin 1 change of production at aaaaaaaaaa (ended later) by run as towline@deploy-1
      `),
    );
  });

  it('names the job that was asked for', () => {
    expect(textOf({ job: 'chronos:nightly', entries: [] }).split('\n')[0]).toBe('production chronos:nightly');
  });

  it('says what was allowed for a pass, and what was only read back', () => {
    const flags = ['adopt=marathon:/web', 'retry'];
    const jobs = [{ ref: 'marathon:/web', action: 'none', state: 'applied' }];
    expect(
      text(entry({ phase: 'outcome', flags, jobs }))
        .split('\n')
        .slice(2),
    ).toEqual([
      '      allowed for it: adopt=marathon:/web, retry',
      '      applied as it was marathon:/web',
      '',
    ]);
  });

  it('is short where a pass had many jobs: what failed comes first, the rest is counted', () => {
    const many = Array.from({ length: 400 }, (_, n) => ({
      ref: `marathon:/job-${n}`,
      action: 'update',
      state: n === 399 ? 'failed' : 'applied',
      ...(n === 399 ? { reason: 'it crashed' } : {}),
    }));
    const found = text(entry({ phase: 'outcome', jobs: many })).split('\n');
    expect(found).toHaveLength(2 + 12 + 1 + 1);
    expect(found[2]).toBe('      failed update marathon:/job-399: it crashed');
    expect(found.at(-2)).toBe('      and 388 more: 388 applied');
  });

  it('lets nothing through that a terminal obeys, and adds no line of its own', () => {
    const job = { ref: HOSTILE, action: HOSTILE, state: HOSTILE, reason: HOSTILE };
    const jobs = Array.from({ length: 13 }, () => job);
    const all = { subject: HOSTILE, by: HOSTILE, trigger: HOSTILE, flags: [HOSTILE], reason: HOSTILE, jobs };
    const found = textOf({ job: HOSTILE, entries: [entry({ phase: 'outcome', ...all })] });
    expect(found).not.toMatch(OBEYED);
    expect(found.split('\n')).toHaveLength(4 + 12 + 1 + 1);
  });
});
