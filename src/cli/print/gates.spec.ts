import { describe, expect, it } from '@jest/globals';
import { HOSTILE, lines, OBEYED, printed } from '../../../test/builders/printed.js';
import type { JobRef } from '../../domain/job/job-ref.js';
import type { Revision } from '../../domain/source/revision.js';
import type { GateState } from '../../queries/gates.js';
import { printGates } from './gates.js';

const plan = { id: '1a2b3c4d5e6f', digest: 'sha256:1', revision: 'a'.repeat(40) as Revision };
const text = (gates: GateState[], more: { plan?: typeof plan } = { plan }): string =>
  printed((io) => printGates({ environment: 'production', gates, ...more }, io));
const refs = (count: number): JobRef[] =>
  Array.from({ length: count }, (_, n) => `marathon:/job-${n}` as JobRef);

describe('gates, in words', () => {
  it('is each gate with what it holds, when it opens in its zone and in UTC, and what can be done', () => {
    const freeze: GateState = {
      gate: 'freeze',
      name: 'weekend',
      state: 'held',
      refs: refs(1),
      reason: 'frozen by "weekend"',
      opensAt: '2026-03-30T06:00:00Z',
      closesAt: '2026-04-03T14:00:00Z',
      zone: 'Europe/Berlin',
      todo: 'wait, or towline break-glass --env production',
    };
    const pause: GateState = {
      gate: 'pause',
      name: '*',
      state: 'closed',
      refs: [],
      reason: 'the environment is paused by ann since 2026-03-29T01:00:00Z: the disk is full',
      opensAt: '2026-03-29T03:00:00Z',
      todo: 'towline resume --env production',
    };
    expect(text([pause, { gate: 'prune', name: '*', state: 'open', refs: [] }, freeze])).toBe(
      lines(`
        production at aaaaaaaaaa (plan 1a2b3c4d5e6f)
          closed      pause *
                      the environment is paused by ann since 2026-03-29T01:00:00Z: the disk is full
                      opens 2026-03-29T03:00:00Z
                      to do: towline resume --env production
          open        prune *
          held        freeze weekend  marathon:/job-0
                      frozen by "weekend"
                      opens Mon 2026-03-30 08:00 Europe/Berlin (2026-03-30T06:00:00Z)
                      closes Fri 2026-04-03 16:00 Europe/Berlin (2026-04-03T14:00:00Z)
                      to do: wait, or towline break-glass --env production
      `),
    );
  });

  it('says that nothing was mirrored yet', () => {
    expect(text([], {})).toBe('production nothing was mirrored yet\n');
  });

  it('names a few of several hundred jobs, and counts the rest', () => {
    const held: GateState = { gate: 'radius', name: '*', state: 'held', refs: refs(300) };
    expect(text([held]).split('\n')[1]).toBe(
      '  held        radius *  marathon:/job-0, marathon:/job-1, marathon:/job-2, marathon:/job-3, and 296 more',
    );
  });

  it('lets nothing through that a terminal obeys, and adds no line of its own', () => {
    const asked = { reason: HOSTILE, opensAt: HOSTILE, closesAt: HOSTILE, todo: HOSTILE };
    const found = text([
      {
        gate: 'freeze',
        name: HOSTILE,
        state: 'held',
        refs: [HOSTILE as JobRef],
        zone: 'Europe/Berlin',
        ...asked,
      },
    ]);
    expect(found).not.toMatch(OBEYED);
    expect(found.split('\n')).toHaveLength(7);
  });
});
