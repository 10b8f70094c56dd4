import { FAILED_BEFORE } from '../plan/diff.js';
import type { Change, Plan } from '../plan/plan.js';
import { oneLine } from '../source/one-line.js';
import type { Revision } from '../source/revision.js';
import { changesToSend } from './entries.js';
import type { Outcome } from './outcome.js';

/**
 * How a revision stands in an environment.
 * pending: it is being deployed · live: everything is as it states · failed: something of it does not run · held:
 * something of it waits for a person, or for another time.
 */
export type RevisionState = 'pending' | 'live' | 'failed' | 'held';

export interface RevisionStatus {
  environment: string;
  revision: Revision;
  state: RevisionState;
  /** One line for people, of 140 characters at most: no service takes more. */
  description: string;
}

const MOST_CHARACTERS = 140;

/** What there is to say of a revision: before a pass has begun (no outcomes), or after its end. */
export function revisionVerdict(plan: Plan, outcomes?: readonly Outcome[]): RevisionStatus {
  const { environment, revision } = plan;
  const [state, text] = outcomes === undefined ? standing(plan) : ended(plan, outcomes);
  return { environment, revision, state, description: shortened(oneLine(text)) };
}

function standing(plan: Plan): [RevisionState, string] {
  const sending = changesToSend(plan);
  const [first] = sending;
  if (first === undefined) return resting(plan.changes);
  return ['pending', `${first.action} ${first.ref}${more(sending.length)}`];
}

function ended(plan: Plan, outcomes: readonly Outcome[]): [RevisionState, string] {
  const failed = outcomes.filter(({ state }) => state === 'failed' || state === 'rolled-back');
  const [first] = failed;
  if (first !== undefined) {
    const what = first.state === 'rolled-back' ? 'rolled back' : 'failed';
    return ['failed', `${first.ref} ${what}: ${first.message}${more(failed.length)}`];
  }
  const open = outcomes.filter(({ state, replan }) => state === 'unknown' || replan === true);
  const [waiting] = open;
  if (waiting !== undefined) return ['pending', `${waiting.ref}: ${waiting.message}${more(open.length)}`];
  const held = outcomes.filter(({ state }) => state === 'blocked');
  const [blocked] = held;
  if (blocked !== undefined) return ['held', `${blocked.ref}: ${blocked.message}${more(held.length)}`];
  const rest = resting(plan.changes);
  const done = outcomes.filter(({ action }) => action !== 'none').length;
  return rest[0] === 'live' && done > 0
    ? ['live', `${done} ${done === 1 ? 'change' : 'changes'} applied`]
    : rest;
}

/** Where nothing is sent. */
function resting(changes: readonly Change[]): [RevisionState, string] {
  const held = changes.filter(({ action }) => action === 'blocked');
  const failed = held.filter(({ reason }) => reason === FAILED_BEFORE);
  for (const [state, list] of [
    ['failed', failed],
    ['held', held],
  ] as const) {
    const [first] = list;
    if (first !== undefined) return [state, `${first.ref}: ${first.reason}${more(list.length)}`];
  }
  return ['live', 'all jobs are as in Git'];
}

function more(all: number): string {
  return all < 2 ? '' : ` (and ${all - 1} more)`;
}

/** The end of what is counted stays: it is the shorter half. */
function shortened(text: string): string {
  const characters = [...text];
  if (characters.length <= MOST_CHARACTERS) return text;
  const tail = / \(and \d+ more\)$/.exec(text)?.[0] ?? '';
  return `${characters.slice(0, MOST_CHARACTERS - tail.length - 1).join('')}…${tail}`;
}
