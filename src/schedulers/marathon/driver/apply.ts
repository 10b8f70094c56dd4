import type { Change } from '../../../domain/plan/plan.js';
import { sendsNothing } from '../../../domain/plan/obey-orders.js';
import type { OutcomeState } from '../../../domain/record/outcome.js';
import { foundOf } from '../../../domain/record/read-back.js';
import { numberAt, objectAt } from '../model/rules/rule.js';
import type { EventHub } from './api/hub.js';
import { bodyOf, scaledBody } from './documents.js';
import type { End } from './end.js';
import { judge, waitUntilGone } from './judge/follow.js';
import type { Verdict } from './judge/index.js';
import { removeEmptyGroups } from './empty-groups.js';
import { hold } from './hold.js';
import { rejectionText } from './rejection.js';
import { rollBack } from './roll-back.js';
import { askedRollout, rollOut } from './rollout/index.js';
import { current, type Sending } from './current.js';
import { answerOf, put, remove, restart, type Accepted } from './send.js';

/** Carries out one change and says how it ended. Throws only what could not be concluded. */
export async function carryOut(change: Change, sending: Sending, hub: EventHub): Promise<End> {
  const startedAt = sending.clock.now();
  if (change.action === 'none') {
    const verdict = await judge({ ...change, restarts: false, startedAt }, sending, hub);
    return judged(change, verdict, arrived(change, sending));
  }
  const stale = await staleness(change, sending);
  if (stale !== undefined) return stale;
  if (change.action === 'delete') return deletion(change, sending, hub);
  if (change.action === 'restart') return restarted(change, sending, hub);
  if (change.desired === undefined) return { state: 'blocked', message: 'there is nothing to send' };
  const rollout = askedRollout(change);
  if (rollout === undefined) return replaced(change, sending, hub);
  // The app itself has its time from when its turn comes.
  const later = (): Sending => ({ ...sending, deadline: sending.clock.now() + sending.options.deadlineMs });
  return rollOut(change, rollout, () => replaced(change, later(), hub), sending, hub);
}

/** What an earlier pass sent, and did not live to see arrive: the same is made of the same again. */
function arrived(change: Change, { options }: Sending): Accepted | undefined {
  const { announced } = options;
  if (announced === undefined || sendsNothing(announced.action) || foundOf(announced, change) !== 'done')
    return undefined;
  const { action } = announced;
  return { kind: 'accepted', document: bodyFor({ ...change, action }, options.environment) };
}

async function replaced(change: Change, sending: Sending, hub: EventHub): Promise<End> {
  const startedAt = sending.clock.now();
  const body = bodyFor(change, sending.options.environment);
  const sent = await put({ ...change, body, exists: change.live !== undefined }, sending);
  if (sent.kind === 'unchanged') return { state: 'blocked', message: sent.message, ...answerOf(sent) };
  if (sent.kind === 'rejected')
    return {
      state: 'failed',
      message: rejectionText(sent.answer, change.desired) ?? sent.message,
      ...answerOf(sent),
    };
  const watched = { ...change, restarts: change.action !== 'scale', startedAt, version: sent.version };
  return concluded(change, await judge(watched, sending, hub), sent, sending, hub);
}

/**
 * Replaces all tasks as they are. There is nothing to put back where that goes wrong: unless Marathon is to go on trying,
 * it is stopped, so that what still runs goes on running.
 */
async function restarted(change: Change, sending: Sending, hub: EventHub): Promise<End> {
  const startedAt = sending.clock.now();
  const sent = await restart(change.id, change.live?.version, sending);
  if (sent.kind === 'unchanged') return { state: 'blocked', message: sent.message, ...answerOf(sent) };
  if (sent.kind === 'rejected') return { state: 'failed', message: sent.message, ...answerOf(sent) };
  const watched = { ...change, restarts: true, startedAt, version: sent.version };
  const verdict = await judge(watched, sending, hub);
  if (verdict.kind === 'bad' && sending.options.onFailure !== 'leave')
    return judged(change, await hold(change, verdict, sent, sending), sent);
  return concluded(change, verdict, sent, sending, hub);
}

