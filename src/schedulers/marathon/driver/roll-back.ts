import type { Change } from '../../../domain/plan/plan.js';
import type { EventHub } from './api/hub.js';
import type { End } from './end.js';
import { judge, waitUntilGone } from './judge/follow.js';
import { formerBody } from './documents.js';
import type { Sending } from './current.js';
import { answerOf, put, remove, type Accepted } from './send.js';

/** Puts back what ran before, over the failing deployment, and waits until it runs again. What was new is deleted. */
export async function rollBack(
  change: Change,
  why: string,
  sent: Accepted,
  before: Sending,
  hub: EventHub,
): Promise<End> {
  const { clock, options } = before;
  const startedAt = clock.now();
  const sending: Sending = { ...before, deadline: startedAt + options.deadlineMs, force: true };
  options.progress?.(`rolling back: ${why}`);
  const ids = {
    ...(sent.deploymentId === undefined ? {} : { deploymentId: sent.deploymentId }),
    ...answerOf(sent),
  };
  if (change.live === undefined) {
    const removed = await remove(change, sending);
    const gone = removed.kind === 'accepted' && (await waitUntilGone(change, sending, hub));
    return gone
      ? { state: 'rolled-back', message: `${why}; it was new and was deleted again`, ...ids }
      : { state: 'failed', message: `${why}; deleting it again failed`, ...ids };
  }
  const former = formerBody(change.kind, change.live.spec);
  const back = await put({ ...change, body: former, exists: true }, sending);
  if (back.kind !== 'accepted')
    return { state: 'failed', message: `${why}; rolling back failed: ${back.message}`, ...ids };
  const watched = { ...change, restarts: change.action !== 'scale', startedAt, version: back.version };
  const verdict = await judge(watched, sending, hub);
  return {
    state: verdict.kind === 'good' ? 'rolled-back' : 'failed',
    message: `${why}; ${verdict.kind === 'good' ? 'what ran before runs again' : `rolled back, but ${verdict.message}`}`,
    sent: former,
    ...ids,
    ...(verdict.kind === 'good' && verdict.version !== undefined ? { version: verdict.version } : {}),
  };
}
