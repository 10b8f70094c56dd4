import type { JobRef } from '../../../domain/job/job-ref.js';
import type { Change } from '../../../domain/plan/plan.js';
import { isObject } from '../../../domain/source/json.js';
import type { Answer } from '../../access/http-client.js';
import type { EventHub } from './api/hub.js';
import { bodyFor, judged, staleness } from './apply.js';
import type { Sending } from './current.js';
import { formerBody } from './documents.js';
import type { End } from './end.js';
import { hold } from './hold.js';
import { judge, waitUntilGone } from './judge/follow.js';
import type { Verdict } from './judge/index.js';
import { rejectionText } from './rejection.js';
import { answerOf, putTogether, remove, type Accepted } from './send.js';

type Ends = Map<JobRef, End>;
type Verdicts = Map<JobRef, Verdict>;

/**
 * Changes several apps as one deployment (`PUT /v2/apps` with a list, never a group with its contents): all of them end
 * well, or what ran before is put back for all.
 */
export async function carryOutTogether(
  changes: readonly Change[],
  sending: Sending,
  hub: EventHub,
): Promise<Ends> {
  const all = (of: (change: Change) => End): Ends =>
    new Map(changes.map((change) => [change.ref, of(change)]));
  for (const change of changes) {
    const stale = await staleness(change, sending);
    if (stale !== undefined)
      return all(() => ({
        ...stale,
        state: 'blocked',
        replan: true,
        message: `${change.ref}: ${stale.message}`,
      }));
  }
  const startedAt = sending.clock.now();
  const bodies = changes.map((change) => ({
    ...bodyFor(change, sending.options.environment),
    id: change.id,
  }));
  const sent = await putTogether(bodies, sending);
  if (sent.kind === 'unchanged')
    return all(() => ({ state: 'blocked', message: sent.message, ...answerOf(sent) }));
  if (sent.kind === 'rejected')
    return all(() => ({
      state: 'failed',
      message: whoseFault(sent.answer, changes) ?? sent.message,
      ...answerOf(sent),
    }));
  const accepted = new Map(
    changes.map((change, at) => [change.ref, { ...sent, document: bodies[at] ?? {} }]),
  );
  const verdicts = await judgeAll(changes, sent, startedAt, sending, hub);
  const bad = changes.filter(({ ref }) => verdicts.get(ref)?.kind !== 'good');
  const { onFailure } = sending.options;
  const [first] = bad;
  if (first === undefined || onFailure === 'leave')
    return all((change) => judged(change, verdictOf(change, verdicts), accepted.get(change.ref)));
  const failure = verdictOf(first, verdicts);
  if (failure.kind === 'superseded')
    return all(() => ({
      state: 'blocked',
      replan: true,
      message: `${first.ref}: ${failure.message}`,
      ...answerOf(sent),
    }));
  if (onFailure === 'hold' && failure.kind === 'bad') {
    const held = await hold(first, failure, sent, sending);
    return all((change) => ({ ...judged(change, held, accepted.get(change.ref)), state: 'failed' }));
  }
  const ends = await putBack(changes, bad, verdicts, sending, hub);
  return new Map([...ends].map(([ref, end]) => [ref, { ...end, ...answerOf(sent) }]));
}

/** The first bad one ends the waiting for the others: all of them go back. */
async function judgeAll(
  changes: readonly Change[],
  { version }: Accepted,
  startedAt: number,
  sending: Sending,
  hub: EventHub,
): Promise<Verdicts> {
  const enough = new AbortController();
  const signal = AbortSignal.any([sending.options.signal, enough.signal]);
  const options = { ...sending.options, signal };
  const verdicts: Verdicts = new Map();
  await Promise.all(
    changes.map(async (change) => {
      try {
        const watched = { ...change, restarts: change.action !== 'scale', startedAt, version };
        const verdict = await judge(watched, { ...sending, options }, hub);
        verdicts.set(change.ref, verdict);
        if (verdict.kind !== 'good' && options.onFailure !== 'leave')
          enough.abort(new DOMException('another one of the set failed', 'AbortError'));
      } catch (error) {
        if (!enough.signal.aborted || sending.options.signal.aborted) throw error;
        verdicts.set(change.ref, { kind: 'good', message: 'not judged to its end' });
      }
    }),
  );
  return verdicts;
}

