import { describe, expect, it } from '@jest/globals';
import { HOSTILE, lines, OBEYED, printed } from '../../../../test/builders/printed.js';
import type { JobRef } from '../../../domain/job/job-ref.js';
import { printNext, type NextRuns } from './next.js';

const NOW = Date.parse('2026-03-01T00:00:00Z');
const told = (runs: Partial<NextRuns>): string =>
  printed((io) =>
    printNext(
      { environment: 'production', ref: 'chronos:nightly' as JobRef, live: true, after: [], ...runs },
      io,
      NOW,
    ),
  );

describe('when a job runs next, in words', () => {
  it('has each time in the zone of the job, and how far away it is', () => {
    expect(told({ runs: ['2026-03-01T03:30:00+01:00', '2026-03-02T03:30:00+01:00'], live: false })).toBe(
      lines(`
        chronos:nightly of production  not live yet: as Git states it
          2026-03-01T03:30:00+01:00  in 2 h 30 min
          2026-03-02T03:30:00+01:00  in 1 d 2 h
      `),
    );
  });

  it('says why there is none', () => {
    expect(told({})).toContain('  does not run by the clock, or is disabled\n');
    expect(told({ after: ['chronos:a', 'chronos:b'] })).toContain('  runs after chronos:a and chronos:b\n');
    expect(told({ runs: [] })).toContain('  does not run any more\n');
  });

  it('does nothing to a terminal, whatever the job is called', () => {
    const text = told({ ref: HOSTILE as JobRef, after: [HOSTILE] });
    expect(text).not.toMatch(OBEYED);
    expect(text.trimEnd().split('\n')).toHaveLength(2);
  });
});
