import { describe, expect, it } from '@jest/globals';
import { world, EVERYTHING, heldIn, said, only } from '../../../../test/builders/gates.js';
import { LENIENT } from '../../../../test/builders/plan-input.js';
import { makePlan } from '../make-plan.js';
import type { Plan } from '../plan.js';

describe('pauses', () => {
  const asked = { by: 'ann', at: '2026-01-03T11:00:00Z' };
  const paused = (name: string, until?: string): Plan =>
    makePlan(
      world({ paused: new Map([[name, { ...asked, ...(until === undefined ? {} : { until }) }]]) }),
      LENIENT,
    );

  it('hold a job, or all of them', () => {
    expect(heldIn(paused('plain:/old'))).toEqual(['plain:/old']);
    expect(heldIn(paused('*'))).toEqual(EVERYTHING);
    expect(said(paused('*'))).toEqual(['held pause * 4']);
    expect(said(paused('plain:/not-changed'))).toEqual([]);
  });

  it('end by themselves where they have an end', () => {
    expect(heldIn(paused('*', '2026-01-03T12:00:01Z'))).toEqual(EVERYTHING);
    expect(only(paused('*', '2026-01-03T12:00:01Z'), 'pause')).toMatchObject({
      opensAt: '2026-01-03T12:00:01Z',
      reason: 'the environment is paused by ann since 2026-01-03T11:00:00Z until 2026-01-03T12:00:01Z',
    });
    expect(heldIn(paused('*', '2026-01-03T12:00:00Z'))).toEqual([]);
    expect(said(paused('*', '2026-01-03T12:00:00Z'))).toEqual([]);
  });
});
