import type { Following } from '../api/hub.js';
import type { Sending } from '../current.js';
import { logOf } from './log-path.js';
import { look, type Look } from './look.js';
import { Losses } from './losses.js';
import { queuedIn, type Queued } from './offers.js';

/**
 * How a change ended. `superseded`: somebody else put another definition in place meanwhile, so that there is nothing to
 * judge any more.
 */
export type Verdict =
  | { kind: 'good'; version?: string; message: string }
  | { kind: 'bad'; cause: BadCause; message: string }
  | { kind: 'superseded'; message: string };

export type BadCause = 'crash-loop' | 'no-offers' | 'deadline';

export interface Watched {
  kind: string;
  id: string;
  /** All tasks are to be new ones. */
  restarts: boolean;
  /** When it was sent, in ms since the epoch. */
  startedAt: number;
  /** The version that it was answered with. */
  version?: string | undefined;
}

/**
 * Waits until an app, pod or group is as it should be and has stayed so for the soak time, or until it is clear that it
 * will not be. A deployment never fails by itself (reference: marathon.md §4), so the verdict is made here: by tasks that
 * end again and again, by machines that have no room, or at the deadline, with what was wrong last.
 */
export async function waitUntilGood(
  watched: Watched,
  sending: Sending,
  following: Following,
): Promise<Verdict> {
  const { clock, deadline, options } = sending;
  const losses = new Losses(watched.startedAt);
  let goodSince: number | undefined;
  let hungrySince: number | undefined;
  for (;;) {
    const seen = await look(watched, sending);
    const queued = await queueOf(watched, seen, sending);
    losses.see({ ...seen, version: seen.taskVersion, delay: queued?.delay, ended: following.ended() });
    const now = clock.now();
    if (isSuperseded(watched, seen))
      return { kind: 'superseded', message: 'somebody else changed it while it was deployed' };
    goodSince = seen.good ? (goodSince ?? now) : undefined;
    hungrySince = queued?.waitingForOffers === true ? (hungrySince ?? now) : undefined;
    if (goodSince !== undefined && (seen.idle || now - goodSince >= options.soakMs))
      return {
        kind: 'good',
        message: seen.text,
        ...(seen.version === undefined ? {} : { version: seen.version }),
      };
    const bad = badCause(
      { losses, seen, hungryMs: hungrySince === undefined ? 0 : now - hungrySince, late: now >= deadline },
      sending,
    );
    if (bad !== undefined)
      return { kind: 'bad', cause: bad, message: await reasonOf(bad, { losses, seen, queued }, sending) };
    options.progress?.(progressOf(seen, losses, queued, goodSince !== undefined));
    const soakLeft = goodSince === undefined ? Infinity : goodSince + options.soakMs - now;
    await following.pause(Math.max(1, Math.min(deadline - now, soakLeft)));
  }
}

/** The launch queue is asked only where a task is missing. */
async function queueOf(
  { id }: Watched,
  seen: Look,
  { client, options }: Sending,
): Promise<Queued | undefined> {
  if (seen.good || seen.needs === undefined || seen.present.length >= seen.wanted) return undefined;
  const answer = await client.read('/v2/queue', options.signal).catch(() => {
    options.signal.throwIfAborted();
    // It only explains; what can't be asked now is asked at the next look.
    return undefined;
  });
  return queuedIn(answer, id, seen.needs);
}

/** Versions are times. An older one is an answer that is late. */
function isSuperseded({ version }: Watched, seen: Look): boolean {
  return version !== undefined && seen.version !== undefined && seen.version > version;
}

function badCause(
  { losses, seen, hungryMs, late }: { losses: Losses; seen: Look; hungryMs: number; late: boolean },
  { options }: Sending,
): BadCause | undefined {
  if (losses.count >= options.maxTaskFailures && !seen.good) return 'crash-loop';
  if (hungryMs >= options.noOffersMs) return 'no-offers';
  // What is good already only has to stay so.
  return late && !seen.good ? 'deadline' : undefined;
}

async function reasonOf(
  cause: BadCause,
  { losses, seen, queued }: { losses: Losses; seen: Look; queued: Queued | undefined },
  sending: Sending,
): Promise<string> {
  const lost = losses.count === 0 ? undefined : await lossText(losses, sending);
  const hungry =
    queued?.waitingForOffers === true
      ? `no offer fits${queued.reasons === '' ? '' : `: ${queued.reasons}`}`
      : undefined;
  if (cause === 'crash-loop') return `its tasks do not stay up: ${lost ?? ''}`;
  if (cause === 'no-offers') return hungry ?? 'no offer fits';
  const more = [hungry, seen.unhealthy, lost].filter((text) => text !== undefined);
  return [`not done by the deadline: ${seen.text}`, ...more].join('; ');
}

/** `3 ended, the last with TASK_FAILED on agent-7: Command exited with status 3 (log: …)`. */
async function lossText(losses: Losses, sending: Sending): Promise<string> {
  const many = `${losses.count} ended`;
  const { last } = losses;
  if (losses.onlySuccess) return `${many} by themselves, without an error (exit code 0)`;
  if (last === undefined) return many;
  const where = last.host === '' ? '' : ` on ${last.host}`;
  const log = await logOf(last, sending);
  return `${many}, the last with ${last.state}${where}: ${last.message}${log === undefined ? '' : ` (log: ${log})`}`;
}

function progressOf(seen: Look, losses: Losses, queued: Queued | undefined, soaking: boolean): string {
  const more = [
    losses.count === 0 ? undefined : `${losses.count} ended by themselves`,
    queued?.waitingForOffers === true
      ? `waits for offers${queued.reasons === '' ? '' : `: ${queued.reasons}`}`
      : undefined,
    soaking ? 'must stay so' : undefined,
  ].filter((text) => text !== undefined);
  return [seen.text, ...more].join('; ');
}
