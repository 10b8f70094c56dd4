import type { Change } from '../../../domain/plan/plan.js';
import type { JsonObject } from '../../../domain/source/json.js';
import type { ApplyOptions } from '../../../ports/scheduler.js';
import type { Driving } from './driving.js';
import type { End } from './end.js';
import { startRun } from './operate.js';
import { post } from './post.js';
import { bodyOf } from './body.js';
import { readBack } from './read-back.js';
import { remove } from './remove.js';

interface Applied {
  change: Change;
  /** How the change ended that is to be tried. */
  applied: End;
  /** The job before it; undefined where it was created. */
  live: JsonObject | undefined;
}

/** Runs a job that was just changed; the change is good only if that run is. */
export async function smokeRun(
  { change, applied, live }: Applied,
  driving: Driving,
  options: ApplyOptions,
): Promise<End> {
  const { clock } = driving;
  options.progress?.('running it once, to see that it works');
  const run = await startRun(change.id, undefined, driving, options);
  if (run.state === 'not-started') {
    const end: End = { ...applied, message: `${applied.message}; not run: ${run.reason}` };
    return run.isFailure ? failed(end, { change, live }, driving, options) : end;
  }
  if (run.state === 'unknown') return { ...applied, state: 'unknown', message: run.reason };
  const until = clock.now() + options.deadlineMs;
  const good = await readBack(() => run.ended(), { ...driving, until, signal: options.signal });
  if (good === true) return { ...applied, message: `${applied.message}; its smoke run succeeded` };
  const why =
    good === false
      ? 'its smoke run failed'
      : `its smoke run did not end within ${Math.round(options.deadlineMs / 1000)} s`;
  return failed({ ...applied, message: why }, { change, live }, driving, options);
}

/** What is done about a change whose run failed. */
async function failed(
  end: End,
  { change, live }: Pick<Applied, 'change' | 'live'>,
  driving: Driving,
  options: ApplyOptions,
): Promise<End> {
  if (options.onFailure !== 'rollback') return { ...end, state: 'failed' };
  const { message, httpStatus } = end;
  const answered = httpStatus === undefined ? {} : { httpStatus };
  options.progress?.('putting back what was there before');
  if (live === undefined) {
    const gone = await remove(change, driving, options);
    return gone.state === 'applied'
      ? { state: 'rolled-back', message: `${message}; it is deleted again`, ...answered }
      : { ...end, state: 'failed', message: `${message}; it can't be deleted again: ${gone.message}` };
  }
  // Counters and schedule are those that it has by now.
  const now = await driving.reading.find(change.id, options.signal);
  const body = bodyOf(live, { live: now, now: driving.clock.now() });
  const back = await post(body, { change, live: now }, driving, options);
  return back.state === 'applied'
    ? {
        state: 'rolled-back',
        message: `${message}; what was there before is back`,
        sent: body,
        ...answered,
        ...(change.lastApplied?.['schedule'] === undefined || body['schedule'] === undefined
          ? {}
          : { stated: { schedule: change.lastApplied['schedule'] } }),
      }
    : { ...end, state: 'failed', message: `${message}; what was before can't be put back: ${back.message}` };
}
