import { Duration } from 'luxon';
import type { Job } from '../../../domain/job/job.js';
import type { Diagnostic } from '../../../domain/source/diagnostic.js';
import type { Pointer } from '../../../domain/source/json.js';
import { scheduleIn } from './life.js';
import { JAVA_ZONES } from './zones.js';

/** Up to here a 2.x Chronos may be late with a run by itself. */
const HORIZON_MS = 60_000;

export const WARNINGS: readonly { code: string; summary: string }[] = [
  {
    code: 'chronos/at-once',
    summary: 'a job without a start, or with a single run in the past, runs as soon as it is sent',
  },
  {
    code: 'chronos/epsilon',
    summary: 'an epsilon under a minute drops runs that Chronos 2.x is a little late with',
  },
  { code: 'chronos/overlap', summary: 'a run may take no longer than the time to the next one' },
  {
    code: 'chronos/zone-name',
    summary: 'a time zone has its full name: Java reads short ones in ways of its own',
  },
  { code: 'chronos/run-on-deploy', summary: 'a single run is not used up by runOnDeploy' },
];

/** What Chronos takes and carries out, though perhaps not as it was meant. `now`: ms, where the time is to be looked at. */
export function warningsOf({ spec, source }: Job, now: number | undefined): Diagnostic[] {
  const found: Diagnostic[] = [];
  const warn = (code: string, at: Pointer, message: string, fix: string): void => {
    found.push({ code: `chronos/${code}`, severity: 'warning', message, fix, place: source.placeOf(at) });
  };
  const schedule = scheduleIn(spec);
  const zone = String(spec['scheduleTimeZone'] ?? '');
  if (Object.hasOwn(JAVA_ZONES, zone))
    warn(
      'zone-name',
      '/scheduleTimeZone',
      `"${zone}" is ${JAVA_ZONES[zone] ?? ''} for Java`,
      'Write the full name.',
    );
  const epsilon = typeof spec['epsilon'] === 'string' ? Duration.fromISO(spec['epsilon']) : undefined;
  if (epsilon?.isValid === true && epsilon.toMillis() < HORIZON_MS)
    warn(
      'epsilon',
      '/epsilon',
      `an epsilon of ${String(spec['epsilon'])} drops each run that Chronos 2.x is later with; it is late by up to a minute by itself`,
      'Make it PT60S or longer, or leave it out; 3.x does not know it.',
    );
  if (schedule === undefined) return found;
  const { start, repeat, duration } = schedule;
  if (start === undefined)
    warn('at-once', '/schedule', 'the schedule has no start: the job runs as soon as it is sent', 'Add one.');
  else if (now !== undefined && repeat === 1 && start.toMillis() < now)
    warn(
      'at-once',
      '/schedule',
      'its only run lies in the past: where the job is not there yet, it runs as soon as it is sent',
      'Take the job out, or give it a start that is still to come.',
    );
  const longest = Number(spec['maxCompletionTime'] ?? 0) * 1000;
  if (repeat !== 1 && longest > duration.toMillis())
    warn(
      'overlap',
      '/maxCompletionTime',
      spec['concurrent'] === true
        ? 'a run may still go on when the next one starts, and both go on side by side'
        : 'a run may still go on when the next one is due, which then waits for it, or is left out',
      'Give it less time than its period, or a longer period.',
    );
  if (spec['runOnDeploy'] === true && repeat === 1)
    found.push({
      code: 'chronos/run-on-deploy',
      severity: 'error',
      message: 'its only run would be used up by runOnDeploy, and none be left for its time',
      fix: 'Take runOnDeploy out.',
      place: source.placeOf('/runOnDeploy'),
    });
  return found;
}
