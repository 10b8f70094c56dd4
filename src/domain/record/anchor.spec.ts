import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { kvJson } from '../source/kv-layout.js';
import type { ObjectId } from '../source/revision.js';
import { parseAnchor, type LedgerAnchor } from './anchor.js';

const anchor: LedgerAnchor = {
  version: 1,
  branch: 'ledger/test',
  commit: 'a'.repeat(40) as ObjectId,
  sequence: 7,
  at: '2026-01-01T00:00:00.000Z',
};

it('reads what was written', () => {
  expect(parseAnchor(kvJson(anchor))).toEqual({ anchor });
});

it.each([
  [{ ...anchor, version: 2 }, 'version'],
  [{ ...anchor, commit: 'main' }, 'names no entry'],
  [{ ...anchor, branch: 3 }, 'no branch'],
  [{ ...anchor, sequence: 1.5 }, 'no number'],
  [null, 'version'],
])('says what is wrong with %j', (value, reason) => {
  expect(parseAnchor(kvJson(value))).toMatchObject({ reason: expect.stringContaining(reason) });
});

it('never throws, whatever stands there', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(parseAnchor(bytes)).toHaveProperty('reason');
    }),
  );
});
