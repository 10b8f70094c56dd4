import { describe, expect, it } from '@jest/globals';
import { HOSTILE, lines, OBEYED, printed } from '../../../../test/builders/printed.js';
import type { JobRef } from '../../../domain/job/job-ref.js';
import { printDrift, type FoundDrift } from './drift.js';

const told = (found: Partial<FoundDrift>): string =>
  printed(({ stdout }) =>
    printDrift(
      { environment: 'production', drift: [], unreadable: {}, jobs: 2, ...found },
      { stdout, stderr: stdout },
    ),
  );

describe('what was changed by hand, in words', () => {
  it('says that nothing was, and of how many jobs', () => {
    expect(told({})).toBe('production\n  no drift: 2 jobs are as they were sent\n');
    expect(told({ jobs: 1 })).toBe('production\n  no drift: 1 job is as it was sent\n');
  });

  it('tells each field as it was sent and as it is, and what the next deploy does', () => {
    const changed = { pointer: '/instances', before: 5, after: 2 };
    const added = { pointer: '/env/DEBUG', before: '1', after: undefined };
    expect(
      told({
        drift: [
          {
            ref: 'marathon:/web' as JobRef,
            kind: 'changed',
            fields: [changed, added],
            effect: 'scales to 2',
          },
          { ref: 'marathon:/api' as JobRef, kind: 'deleted', fields: [] },
          { ref: 'marathon:/strange' as JobRef, kind: 'foreign', fields: [] },
        ],
      }),
    ).toBe(
      lines(`
        production
          ~ marathon:/web  changed by hand
              the next deploy puts it back: scales to 2
              /instances: 2 -> 5
              /env/DEBUG: (absent) -> "1"
          ~ marathon:/api  deleted by hand
          ~ marathon:/strange  carries the marks of this environment, and was not deployed by Towline
      `),
    );
  });

  it('does nothing to a terminal, whatever is live there', () => {
    const field = { pointer: `/${HOSTILE}`, before: HOSTILE, after: { [HOSTILE]: HOSTILE } };
    const text = told({
      unreadable: { marathon: HOSTILE },
      drift: [{ ref: HOSTILE as JobRef, kind: 'changed', fields: [field], effect: HOSTILE }],
    });
    expect(text).not.toMatch(OBEYED);
    expect(text.trimEnd().split('\n')).toHaveLength(5);
  });
});
