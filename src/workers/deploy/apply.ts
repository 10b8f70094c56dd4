import pLimit from 'p-limit';
import type { JobRef } from '../../domain/job/job-ref.js';
import type { Change, Plan } from '../../domain/plan/plan.js';
import type { Outcome } from '../../domain/record/outcome.js';
import type { Clock } from '../../ports/clock.js';
import { isoTime } from '../../ports/clock.js';
import type { Scheduler } from '../../ports/scheduler.js';
import { isAbort, messageOf } from '../../runtime/errors.js';
import type { Log } from '../../runtime/log.js';

export interface DeployPolicy {
  /** Changes of independent jobs carried out side by side. */
  concurrency: number;
  /** How long one change may take, in ms. */
  deadlineMs: number;
  onFailure: 'rollback' | 'leave';
  force: boolean;
}

export interface DeployTargets {
  environment: string;
  schedulers: ReadonlyMap<string, Scheduler>;
  policy: DeployPolicy;
  clock: Clock;
  log: Log;
  progress?: (ref: JobRef, text: string) => void;
  signal: AbortSignal;
}

/**
 * Carries out a plan: each change when those that it must come after have ended well, independent ones side by side.
 * A change that follows a failed one is not sent. Never throws for a change: what happened is in the outcomes; a change
 * that the signal cut off ends as `unknown`, one that was not begun has no outcome.
 */
export async function applyChanges(plan: Plan, targets: DeployTargets): Promise<Outcome[]> {
  const limit = pLimit(targets.policy.concurrency);
  const ended = new Map<JobRef, Promise<Outcome | undefined>>();
  for (const change of plan.changes) {
    if (change.action === 'blocked' || (change.action === 'none' && !change.unresolved)) continue;
    const before = change.after.flatMap((ref) => ended.get(ref) ?? []);
    ended.set(
      change.ref,
      Promise.all(before).then((outcomes) => limit(() => applyInTurn(change, outcomes, targets))),
    );
  }
  const outcomes = await Promise.all(ended.values());
  return outcomes.filter((outcome): outcome is Outcome => outcome !== undefined);
}

async function applyInTurn(
  change: Change,
  before: readonly (Outcome | undefined)[],
  targets: DeployTargets,
): Promise<Outcome | undefined> {
  if (targets.signal.aborted || before.includes(undefined)) return undefined;
  const startedAt = isoTime(targets.clock);
  const bad = before.find((outcome) => outcome !== undefined && outcome.state !== 'applied');
  if (bad !== undefined)
    return outcomeOf(
      change,
      'blocked',
      `waits for ${bad.ref}, which ended as ${bad.state}`,
      startedAt,
      targets.clock,
    );
  const log = targets.log.child({ jobRef: change.ref });
  log.info({ action: change.action, reason: change.reason }, 'applying');
  const outcome = await applyOne(change, startedAt, targets);
  const level = outcome.state === 'applied' ? 'info' : 'warn';
  log[level](
    { state: outcome.state, message: outcome.message, deploymentId: outcome.deploymentId },
    'applied',
  );
  return outcome;
}

async function applyOne(change: Change, startedAt: string, targets: DeployTargets): Promise<Outcome> {
  const { environment, schedulers, policy, clock, signal, progress } = targets;
  const scheduler = schedulers.get(change.scheduler);
  if (scheduler === undefined)
    return outcomeOf(change, 'blocked', `no scheduler is named "${change.scheduler}"`, startedAt, clock);
  if (change.desired === undefined && change.live === undefined) {
    return outcomeOf(change, 'applied', change.reason, startedAt, clock);
  }
  try {
    return await scheduler.apply(change, {
      environment,
      deadlineMs: policy.deadlineMs,
      onFailure: policy.onFailure,
      force: policy.force,
      signal,
      ...(progress === undefined ? {} : { progress: (text: string) => progress(change.ref, text) }),
    });
  } catch (error) {
    if (!isAbort(error) && !signal.aborted)
      targets.log.error({ err: error, jobRef: change.ref }, 'a scheduler broke its contract');
    return outcomeOf(change, 'unknown', `interrupted: ${messageOf(error)}`, startedAt, clock);
  }
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
