import type { Change } from '../../../domain/plan/plan.js';
import type { Outcome, OutcomeState } from '../../../domain/record/outcome.js';
import type { JsonObject } from '../../../domain/source/json.js';
import { isObject } from '../../../domain/source/json.js';
import { isoTime, type Clock } from '../../../ports/clock.js';
import type { ApplyOptions, Scheduler } from '../../../ports/scheduler.js';
import { kindOf as errorKind, messageOf } from '../../../runtime/errors.js';
import type { Log } from '../../../runtime/log.js';
import { Bell } from '../../../runtime/wake.js';
import { MarathonClient } from './client.js';
import { bodyOf, formerBody } from './documents.js';
import { listen } from './events.js';
import { observe, tasksOf } from './observe.js';
import { current, put, remove, type Sending, type Sent } from './send.js';
import { waitUntilGood, type Verdict } from './wait.js';

export interface MarathonOptions {
  name: string;
  urls: readonly string[];
  auth?: { user: string; password: string } | { token: string };
  clock: Clock;
  log: Log;
  /** Pause between two looks while waiting, when no event comes before. */
  pollMs?: number;
}

type End = Pick<Outcome, 'state' | 'message'> & Partial<Pick<Outcome, 'sent' | 'version' | 'deploymentId'>>;

/** Marathon as a Scheduler. */
export function marathonScheduler({
  name,
  urls,
  auth,
  clock,
  log,
  pollMs = 1000,
}: MarathonOptions): Scheduler {
  const client = new MarathonClient({ urls, clock, log, ...(auth === undefined ? {} : { auth }) });
  const closing = new AbortController();
  const waiting = new Set<Bell>();
  let listening: Promise<void> | undefined;

  /** A pause that an event ends early. */
  const withPause = async <T>(
    signal: AbortSignal,
    work: (pause: (ms: number) => Promise<void>) => Promise<T>,
  ): Promise<T> => {
    listening ??= listen(client, () => waiting.forEach((bell) => bell.ring()), {
      signal: closing.signal,
      log,
    });
    const bell = new Bell();
    waiting.add(bell);
    try {
      return await work((ms) => bell.wait(Math.min(ms, pollMs), signal));
    } finally {
      waiting.delete(bell);
    }
  };

  const carryOut = async (change: Change, options: ApplyOptions): Promise<End> => {
    const startedAt = clock.now();
    const sending: Sending = {
      client,
      clock,
      deadline: startedAt + options.deadlineMs,
      options,
      force: false,
    };
    if (change.action === 'none') return judged(change, await judge(change, sending, startedAt), undefined);
    const stale = await staleness(change, sending);
    if (stale !== undefined) return stale;
    if (change.action === 'delete') return deletion(change, sending);
    const { desired } = change;
    if (desired === undefined) return { state: 'blocked', message: 'there is nothing to send' };
    const sent = await put(
      change.kind,
      change.id,
      bodyOf(change.kind, desired.spec, options.environment),
      change.live !== undefined,
      sending,
    );
    if (sent.kind !== 'accepted')
      return { state: sent.kind === 'rejected' ? 'failed' : 'blocked', message: sent.message };
    const verdict = await judge(change, sending, startedAt);
    if (verdict.kind === 'good' || options.onFailure === 'leave') return judged(change, verdict, sent);
    return rollBack(change, verdict.message, sent, sending);
  };

  const judge = (change: Change, sending: Sending, startedAt: number): Promise<Verdict> =>
    withPause(sending.options.signal, (pause) =>
      waitUntilGood(change.kind, change.id, sending, pause, startedAt),
    );

  const deletion = async (change: Change, sending: Sending): Promise<End> => {
    const sent = await remove(change, sending);
    if (
      sent.kind !== 'accepted' &&
      !(sent.kind === 'rejected' && (await current(change.kind, change.id, sending)) === undefined)
    )
      return { state: sent.kind === 'rejected' ? 'failed' : 'blocked', message: sent.message };
    const gone = await withPause(sending.options.signal, async (pause) => {
      while (change.kind !== 'group' && (await current(change.kind, change.id, sending)) !== undefined) {
        if (clock.now() >= sending.deadline) return false;
        await pause(Math.max(1, sending.deadline - clock.now()));
      }
      return true;
    });
    const id = sent.kind === 'accepted' ? sent.deploymentId : undefined;
    return {
      state: gone ? 'applied' : 'failed',
      message: gone ? 'deleted' : 'it is still there at the deadline',
      ...(id === undefined ? {} : { deploymentId: id }),
    };
  };

  /** Puts back what ran before, over the failing deployment, and waits until it runs again. */
  const rollBack = async (
    change: Change,
    why: string,
    sent: Sent & { kind: 'accepted' },
    before: Sending,
  ): Promise<End> => {
    const startedAt = clock.now();
    const sending: Sending = { ...before, deadline: startedAt + before.options.deadlineMs, force: true };
    before.options.progress?.(`rolling back: ${why}`);
    const ids = sent.deploymentId === undefined ? {} : { deploymentId: sent.deploymentId };
    if (change.live === undefined) {
      const removed = await remove(change, sending);
      const state: OutcomeState = removed.kind === 'accepted' ? 'rolled-back' : 'failed';
      return {
        state,
        message: `${why}; ${state === 'rolled-back' ? 'it was new and was deleted again' : 'deleting it again failed'}`,
        ...ids,
      };
    }
    const former = formerBody(change.kind, change.live.spec);
    const back = await put(change.kind, change.id, former, true, sending);
    if (back.kind !== 'accepted')
      return { state: 'failed', message: `${why}; rolling back failed: ${back.message}`, ...ids };
    const verdict = await judge(change, sending, startedAt);
    const state: OutcomeState = verdict.kind === 'good' ? 'rolled-back' : 'failed';
    const tail =
      verdict.kind === 'good' ? 'what ran before runs again' : `rolled back, but ${verdict.message}`;
    return {
      state,
      message: `${why}; ${tail}`,
      sent: former,
      ...ids,
      ...(verdict.kind === 'good' && verdict.version !== undefined ? { version: verdict.version } : {}),
    };
  };

  return {
    name,
    kind: 'marathon',
    observe: ({ signal }) => observe(client, name, signal),

    async apply(change, options) {
      const startedAt = isoTime(clock);
      let end: End;
      try {
        end = await carryOut(change, options);
      } catch (error) {
        if (options.signal.aborted) throw error;
        // Nothing is concluded from what could not be read: the next pass looks again.
        const state: OutcomeState =
          errorKind(error) === 'refused' || errorKind(error) === 'invalid' ? 'blocked' : 'unknown';
        end = { state, message: messageOf(error) };
      }
      const { ref, scheduler, kind, id, action } = change;
      return { ref, scheduler, kind, id, action, ...end, startedAt, endedAt: isoTime(clock) };
    },

    tasks: (jobId, { signal }) => tasksOf(client, jobId, signal),

    async describe({ signal }) {
      const info = await client.read('/v2/info', signal);
      const version = isObject(info) && typeof info['version'] === 'string' ? info['version'] : undefined;
      const leader = isObject(info) && typeof info['leader'] === 'string' ? info['leader'] : null;
      return { ...(version === undefined ? {} : { version }), facts: { leader, url: client.url } };
    },

    async close() {
      closing.abort(new DOMException('the scheduler was closed', 'AbortError'));
      await listening?.catch(() => undefined);
      await client.close();
    },
  };
}

