import type { JsonObject } from '../../../domain/source/json.js';
import type { ApplyOptions } from '../../../ports/scheduler.js';
import { kindOf, messageOf } from '../../../runtime/errors.js';
import { mayBeProxy, said } from './api/answers.js';
import type { Driving } from './driving.js';
import type { End } from './end.js';
import { readBack } from './read-back.js';
import { rejected } from './rejected.js';

/** How long a run that was asked for may take to be seen. */
const SEEN_MS = 60_000;

type Run = (
  | {
      state: 'started';
      /** True: it succeeded, false: it failed, undefined: it goes on. */ ended(): Promise<
        boolean | undefined
      >;
    }
  | { state: 'not-started'; reason: string; isFailure: boolean }
  | { state: 'unknown'; reason: string }
) & {
  /** What the call was answered with; absent where none was made, or the answer got lost. */
  httpStatus?: number;
};

/**
 * Starts a run by hand. Chronos answers 204 also where it drops it: of a job that is disabled, or running already without
 * `concurrent` (reference: chronos.md §1). So that is asked for before. It is sent once, whatever becomes of it.
 */
export async function startRun(
  id: string,
  args: string | undefined,
  driving: Driving,
  { signal, deadlineMs, progress }: Pick<ApplyOptions, 'signal' | 'deadlineMs' | 'progress'>,
): Promise<Run> {
  const { client, reading, clock, pollMs } = driving;
  const until = clock.now() + deadlineMs;
  const job = await reading.find(id, signal);
  if (job === undefined) return { state: 'not-started', reason: 'it is not listed', isFailure: true };
  if (job['disabled'] === true) return { state: 'not-started', reason: 'it is disabled', isFailure: false };
  if (job['concurrent'] !== true) {
    const isIdle = async (): Promise<true | undefined> => {
      const activity = await reading.activity(id, signal);
      if (activity === undefined || activity.state === 'idle') return true;
      progress?.(`waiting for the run that goes on (${activity.state})`);
      return undefined;
    };
    if ((await readBack(isIdle, { clock, pollMs, until, signal })) === undefined)
      return { state: 'not-started', reason: 'an earlier run of it did not end', isFailure: true };
  }
  const before = (await reading.find(id, signal)) ?? job;
  const query = args === undefined ? '' : `?arguments=${encodeURIComponent(args)}`;
  let httpStatus: number;
  try {
    const answer = await client.write('PUT', `/job/${encodeURIComponent(id)}${query}`, undefined, signal);
    if (mayBeProxy(answer))
      return {
        state: 'unknown',
        reason: `Chronos answered ${answer.status}: nobody knows whether it runs`,
        httpStatus: answer.status,
      };
    if (answer.status !== 204 && answer.status !== 200)
      return {
        state: 'not-started',
        reason: `Chronos answered ${answer.status}: ${said(answer)}`,
        isFailure: true,
        httpStatus: answer.status,
      };
    httpStatus = answer.status;
  } catch (error) {
    if (kindOf(error) === 'unavailable')
      return { state: 'not-started', reason: messageOf(error), isFailure: true };
    if (kindOf(error) !== 'unknown-outcome') throw error;
    return { state: 'unknown', reason: `${messageOf(error)}: nobody knows whether it runs` };
  }
  return {
    state: 'started',
    httpStatus,
    ended: async () => {
      const now = await reading.find(id, signal);
      if (now === undefined) return undefined;
      if (count(now, 'successCount') > count(before, 'successCount')) return true;
      return count(now, 'errorCount') > count(before, 'errorCount') ? false : undefined;
    },
  };
}

/** Runs a job once, now, because a person asked for it. How that run ends is no matter of the change. */
export async function trigger(
  id: string,
  args: string | undefined,
  driving: Driving,
  options: ApplyOptions,
): Promise<End> {
  const run = await startRun(id, args, driving, options);
  const answered = run.httpStatus === undefined ? {} : { httpStatus: run.httpStatus };
  if (run.state === 'unknown')
    return { state: 'failed', message: `${run.reason}; it is not sent again`, ...answered };
  if (run.state === 'not-started') return { state: 'failed', message: `not run: ${run.reason}`, ...answered };
  const { reading, clock, pollMs } = driving;
  const { signal } = options;
  const until = clock.now() + Math.min(SEEN_MS, options.deadlineMs);
  const isSeen = async (): Promise<string | undefined> => {
    const ended = await run.ended();
    if (ended !== undefined) return ended ? 'it ran, and succeeded' : 'it ran, and failed';
    const activity = await reading.activity(id, signal);
    if (activity === undefined) return 'Chronos took it';
    return activity.state === 'idle' ? undefined : `it is ${activity.state}`;
  };
  const seen = await readBack(isSeen, { clock, pollMs, until, signal });
  return seen === undefined
    ? { state: 'failed', message: 'Chronos took it, and no run of it was seen', ...answered }
    : { state: 'applied', message: seen, ...answered };
}

/** Ends the running tasks of a job; the job stays. */
export async function kill(
  id: string,
  { client, reading, clock, pollMs }: Driving,
  { signal, deadlineMs }: ApplyOptions,
): Promise<End> {
  if ((await reading.find(id, signal)) === undefined) return { state: 'failed', message: 'it is not listed' };
  let answered: Pick<End, 'httpStatus'> = {};
  try {
    const answer = await client.write('DELETE', `/task/kill/${encodeURIComponent(id)}`, undefined, signal);
    answered = { httpStatus: answer.status };
    if (!mayBeProxy(answer) && answer.status !== 204 && answer.status !== 200) return rejected(answer, {});
  } catch (error) {
    if (kindOf(error) === 'unavailable') return { state: 'blocked', message: messageOf(error) };
    if (kindOf(error) !== 'unknown-outcome') throw error;
  }
  const until = clock.now() + Math.min(SEEN_MS, deadlineMs);
  const isIdle = async (): Promise<true | undefined> => {
    const activity = await reading.activity(id, signal);
    return activity === undefined || !/running/.test(activity.state) ? true : undefined;
  };
  return (await readBack(isIdle, { clock, pollMs, until, signal })) === true
    ? { state: 'applied', message: 'none of its tasks runs', ...answered }
    : { state: 'failed', message: 'tasks of it are still running', ...answered };
}

function count(job: JsonObject, name: string): number {
  return Number(job[name] ?? 0);
}