/** What is sent for a change. */
export function bodyFor(
  { kind, action, desired, live, document }: Change,
  environment: string,
): NonNullable<Accepted['document']> {
  const spec = document ?? desired?.spec ?? {};
  if (action !== 'scale' || live === undefined) return bodyOf(kind, spec, environment);
  const instances = numberAt(kind === 'pod' ? objectAt(spec, 'scaling') : spec, 'instances') ?? 1;
  return scaledBody(kind, live.spec, instances);
}

/** What becomes of a change that was accepted, by its verdict and the policy. */
export async function concluded(
  change: Change,
  verdict: Verdict,
  sent: Accepted,
  sending: Sending,
  hub: EventHub,
): Promise<End> {
  if (verdict.kind === 'superseded')
    return {
      state: 'blocked',
      message: `${verdict.message}; the next pass looks again`,
      replan: true,
      ...answerOf(sent),
    };
  const { onFailure } = sending.options;
  if (verdict.kind === 'good' || onFailure === 'leave') return judged(change, verdict, sent);
  if (onFailure === 'hold') return judged(change, await hold(change, verdict, sent, sending), sent);
  return rollBack(change, verdict.message, sent, sending, hub);
}

async function deletion(change: Change, sending: Sending, hub: EventHub): Promise<End> {
  const sent = await remove(change, sending);
  if (sent.kind === 'unchanged') return { state: 'blocked', message: sent.message, ...answerOf(sent) };
  if (sent.kind === 'rejected' && (await current(change.kind, change.id, sending)) !== undefined)
    return { state: 'failed', message: sent.message, ...answerOf(sent) };
  const gone = await waitUntilGone(change, sending, hub);
  const id = sent.kind === 'accepted' ? sent.deploymentId : undefined;
  const groups = gone && change.kind !== 'group' ? await removeEmptyGroups(change.id, sending) : [];
  return {
    state: gone ? 'applied' : 'failed',
    message: gone
      ? `deleted${groups.length === 0 ? '' : `, and the empty ${groups.join(', ')}`}`
      : 'it is still there at the deadline',
    ...(id === undefined ? {} : { deploymentId: id }),
    ...answerOf(sent),
  };
}

/** The plan was made for a definition; another one by now means that the plan is about something else. */
export async function staleness(change: Change, sending: Sending): Promise<End | undefined> {
  if (change.kind === 'group') return undefined;
  const now = await current(change.kind, change.id, sending);
  const again = (message: string): End => ({
    state: 'blocked',
    message: `${message}; the next pass looks again`,
    replan: true,
  });
  if (change.live === undefined) return now === undefined ? undefined : again('it came into being meanwhile');
  if (now === undefined)
    return change.action === 'delete'
      ? { state: 'applied', message: 'it was gone already' }
      : again('it was deleted meanwhile');
  const { version } = change.live;
  return version === undefined || now['version'] === version
    ? undefined
    : again('somebody else changed it meanwhile');
}

/** The end of a change that was judged, good or bad. */
export function judged(change: Change, verdict: Verdict, sent: Accepted | undefined): End {
  const state: OutcomeState = verdict.kind === 'good' ? 'applied' : 'failed';
  const version = verdict.kind === 'good' ? verdict.version : sent?.version;
  const document = sent?.document;
  return {
    state,
    message: verdict.message,
    ...(document === undefined
      ? {}
      : { sent: change.kind === 'group' ? { id: change.id, ...document } : document }),
    ...(version === undefined ? {} : { version }),
    ...(sent?.deploymentId === undefined ? {} : { deploymentId: sent.deploymentId }),
    ...(sent === undefined ? {} : answerOf(sent)),
  };
}
