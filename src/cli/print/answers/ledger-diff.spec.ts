import { expect, it } from '@jest/globals';
import { HOSTILE, OBEYED, printed } from '../../../../test/builders/printed.js';
import { toEntry } from '../../../queries/history.js';
import type { LedgerDiff } from '../../../queries/ledger-diff.js';
import { printLedgerDiff } from './ledger-diff.js';

it('a diff of two entries lets nothing through that a terminal obeys, and adds no line of its own', () => {
  const entry = toEntry({
    commit: 'e'.repeat(40) as Parameters<typeof toEntry>[0]['commit'],
    parents: [],
    at: '2026-03-01T03:00:00.000Z',
    author: { name: HOSTILE, email: HOSTILE },
    subject: HOSTILE,
    trailers: [],
  });
  const one = [{ path: HOSTILE, document: {} }];
  const fields = [{ pointer: `/${HOSTILE}`, before: HOSTILE, after: { [HOSTILE]: 1 } }];
  const changed = [{ path: HOSTILE, fields }];
  const diff: LedgerDiff = { from: entry, to: entry, added: one, removed: one, changed, same: 0 };
  const text = printed((io) => printLedgerDiff('production', diff, io));
  expect(text).not.toMatch(OBEYED);
  expect(text.split('\n')).toHaveLength(8);
});
