import type { Change } from '../../../domain/plan/plan.js';
import type { Outcome } from '../../../domain/record/outcome.js';
import type { JsonObject } from '../../../domain/source/json.js';
import { isoTime, type Clock } from '../../../ports/clock.js';
import type {
  Addresses,
  ApplyOptions,
  Scheduler,
  SchedulerAuth,
  SchedulerTls,
} from '../../../ports/scheduler.js';
import { kindOf as errorKind, messageOf, TowlineError } from '../../../runtime/errors.js';
import type { Log } from '../../../runtime/log.js';
import { compare } from '../model/compare.js';
import { bodyOf, childrenIn, summaryOf } from './body.js';
import { ChronosClient, said } from './client.js';
import { liveJobOf, withoutCopies } from './live-job.js';

export interface ChronosOptions {
  name: string;
  addresses: Addresses;
  auth?: SchedulerAuth;
  tls?: SchedulerTls;
  clock: Clock;
  log: Log;
  /** Pause between two looks while waiting. */
  pollMs?: number;
}

type End = Pick<Outcome, 'state' | 'message'> & Partial<Pick<Outcome, 'sent' | 'stated'>>;

/** How long a job that was accepted may take to be listed; beyond that it is a ghost (reference: chronos.md §3). */
const LISTED_MS = 60_000;
/** Two reads must agree; more tries than these mean that something keeps changing. */
const READS = 5;

