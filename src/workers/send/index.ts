import type { BuildTrigger } from '../../ports/build-trigger.js';
import type { Clock } from '../../ports/clock.js';
import type { Outbox, WaitingEvent } from '../../ports/outbox.js';
import { isAbort, kindOf, messageOf } from '../../runtime/errors.js';
import type { Log } from '../../runtime/log.js';
import { backoff } from '../../runtime/retry.js';

export interface SendOptions {
  outbox: Outbox;
  triggers: readonly BuildTrigger[];
  clock: Clock;
  log: Log;
  signal: AbortSignal;
  /** How often one event is tried before the rest of its target is left for later; the first included. Default 4. */
  attempts?: number;
  /** First pause; doubles with each attempt. Default 1 s, at most 30 s. */
  minMs?: number;
}

/** What became of the events of one target. */
export interface SentTarget {
  target: string;
  sent: number;
  setAside: number;
  /** Left for later, because the target does not answer. */
  left: number;
  /** Why something was left or set aside, the last of it. */
  reason?: string;
}

const MAX_PAUSE_MS = 30_000;
/** So often the outbox is looked at again for what came meanwhile. */
const MOST_ROUNDS = 100;

/**
 * Sends what waits in an outbox, in order for each target; targets do not wait for each other. What the target refuses for
 * good is set aside, what it does not answer is left. Undefined: another sender is at work, and sends it.
 */
export async function sendOutbox(options: SendOptions): Promise<SentTarget[] | undefined> {
  const { outbox, signal } = options;
  const totals = new Map<string, SentTarget>();
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    signal.throwIfAborted();
    const done = await outbox.alone(() => sendRound(options, totals));
    if (done === undefined) return totals.size === 0 ? undefined : [...totals.values()];
    // An event that came after the last look was left to this sender by its own: the lock was held then.
    if (!(await somethingNew(options, totals))) break;
  }
  return [...totals.values()];
}

async function sendRound(options: SendOptions, totals: Map<string, SentTarget>): Promise<void> {
  const results = await Promise.all(options.triggers.map((trigger) => sendTo(trigger, options, totals)));
  for (const result of results) {
    const before = totals.get(result.target);
    totals.set(result.target, {
      ...before,
      ...result,
      sent: (before?.sent ?? 0) + result.sent,
      setAside: (before?.setAside ?? 0) + result.setAside,
    });
  }
}

async function somethingNew(
  { outbox, triggers }: SendOptions,
  totals: ReadonlyMap<string, SentTarget>,
): Promise<boolean> {
  for (const { name } of triggers)
    if (totals.get(name)?.left === 0 && (await outbox.waiting(name)).length > 0) return true;
  return false;
}

async function sendTo(
  trigger: BuildTrigger,
  options: SendOptions,
  totals: ReadonlyMap<string, SentTarget>,
): Promise<SentTarget> {
  const { outbox, log } = options;
  const target = trigger.name;
  const result: SentTarget = { target, sent: 0, setAside: 0, left: 0 };
  for (;;) {
    const waiting = await outbox.waiting(target);
    const [next] = waiting;
    if (next === undefined) return result;
    // It did not answer in an earlier round of this process.
    if ((totals.get(target)?.left ?? 0) > 0) return { ...result, left: waiting.length };
    try {
      const what = await sendOne(trigger, next, options);
      await outbox.done(target, next.key);
      result.sent += 1;
      log.info({ target, event: next.event.id, ref: next.event.refs[0].name, started: what }, 'sent');
    } catch (error) {
      if (isAbort(error) && options.signal.aborted) throw error;
      result.reason = messageOf(error);
      if (isPassing(error)) {
        log.warn({ target, waiting: waiting.length, err: result.reason }, 'left for later');
        return { ...result, left: waiting.length };
      }
      await outbox.setAside(target, next.key, result.reason);
      result.setAside += 1;
      log.error({ target, event: next.event.id, err: result.reason }, 'set aside: it can never be sent');
    }
  }
}

/** It may be another time. */
function isPassing(error: unknown): boolean {
  return ['unavailable', 'conflict', 'unknown-outcome'].includes(kindOf(error));
}

async function sendOne(
  trigger: BuildTrigger,
  { event }: WaitingEvent,
  { signal, clock, log, attempts = 4, minMs = 1000 }: SendOptions,
): Promise<string> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await trigger.start(event, { signal });
    } catch (error) {
      if (!isPassing(error) || attempt >= attempts) throw error;
      const pause = backoff(attempt, { minMs, maxMs: MAX_PAUSE_MS });
      log.debug({ target: trigger.name, attempt, pause, err: messageOf(error) }, 'tried again');
      await clock.sleep(pause, signal);
    }
  }
}
