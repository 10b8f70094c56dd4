import type { Change } from '../../../domain/plan/plan.js';
import type { JsonObject } from '../../../domain/source/json.js';
import type { ApplyOptions } from '../../../ports/scheduler.js';
import { kindOf, messageOf } from '../../../runtime/errors.js';
import { compare } from '../model/compare.js';
import { parentsOf } from '../model/rules.js';
import { runs } from '../model/runs.js';
import { mayBeProxy } from './api/answers.js';
import type { Driving } from './driving.js';
import type { End } from './end.js';
import { readBack } from './read-back.js';
import { rejected } from './rejected.js';

/** How long a job that was accepted may take to be listed; beyond that it is a ghost (reference: chronos.md §3). */
const LISTED_MS = 60_000;

/** Sends a definition and reads it back. */
export async function post(
  body: JsonObject,
  { change, live }: { change: Change; live: JsonObject | undefined },
  driving: Driving,
  { signal, deadlineMs, progress }: ApplyOptions,
): Promise<End> {
  const { client, reading, clock, pollMs } = driving;
  const { id, kind } = change;
  const path = parentsOf(body).length > 0 ? '/dependency' : '/iso8601';
  const until = clock.now() + Math.min(LISTED_MS, deadlineMs);
  const isThere = async (): Promise<End | undefined> => {
    const now = await reading.find(id, signal);
    if (now === undefined) return undefined;
    const { fields } = compare({ kind, spec: body }, { kind, spec: now }, { settings: {} });
    return fields.length === 0 ? { state: 'applied', message: shown(now, kind, clock.now()) } : undefined;
  };
  const leader = await client.leader(signal);
  let doubt: string | undefined;
  let isSilent = false;
  let answered: Pick<End, 'httpStatus'> = {};
  try {
    const answer = await client.write('POST', path, body, signal);
    answered = { httpStatus: answer.status };
    if (mayBeProxy(answer)) {
      doubt = `was answered with ${answer.status}`;
      isSilent = answer.status === 500 && answer.text === '';
    } else if (answer.status !== 204 && answer.status !== 200) return rejected(answer, change);
  } catch (error) {
    if (kindOf(error) === 'unavailable') return { state: 'blocked', message: messageOf(error) };
    if (kindOf(error) !== 'unknown-outcome') throw error;
    doubt = 'got no answer';
  }
  if (doubt !== undefined) progress?.(`the request ${doubt}; reading back`);
  const seen = await readBack(isThere, { clock, pollMs, until, signal });
  if (seen !== undefined) return { ...seen, ...answered };
  const end =
    doubt === undefined
      ? notListed(id, driving, signal)
      : undone({ id, live, doubt, ...(isSilent ? { leader } : {}) }, driving, signal);
  return { ...(await end), ...answered };
}

/** 204 and not there: the likely reason by what is known of its parents. */
async function notListed(id: string, { reading }: Driving, signal: AbortSignal): Promise<End> {
  const listed = await reading.find(id, signal);
  return {
    state: 'failed',
    message:
      listed === undefined
        ? 'Chronos accepted it and does not list it: it may not have stored it, or keep it as a ghost without parents'
        : 'Chronos accepted it, but shows something else than was sent',
  };
}

/**
 * Nothing came of a request whose answer was lost, or came from somebody else. A standby passes errors on without their
 * words: with the same `leader` as before, and everything as it was, that was a rejection, and no outage.
 */
async function undone(
  {
    id,
    live,
    doubt,
    leader,
  }: { id: string; live: JsonObject | undefined; doubt: string; leader?: string | undefined },
  { client, reading }: Driving,
  signal: AbortSignal,
): Promise<End> {
  const isAsBefore = JSON.stringify(await reading.findSurely(id, signal)) === JSON.stringify(live);
  if (leader !== undefined && isAsBefore && (await client.leader(signal)) === leader)
    return { state: 'failed', message: 'Chronos rejected it (500), and a standby kept the reason to itself' };
  return {
    state: 'blocked',
    message: `the request ${doubt}, and nothing came of it; it is sent again later`,
  };
}

/** What Chronos shows, with the run that comes next. */
function shown(spec: JsonObject, kind: string, now: number): string {
  const [next] = runs({ kind, spec }, { from: now, live: true }) ?? [];
  return `Chronos has it as sent${next === undefined ? '' : `; its next run is then ${next}`}`;
}
