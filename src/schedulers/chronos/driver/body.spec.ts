import { describe, expect, it } from '@jest/globals';
import type { JsonObject } from '../../../domain/source/json.js';
import { bodyOf, childrenIn } from './body.js';

const now = Date.parse('2026-05-10T12:00:00Z');
const daily: JsonObject = { name: 'a', command: 'true', schedule: 'R/2026-01-01T03:00:00Z/P1D' };

describe('the body of a Chronos job', () => {
  it('keeps the phase of a new job whose start has passed: its next moment, not at once', () => {
    expect(bodyOf(daily, { live: undefined, now })['schedule']).toBe('R/2026-05-11T03:00:00.000Z/P1D');
  });

  it('keeps the wall clock of its zone over the change to summer time', () => {
    const berlin = { ...daily, schedule: 'R/2026-01-01T03:00:00/P1D', scheduleTimeZone: 'Europe/Berlin' };
    expect(bodyOf(berlin, { live: undefined, now })['schedule']).toBe('R/2026-05-11T03:00:00.000+02:00/P1D');
  });

  it('sends a start in the future, and a job that runs once, as they are written', () => {
    const future = { ...daily, schedule: 'R/2027-01-01T03:00:00Z/P1D' };
    const once = { ...daily, schedule: 'R1/2026-01-01T03:00:00Z/P1D' };
    expect(bodyOf(future, { live: undefined, now })['schedule']).toBe(future.schedule);
    expect(bodyOf(once, { live: undefined, now })['schedule']).toBe(once.schedule);
  });

  it('sends back what a job has lived through, so that a change of another field loses none of it', () => {
    const ten = { ...daily, schedule: 'R10/2026-01-01T03:00:00Z/P1D', command: 'false' };
    const live = {
      ...ten,
      command: 'true',
      schedule: 'R3/2026-05-11T03:00:00.000Z/P1D',
      successCount: 6,
      errorCount: 1,
      errorsSinceLastSuccess: 1,
      lastSuccess: '2026-05-09T03:00:01.000Z',
      lastError: '2026-05-10T03:00:01.000Z',
    };
    expect(bodyOf(ten, { live: live, now })).toEqual({ ...live, command: 'false' });
  });

  it('takes the schedule of Git where it was changed', () => {
    const live = { ...daily, schedule: 'R/2026-05-11T03:00:00.000Z/P1D' };
    const moved = { ...daily, schedule: 'R/2026-01-01T04:00:00Z/P1D' };
    expect(bodyOf(moved, { live: live, now })['schedule']).toBe('R/2026-05-11T04:00:00.000Z/P1D');
  });

  it('makes up for no run that was missed while the job was off', () => {
    const live = { ...daily, schedule: 'R/2026-02-01T03:00:00.000Z/P1D', disabled: true };
    expect(bodyOf({ ...daily, disabled: false }, { live, now })).toMatchObject({
      schedule: 'R/2026-05-11T03:00:00.000Z/P1D',
      disabled: false,
    });
    // Whoever changes something else of it leaves it off, and as it stands.
    expect(bodyOf({ ...daily, owner: 'a' }, { live, now })).toMatchObject({
      schedule: live.schedule,
      disabled: true,
    });
  });

  it('does not run again what has run out, and runs by a new schedule although it was off', () => {
    const once = { ...daily, schedule: 'R1/2026-05-01T03:00:00Z/P1D' };
    const live = { ...once, schedule: 'R0/2026-05-02T03:00:00.000Z/P1D', disabled: true };
    expect(bodyOf({ ...once, command: 'false' }, { live, now })).toMatchObject({
      schedule: live.schedule,
      disabled: true,
    });
    const later = { ...once, schedule: 'R1/2026-06-01T03:00:00Z/P1D' };
    expect(bodyOf(later, { live, now })).toMatchObject({ schedule: later.schedule, disabled: false });
  });

  it('ends a job that Chronos runs without end, because its last run was tried again', () => {
    const three = { ...daily, schedule: 'R3/2026-05-01T03:00:00Z/P1D' };
    const live = { ...three, schedule: 'R/2026-05-04T03:00:00.000Z/P1D', disabled: false };
    expect(bodyOf(three, { live, lastApplied: three, now })).toMatchObject({
      schedule: 'R0/2026-05-04T03:00:00.000Z/P1D',
      disabled: true,
    });
    // Git itself has begun to count.
    expect(bodyOf(three, { live, lastApplied: daily, now })).toMatchObject({
      schedule: 'R3/2026-05-11T03:00:00.000Z/P1D',
      disabled: false,
    });
  });

  it('lets a job without a start go on from where it is, when its period changes', () => {
    const spec = { ...daily, schedule: 'R//PT2H' };
    const live = { ...daily, schedule: 'R/2026-05-10T12:30:00.000Z/PT1H' };
    expect(bodyOf(spec, { live, now })['schedule']).toBe('R/2026-05-10T12:30:00.000Z/PT2H');
    expect(bodyOf(spec, { live: undefined, now })['schedule']).toBe('R//PT2H');
  });

  it('keeps the order of parents, and what only Towline reads to itself', () => {
    const spec = { name: 'b', command: 'true', parents: ['x', 'y'], runOnDeploy: true };
    const body = bodyOf(spec, { live: { ...spec, parents: ['y', 'x'] }, now });
    expect(body['parents']).toEqual(['y', 'x']);
    expect(body).not.toHaveProperty('runOnDeploy');
  });

  it('leaves the switch of an operator alone unless Git names it', () => {
    const live = { ...daily, disabled: true };
    expect(bodyOf(daily, { live: live, now })['disabled']).toBe(true);
    expect(bodyOf({ ...daily, disabled: false }, { live: live, now })['disabled']).toBe(false);
  });
});

it('finds the children of a job in the graph that Chronos draws', () => {
  expect(childrenIn('node,a,fresh,idle\nnode,b,fresh,idle\nlink,a,b\nlink,ab,c\n', 'a')).toEqual(['b']);
});