async function putBack(
  changes: readonly Change[],
  bad: readonly Change[],
  verdicts: Verdicts,
  before: Sending,
  hub: EventHub,
): Promise<Ends> {
  const { clock, options } = before;
  const startedAt = clock.now();
  const sending: Sending = { ...before, deadline: startedAt + options.deadlineMs, force: true };
  const why = bad.map((change) => `${change.ref}: ${verdictOf(change, verdicts).message}`).join('; ');
  options.progress?.(`rolling back: ${why}`);
  const [existing, made] = [
    changes.filter(({ live }) => live !== undefined),
    changes.filter(({ live }) => live === undefined),
  ];
  const formers = existing.map(({ id, kind, live }) => ({ ...formerBody(kind, live?.spec ?? {}), id }));
  const back = formers.length === 0 ? undefined : await putTogether(formers, sending);
  const ends: Ends = new Map();
  for (const change of made) {
    const removed = await remove(change, sending);
    const gone = removed.kind === 'accepted' && (await waitUntilGone(change, sending, hub));
    ends.set(
      change.ref,
      gone
        ? { state: 'rolled-back', message: `${why}; it was new and was deleted again` }
        : { state: 'failed', message: `${why}; deleting it again failed` },
    );
  }
  await Promise.all(
    existing.map(async (change, at) => {
      if (back?.kind !== 'accepted') {
        ends.set(change.ref, {
          state: 'failed',
          message: `${why}; rolling back failed: ${back?.message ?? ''}`,
        });
        return;
      }
      const watched = { ...change, restarts: change.action !== 'scale', startedAt, version: back.version };
      const verdict = await judge(watched, sending, hub);
      const former = formers[at];
      ends.set(change.ref, {
        state: verdict.kind === 'good' ? 'rolled-back' : 'failed',
        message: `${why}; ${verdict.kind === 'good' ? 'what ran before runs again' : `rolled back, but ${verdict.message}`}`,
        ...(former === undefined ? {} : { sent: former }),
        ...(verdict.kind === 'good' && verdict.version !== undefined ? { version: verdict.version } : {}),
      });
    }),
  );
  return ends;
}

function verdictOf({ ref }: Change, verdicts: Verdicts): Verdict {
  return verdicts.get(ref) ?? { kind: 'good', message: 'not judged to its end' };
}

/**
 * Whose definition is not taken, with the place. What can't be read of a list is blamed by its position (`(1)/cpus`), what
 * breaks a rule over the whole tree by its id; of anything else Marathon does not say whose it is.
 */
function whoseFault(answer: Answer, changes: readonly Change[]): string | undefined {
  const details =
    isObject(answer.json) && Array.isArray(answer.json['details']) ? answer.json['details'] : [];
  const texts = details.filter(isObject).flatMap((detail) => {
    const path = String(detail['path'] ?? '');
    const [, at, rest = ''] = /^\/?\((\d+)\)(.*)$/.exec(path) ?? [];
    const guilty =
      at === undefined ? changes.find(({ id }) => path.startsWith(`/apps/${id}`)) : changes[Number(at)];
    if (guilty === undefined || !isObject(answer.json)) return [];
    const own = { ...detail, path: at === undefined ? path : rest };
    const text = rejectionText({ ...answer, json: { ...answer.json, details: [own] } }, guilty.desired);
    return text === undefined ? [] : [`${guilty.ref}: ${text}`];
  });
  return texts.length === 0 ? undefined : texts.join('; ');
}
