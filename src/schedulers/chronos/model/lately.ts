import { DateTime } from 'luxon';
import type { RunsLately, SchedulerModel } from '../../../domain/job/scheduler-model.js';
import type { Json } from '../../../domain/source/json.js';
import { liveScheduleIn } from './life.js';

/** Within this time after its moment a run is not late: Chronos looks for what is due, and Mesos has to offer room. */
const GRACE_MS = 60_000;

/** From the counters and dates that Chronos keeps, and a start that it has not moved on. */
export const lately: NonNullable<SchedulerModel['lately']> = ({ spec }, now) => {
  const [lastSuccess, lastFailure] = [dateOf(spec['lastSuccess']), dateOf(spec['lastError'])];
  const schedule = liveScheduleIn(spec);
  const start = schedule?.start;
  const idle = schedule?.repeat === 0 ? 'done' : spec['disabled'] === true ? 'disabled' : undefined;
  const isLate = idle === undefined && start !== undefined && start.toMillis() + GRACE_MS < now;
  const at = start?.toISO({ suppressMilliseconds: true }) ?? undefined;
  return {
    ...(lastSuccess === undefined ? {} : { lastSuccess }),
    ...(lastFailure === undefined ? {} : { lastFailure }),
    failures: Number(spec['errorsSinceLastSuccess'] ?? 0),
    ...(isLate && at !== undefined ? { overdueSince: at } : {}),
    ...(!isLate && idle === undefined && at !== undefined ? { next: at } : {}),
    ...(idle === undefined ? {} : { idle }),
  } satisfies RunsLately;
};

function dateOf(value: Json | undefined): string | undefined {
  const at = typeof value === 'string' ? DateTime.fromISO(value, { zone: 'UTC' }) : undefined;
  return at?.isValid === true ? (at.toISO() ?? undefined) : undefined;
}
