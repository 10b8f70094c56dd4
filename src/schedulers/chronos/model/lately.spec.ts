import { expect, it } from '@jest/globals';
import type { JsonObject } from '../../../domain/source/json.js';
import { lately } from './lately.js';

const now = Date.parse('2026-05-10T12:00:00Z');
const of = (spec: JsonObject) => lately({ kind: 'scheduled', spec }, now);

it('tells of a job when it runs next, and how its last runs went', () => {
  expect(
    of({
      schedule: 'R/2026-05-11T03:00:00.000+02:00/P1D',
      lastSuccess: '2026-05-08T01:00:05.000Z',
      lastError: '2026-05-10T01:00:05.000Z',
      errorsSinceLastSuccess: 2,
    }),
  ).toEqual({
    lastSuccess: '2026-05-08T01:00:05.000Z',
    lastFailure: '2026-05-10T01:00:05.000Z',
    failures: 2,
    next: '2026-05-11T03:00:00+02:00',
  });
  expect(of({ parents: ['a'], lastSuccess: '', lastError: '' })).toEqual({ failures: 0 });
});

it('tells since when a run is overdue, not of one that is due just now, off, or done', () => {
  expect(of({ schedule: 'R/2026-05-10T11:58:59Z/P1D' })).toEqual({
    failures: 0,
    overdueSince: '2026-05-10T11:58:59Z',
  });
  expect(of({ schedule: 'R/2026-05-10T11:59:30Z/P1D' })).not.toHaveProperty('overdueSince');
  expect(of({ schedule: 'R/2026-05-10T11:00:00Z/P1D', disabled: true })).toEqual({
    failures: 0,
    idle: 'disabled',
  });
  expect(of({ schedule: 'R0/2026-05-10T11:00:00Z/P1D', disabled: true })).toEqual({
    failures: 0,
    idle: 'done',
  });
});