/** The plan was made for a definition; another one by now means that the plan is about something else. */
async function staleness(change: Change, sending: Sending): Promise<End | undefined> {
  const now = await current(change.kind, change.id, sending);
  if (change.kind === 'group') return undefined;
  if (change.live === undefined)
    return now === undefined
      ? undefined
      : { state: 'blocked', message: 'it came into being meanwhile; the next pass looks again' };
  if (now === undefined)
    return change.action === 'delete'
      ? { state: 'applied', message: 'it was gone already' }
      : { state: 'blocked', message: 'it was deleted meanwhile; the next pass looks again' };
  const version = now['version'];
  if (change.live.version !== undefined && version !== change.live.version)
    return { state: 'blocked', message: 'somebody else changed it meanwhile; the next pass looks again' };
  return undefined;
}

function judged(change: Change, verdict: Verdict, sent: (Sent & { kind: 'accepted' }) | undefined): End {
  const state: OutcomeState = verdict.kind === 'good' ? 'applied' : 'failed';
  const version = verdict.kind === 'good' ? verdict.version : sent?.version;
  const document: JsonObject | undefined = sent?.document;
  return {
    state,
    message: verdict.message,
    ...(document === undefined
      ? {}
      : { sent: change.kind === 'group' ? { id: change.id, ...document } : document }),
    ...(version === undefined ? {} : { version }),
    ...(sent?.deploymentId === undefined ? {} : { deploymentId: sent.deploymentId }),
  };
}
