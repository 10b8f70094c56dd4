import pLimit from 'p-limit';
import type { JobRef } from '../../domain/job/job-ref.js';
import type { Change, Plan } from '../../domain/plan/plan.js';
import type { LedgerIntent } from '../../domain/record/ledger-entry.js';
import type { SecretMask } from '../../domain/plan/secrets/index.js';
import type { Outcome } from '../../domain/record/outcome.js';
import { foundOf, foundText, wasTried } from '../../domain/record/read-back.js';
import type { Clock } from '../../ports/clock.js';
import { isoTime } from '../../ports/clock.js';
import type { ApplyOptions, Scheduler } from '../../ports/scheduler.js';
import { isAbort, messageOf } from '../../runtime/errors.js';
import type { Log } from '../../runtime/log.js';

export interface DeployPolicy extends Pick<
  ApplyOptions,
  'deadlineMs' | 'soakMs' | 'noOffersMs' | 'maxTaskFailures' | 'onFailure' | 'force'
> {
  /** Changes of independent jobs carried out side by side. */
  concurrency: number;
}

export interface DeployTargets {
  environment: string;
  schedulers: ReadonlyMap<string, Scheduler>;
  policy: DeployPolicy;
  /** Plans come without secrets; what is sent has them, what comes back loses them again. */
  secrets: SecretMask;
  clock: Clock;
  log: Log;
  /** What earlier passes announced, and never ended. */
  announced?: ReadonlyMap<JobRef, LedgerIntent>;
  progress?: { step(ref: JobRef, text: string): void; ended(outcome: Outcome): void };
  signal: AbortSignal;
}

/** What became of each change of a unit; undefined: it was not begun. */
type Ended = Map<JobRef, Outcome | undefined>;

/**
 * Carries out a plan: each change when those that it must come after have ended well, independent ones side by side.
 * A change that follows a failed one is not sent. Never throws for a change: what happened is in the outcomes; a change
 * that the signal cut off ends as `unknown`, one that was not begun has no outcome.
 */
export async function applyChanges(plan: Plan, targets: DeployTargets): Promise<Outcome[]> {
  const limit = pLimit(targets.policy.concurrency);
  const ended = new Map<JobRef, Promise<Ended>>();
  const units = unitsOf(plan);
  // A set begins when the last of its members could, so that everything that it waits for is known by then.
  for (const unit of units) {
    const before = [...new Set(unit.flatMap(({ after }) => after))].flatMap((ref) => {
      const ending = ended.get(ref);
      return ending === undefined ? [] : [ending.then((all) => all.get(ref))];
    });
    const ending = Promise.all(before).then((outcomes) => limit(() => applyInTurn(unit, outcomes, targets)));
    for (const { ref } of unit) ended.set(ref, ending);
  }
  const endings = await Promise.all(new Set(ended.values()));
  return endings.flatMap((all) => [...all.values()].filter((outcome) => outcome !== undefined));
}

/** Single changes, and sets that are changed as one, in an order that respects what they wait for. */
function unitsOf({ changes }: Plan): Change[][] {
  const units: Change[][] = [];
  const sets = new Map<string, Change[]>();
  for (const change of changes) {
    if (change.action === 'blocked' || (change.action === 'none' && !change.unresolved)) continue;
    if (change.together === undefined) units.push([change]);
    else {
      const key = `${change.scheduler} ${change.together}`;
      sets.set(key, [...(sets.get(key) ?? []), change]);
    }
  }
  return inOrder([...units, ...sets.values()]);
}

function inOrder(units: readonly Change[][]): Change[][] {
  const unitOf = new Map(units.flatMap((unit) => unit.map(({ ref }) => [ref, unit] as const)));
  const done = new Set<Change[]>();
  const sorted: Change[][] = [];
  const visit = (unit: Change[]): void => {
    if (done.has(unit)) return;
    done.add(unit);
    for (const ref of unit.flatMap(({ after }) => after)) {
      const before = unitOf.get(ref);
      if (before !== undefined) visit(before);
    }
    sorted.push(unit);
  };
  units.forEach(visit);
  return sorted;
}

async function applyInTurn(
  unit: readonly Change[],
  before: readonly (Outcome | undefined)[],
  targets: DeployTargets,
): Promise<Ended> {
  const { clock, signal } = targets;
  const all = (of: (change: Change) => Outcome | undefined): Ended =>
    new Map(unit.map((change) => [change.ref, of(change)]));
  if (signal.aborted || before.includes(undefined)) return all(() => undefined);
  const startedAt = isoTime(clock);
  const bad = before.find((outcome) => outcome !== undefined && outcome.state !== 'applied');
  if (bad !== undefined)
    return all((change) =>
      outcomeOf(change, 'blocked', `waits for ${bad.ref}, which ended as ${bad.state}`, startedAt, clock),
    );
  for (const { ref, action, reason } of unit) targets.log.info({ jobRef: ref, action, reason }, 'applying');
  const tried = unit.find((change) => isTried(change, targets));
  const outcomes =
    tried === undefined
      ? (await applyMasked(unit, startedAt, targets)).map((outcome) => readBack(outcome, unit, targets))
      : unit.map((change) => notAgain(change, tried, startedAt, clock));
  for (const { ref, state, message, deploymentId } of outcomes)
    targets.log[state === 'applied' ? 'info' : 'warn'](
      { jobRef: ref, state, message, deploymentId },
      'applied',
    );
  for (const outcome of outcomes) targets.progress?.ended(outcome);
  return new Map(outcomes.map((outcome) => [outcome.ref, outcome]));
}

