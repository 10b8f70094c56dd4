import type { Change } from '../../../../domain/plan/plan.js';
import { isoTime } from '../../../../ports/clock.js';
import {
  BESIDE_LABEL,
  besideId,
  besideSpec,
  rolloutOf,
  whyAlone,
  type Rollout,
} from '../../model/rollout.js';
import { numberAt, objectAt, textAt } from '../../model/rules/rule.js';
import type { EventHub } from '../api/hub.js';
import { current, type Sending } from '../current.js';
import { bodyOf } from '../documents.js';
import type { End } from '../end.js';
import { judge, waitUntilGone } from '../judge/follow.js';
import { rejectionText } from '../rejection.js';
import { answerOf, put, remove } from '../send.js';

/** What a change that replaces the app itself does, once the second one has proven the definition. */
export type Replace = () => Promise<End>;

/** How an update asks to be rolled out; undefined: as Marathon does by itself. */
export function askedRollout({ kind, action, desired, document, live }: Change): Rollout | undefined {
  const runs = (numberAt(live?.spec, 'instances') ?? 1) > 0;
  if (kind !== 'app' || action !== 'update' || desired === undefined || !runs) return undefined;
  const spec = document ?? desired.spec;
  return (numberAt(spec, 'instances') ?? 1) === 0 ? undefined : rolloutOf(spec);
}

/**
 * Canary and blue-green: a second app beside the first runs the new definition with a share of the instances (blue-green:
 * all of them) and takes its part of the traffic. When it has proven itself the first is replaced, behind which the second
 * goes. When it has not, it goes and the first was never touched.
 */
export async function rollOut(
  change: Change,
  rollout: Rollout,
  replace: Replace,
  sending: Sending,
  hub: EventHub,
): Promise<End> {
  const { clock, options } = sending;
  const spec = change.document ?? change.desired?.spec ?? {};
  const alone = whyAlone(spec);
  if (alone !== undefined || change.live === undefined)
    return {
      state: 'failed',
      message: `there can't be a second app beside it: ${alone ?? 'it does not run'}`,
    };
  const id = besideId(change.id, rollout);
  const second = { kind: 'app', id };
  const before = await current('app', id, sending);
  if (before !== undefined && textAt(objectAt(before, 'labels'), BESIDE_LABEL) !== change.id)
    return {
      state: 'blocked',
      message: `the second app would be ${id}, and somebody else has one of that name`,
    };
  const told: Sending = {
    ...sending,
    force: true,
    options: {
      ...options,
      soakMs: rollout.seconds === undefined ? options.soakMs : rollout.seconds * 1000,
      ...(options.progress === undefined
        ? {}
        : { progress: (text: string) => options.progress?.(`${rollout.kind}: ${text}`) }),
    },
  };
  const startedAt = clock.now();
  const body = bodyOf(
    'app',
    besideSpec(spec, change.live.spec, rollout, isoTime(clock)),
    options.environment,
  );
  const sent = await put({ ...second, body, exists: before !== undefined }, told);
  if (sent.kind === 'unchanged') return { state: 'blocked', message: sent.message, ...answerOf(sent) };
  if (sent.kind === 'rejected')
    return {
      state: 'failed',
      message: rejectionText(sent.answer, change.desired) ?? sent.message,
      ...answerOf(sent),
    };
  const verdict = await judge({ ...second, restarts: true, startedAt, version: sent.version }, told, hub);
  if (verdict.kind === 'good') {
    const end = await replace();
    const gone = end.state === 'unknown' ? undefined : await taken(second, sending, hub);
    return { ...end, message: [`${rollout.kind} good; ${end.message}`, gone].filter(Boolean).join('; ') };
  }
  if (verdict.kind === 'bad' && options.onFailure !== 'rollback')
    return {
      state: 'failed',
      message: `${rollout.kind} failed: ${verdict.message}; ${id} is left for a look, ${change.id} was not touched`,
      ...answerOf(sent),
    };
  const gone = await taken(second, sending, hub);
  const end = `${rollout.kind} failed: ${verdict.message}; ${change.id} was not touched`;
  return {
    state: verdict.kind === 'superseded' ? 'blocked' : 'rolled-back',
    message: [end, gone].filter(Boolean).join('; '),
    ...answerOf(sent),
    // What it runs is what it ran before.
    ...(change.lastApplied === undefined ? {} : { sent: change.lastApplied }),
  };
}

/** Takes the second app away. What goes wrong with that is told; the next pass finds it and tries again. */
async function taken(
  second: { kind: string; id: string },
  before: Sending,
  hub: EventHub,
): Promise<string | undefined> {
  const { clock, options } = before;
  const sending: Sending = { ...before, deadline: clock.now() + options.deadlineMs, force: true };
  const removed = await remove(second, sending);
  const gone = removed.kind === 'accepted' && (await waitUntilGone(second, sending, hub));
  const wasGone = removed.kind === 'rejected' && (await current('app', second.id, sending)) === undefined;
  return gone || wasGone ? undefined : `${second.id} could not be taken away`;
}
