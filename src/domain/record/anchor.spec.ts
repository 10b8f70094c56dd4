import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseAnchor } from './anchor.js';

const good = {
  version: 1,
  branch: 'ledger/test',
  commit: 'a'.repeat(40),
  sequence: 7,
  at: '2026-01-01T00:00:00Z',
};
const parse = (value: unknown) => parseAnchor(Buffer.from(JSON.stringify(value)));

describe('the anchor of the ledger', () => {
  it('is read back as it was written', () => {
    expect(parse(good)).toEqual({ anchor: good });
  });

  it.each([
    ['another version', { ...good, version: 2 }],
    ['a branch name for a commit', { ...good, commit: 'main' }],
    ['no number', { ...good, sequence: '7' }],
    ['a fraction', { ...good, sequence: 1.5 }],
    ['no branch', { ...good, branch: undefined }],
    ['a list', []],
  ])('is refused with a reason where it has %s', (_what, value) => {
    expect(parse(value)).toEqual({ reason: expect.any(String) });
  });

  it('never throws, whatever somebody wrote there', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(parseAnchor(bytes)).toEqual({ reason: expect.any(String) });
      }),
    );
  });
});