/** Sends what the documents really say, and answers what may be recorded of it. */
async function applyMasked(
  unit: readonly Change[],
  startedAt: string,
  targets: DeployTargets,
): Promise<Outcome[]> {
  const { secrets, progress } = targets;
  const byRef = new Map(unit.map((change) => [change.ref, change]));
  const outcomes = await applyUnit(
    unit.map((change) => secrets.change(change)),
    startedAt,
    {
      ...targets,
      ...(progress === undefined
        ? {}
        : {
            progress: { ended: progress.ended, step: (ref, text) => progress.step(ref, secrets.text(text)) },
          }),
    },
  );
  return outcomes.map((outcome) => masked(outcome, byRef.get(outcome.ref), secrets));
}

function masked(outcome: Outcome, change: Change | undefined, secrets: SecretMask): Outcome {
  const { sent, stated, message } = outcome;
  const about = { ...outcome, files: change?.desired?.source.files };
  return {
    ...outcome,
    message: secrets.text(message),
    ...(sent === undefined ? {} : { sent: secrets.document(about, sent) }),
    ...(stated === undefined ? {} : { stated: secrets.document(about, stated) }),
  };
}

async function applyUnit(
  unit: readonly Change[],
  startedAt: string,
  { environment, schedulers, policy, clock, signal, announced, progress, log }: DeployTargets,
): Promise<Outcome[]> {
  const same = (state: Outcome['state'], message: string): Outcome[] =>
    unit.map((change) => outcomeOf(change, state, message, startedAt, clock));
  const [first] = unit;
  if (first === undefined) return [];
  const scheduler = schedulers.get(first.scheduler);
  if (scheduler === undefined) return same('blocked', `no scheduler is named "${first.scheduler}"`);
  if (first.desired === undefined && first.live === undefined) return same('applied', first.reason);
  const { concurrency: _concurrency, ...judging } = policy;
  const optionsOf = (ref: JobRef, intent = announced?.get(ref)): ApplyOptions => ({
    environment,
    ...judging,
    signal,
    ...(intent === undefined ? {} : { announced: intent }),
    ...(progress === undefined ? {} : { progress: (text: string) => progress.step(ref, text) }),
  });
  try {
    if (unit.length === 1) return [await scheduler.apply(first, optionsOf(first.ref))];
    return scheduler.applyTogether === undefined
      ? same('blocked', `${first.scheduler} can't change several jobs as one`)
      : await scheduler.applyTogether(unit, optionsOf(first.ref));
  } catch (error) {
    if (!isAbort(error) && !signal.aborted)
      log.error({ err: error, jobRef: first.ref }, 'a scheduler broke its contract');
    return same('unknown', `interrupted: ${messageOf(error)}`);
  }
}

function isTried(change: Change, { announced }: DeployTargets): boolean {
  const intent = announced?.get(change.ref);
  return intent !== undefined && wasTried(intent, change);
}

/** What was sent by a pass that came to no end, and is not there any more, is not sent once more on a guess. */
function notAgain(change: Change, tried: Change, startedAt: string, clock: Clock): Outcome {
  if (change !== tried)
    return outcomeOf(change, 'blocked', `is changed together with ${tried.ref}`, startedAt, clock);
  const message = `${foundText('unknown')}; it was announced before, and something else is live now than before or after it: not sent again, see --retry`;
  return outcomeOf(change, 'failed', message, startedAt, clock);
}

/** Says first how that was found which an earlier pass left open. */
function readBack(outcome: Outcome, unit: readonly Change[], { announced }: DeployTargets): Outcome {
  const intent = announced?.get(outcome.ref);
  const change = unit.find(({ ref }) => ref === outcome.ref);
  if (intent === undefined || change === undefined || outcome.state === 'unknown') return outcome;
  return { ...outcome, message: `${foundText(foundOf(intent, change))}; ${outcome.message}` };
}

function outcomeOf(
  { ref, scheduler, kind, id, action }: Change,
  state: Outcome['state'],
  message: string,
  startedAt: string,
  clock: Clock,
): Outcome {
  return { ref, scheduler, kind, id, action, state, message, startedAt, endedAt: isoTime(clock) };
}