/** Chronos as a Scheduler. Writes go one after the other: bursts have brought servers down. */
export function chronosScheduler(options: ChronosOptions): Scheduler {
  const { name, clock, pollMs = 500 } = options;
  const client = new ChronosClient(options);
  let turn: Promise<unknown> = Promise.resolve();

  /** Everything that changes something waits for its turn. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const next = turn.then(work, work);
    turn = next.catch(() => undefined);
    return next;
  };

  /** The list, read until two reads by the same leader agree: a new leader begins with an empty or partial one. */
  const steadyList = async (signal: AbortSignal): Promise<JsonObject[]> => {
    let before = await listed(signal);
    for (let read = 1; read < READS; read++) {
      await clock.sleep(Math.min(pollMs, 100), signal);
      const now = await listed(signal);
      if (now.names === before.names && now.leader === before.leader) return now.jobs;
      before = now;
    }
    throw new TowlineError('chronos-unsteady', 'unavailable', 'the list of jobs changed at every read', {
      help: 'Chronos may be electing a leader. It is tried again.',
    });
  };

  const listed = async (
    signal: AbortSignal,
  ): Promise<{ jobs: JsonObject[]; names: string; leader: string | undefined }> => {
    const [jobs, leader] = [await client.jobs(signal), await client.leader(signal)];
    return { jobs, names: JSON.stringify(jobs.map((j) => j['name']).sort()), leader };
  };

  const current = async (id: string, signal: AbortSignal): Promise<JsonObject | undefined> => {
    const job = (await client.jobs(signal)).find((j) => j['name'] === id);
    return job === undefined ? undefined : withoutCopies(job);
  };

  const put = async (change: Change, { signal, deadlineMs, progress }: ApplyOptions): Promise<End> => {
    const { desired, id } = change;
    if (desired === undefined) return { state: 'blocked', message: 'there is nothing to send' };
    const live = await current(id, signal);
    if (change.live === undefined && live !== undefined)
      return { state: 'blocked', message: 'it came into being meanwhile; the next pass looks again' };
    if (change.live !== undefined && live === undefined)
      return { state: 'blocked', message: 'it is not listed any more; the next pass looks again' };
    const body = bodyOf(desired.spec, { live, lastApplied: change.lastApplied, now: clock.now() });
    const path = desired.kind === 'dependent' ? '/dependency' : '/iso8601';
    const until = clock.now() + Math.min(LISTED_MS, deadlineMs);
    try {
      const answer = await client.write('POST', path, body, signal);
      if (answer.status !== 204 && answer.status !== 200) return rejected(answer.status, answer.text);
    } catch (error) {
      if (errorKind(error) === 'unavailable') return { state: 'blocked', message: messageOf(error) };
      if (errorKind(error) !== 'unknown-outcome') throw error;
      progress?.('the answer was lost; reading back');
    }
    return waitFor(
      until,
      signal,
      async () => {
        const now = await current(id, signal);
        if (now === undefined) return undefined;
        const { fields } = compare(desired, { kind: change.kind, spec: now }, { settings: {} });
        return fields.length === 0
          ? {
              state: 'applied',
              message: 'Chronos has it as sent',
              sent: body,
              ...statedIn(desired.spec, body),
            }
          : undefined;
      },
      async () => ghost(id, desired.spec, signal),
    );
  };

  /** 204 and not there: the likely reason by what is known of its parents. */
  const ghost = async (id: string, spec: JsonObject, signal: AbortSignal): Promise<End> => {
    const jobs = await client.jobs(signal);
    if (jobs.some((j) => j['name'] === id))
      return { state: 'failed', message: 'Chronos accepted it, but shows something else than was sent' };
    const parents = Array.isArray(spec['parents']) ? spec['parents'] : [];
    const missing = parents.filter((p) => !jobs.some((j) => j['name'] === p));
    const why =
      missing.length > 0 ? `: its parents ${missing.join(', ')} are not there, so it is kept as a ghost` : '';
    return { state: 'failed', message: `Chronos accepted it and does not list it${why}` };
  };

  const remove = async (change: Change, { signal, deadlineMs }: ApplyOptions): Promise<End> => {
    const { id } = change;
    if ((await current(id, signal)) === undefined)
      return { state: 'applied', message: 'it was gone already' };
    const children = childrenIn((await client.read('/graph/csv', signal)).text, id);
    if (children.length > 0)
      return {
        state: 'blocked',
        message: `it has children (${children.join(', ')}), which Chronos would rewrite; delete them first`,
      };
    const until = clock.now() + Math.min(LISTED_MS, deadlineMs);
    try {
      const answer = await client.write('DELETE', `/job/${encodeURIComponent(id)}`, undefined, signal);
      const gone = answer.status === 400 && (await current(id, signal)) === undefined;
      if (answer.status !== 204 && answer.status !== 200 && !gone)
        return rejected(answer.status, answer.text);
    } catch (error) {
      if (errorKind(error) === 'unavailable') return { state: 'blocked', message: messageOf(error) };
      if (errorKind(error) !== 'unknown-outcome') throw error;
    }
    return waitFor(
      until,
      signal,
      async () =>
        (await current(id, signal)) === undefined ? { state: 'applied', message: 'deleted' } : undefined,
      async () => ({
        state: 'failed',
        message: 'it is still there: Chronos may not have stored the deletion',
      }),
    );
  };

  const waitFor = async (
    until: number,
    signal: AbortSignal,
    look: () => Promise<End | undefined>,
    otherwise: () => Promise<End>,
  ): Promise<End> => {
    for (;;) {
      try {
        const end = await look();
        if (end !== undefined) return end;
      } catch (error) {
        if (errorKind(error) !== 'unavailable') throw error;
      }
      if (clock.now() >= until) return otherwise();
      await clock.sleep(pollMs, signal);
    }
  };

  const judge = async (change: Change, { signal }: ApplyOptions): Promise<End> => {
    const live = await current(change.id, signal);
    const { desired } = change;
    if (desired === undefined)
      return live === undefined
        ? { state: 'applied', message: 'it is gone' }
        : { state: 'failed', message: 'it is still there' };
    if (live === undefined) return { state: 'failed', message: 'it is not there' };
    const same = compare(desired, { kind: change.kind, spec: live }, { settings: {} }).fields.length === 0;
    return same
      ? { state: 'applied', message: 'Chronos has it as sent', sent: desired.spec }
      : { state: 'failed', message: 'it differs from Git' };
  };

  return {
    name,
    kind: 'chronos',

    async observe({ signal }) {
      return (await steadyList(signal)).map((listed) => liveJobOf(name, listed));
    },

    async apply(change, options) {
      const { ref, scheduler, kind, id, action } = change;
      let startedAt = isoTime(clock);
      const end = await inTurn(async (): Promise<End> => {
        startedAt = isoTime(clock);
        options.signal.throwIfAborted();
        try {
          if (action === 'none') return await judge(change, options);
          return action === 'delete' ? await remove(change, options) : await put(change, options);
        } catch (error) {
          if (options.signal.aborted) throw error;
          const state = ['refused', 'invalid', 'unavailable'].includes(errorKind(error))
            ? 'blocked'
            : 'unknown';
          return { state, message: messageOf(error) };
        }
      });
      return { ref, scheduler, kind, id, action, ...end, startedAt, endedAt: isoTime(clock) };
    },

    async tasks(jobId, { signal }) {
      if ((await client.generation(signal)) === '2.x') return [];
      const summary = summaryOf((await client.read('/jobs/summary', signal)).json, jobId);
      return summary === undefined
        ? []
        : [{ id: jobId, jobId, ports: [], state: `${summary.state}, last ${summary.status}` }];
    },

    async describe({ signal }) {
      const [version, leader] = [await client.generation(signal), await client.leader(signal)];
      return { version, facts: { leader: leader ?? null, url: client.url } };
    },

    close: () => client.close(),
  };
}

/** A schedule that was sent from a later moment on, as Git states it. */
function statedIn({ schedule }: JsonObject, body: JsonObject): Pick<Outcome, 'stated'> {
  return schedule === undefined || schedule === body['schedule'] ? {} : { stated: { schedule } };
}

/** 500 may be a client's mistake here as well: it is never tried again as it is. */
function rejected(status: number, text: string): End {
  if (status === 401 || status === 403 || status === 502 || status === 503)
    return { state: 'blocked', message: `Chronos answered ${status}: ${said(text)}` };
  return {
    state: 'failed',
    message: `Chronos rejected it (${status}): ${said(text) === '' ? 'no reason given' : said(text)}`,
  };
}
