import type { JobRef } from '../../domain/job/job-ref.js';
import type { SchedulerName } from '../../domain/job/job-ref.js';
import type { Diagnostic } from '../../domain/source/diagnostic.js';
import type { GatePolicy } from '../../domain/plan/policy.js';
import { makePlan } from '../../domain/plan/make-plan.js';
import { changesSomething, type Change, type Plan } from '../../domain/plan/plan.js';
import type { PlanInput } from '../../domain/plan/plan-input.js';
import type { LedgerState } from '../../domain/record/ledger-entry.js';
import type { JobStatus } from '../../domain/record/status.js';

export interface DeployObserved {
  input: PlanInput;
  diagnostics: Diagnostic[];
  policy: GatePolicy;
  /** Index in Consul of the `.ref` that it was read from. */
  mirrorIndex: number;
  /** What the ledger held when it was read. */
  state: LedgerState | undefined;
  /** KV status of each job, as it stands now. */
  statuses: ReadonlyMap<JobRef, JobStatus>;
}

/** A status that follows from the plan alone: nothing will be sent for this job. */
export interface StandingStatus {
  change: Change;
  state: 'applied' | 'blocked';
  message: string;
}

export interface DeployPlan {
  plan: Plan;
  diagnostics: Diagnostic[];
  unreadable: ReadonlyMap<SchedulerName, string>;
  /** Statuses in KV that are out of date although nothing is to be done. */
  standing: StandingStatus[];
  /** Jobs whose status is to be removed: neither Git nor the ledger knows them. */
  obsolete: JobRef[];
}

/** The deploy pass's plan: the changes of the environment, and the statuses that follow without any. */
export function planDeploy({ input, diagnostics, policy, statuses }: DeployObserved): DeployPlan {
  const plan = makePlan(input, policy);
  const standing: StandingStatus[] = [];
  const mentioned = new Set<JobRef>();
  for (const change of plan.changes) {
    mentioned.add(change.ref);
    const status = standingOf(change, statuses.get(change.ref));
    if (status !== undefined) standing.push(status);
  }
  const obsolete: JobRef[] = [];
  if (input.complete)
    for (const ref of input.since?.touched ?? statuses.keys())
      if (statuses.has(ref) && !mentioned.has(ref) && !input.known.has(ref) && !input.rejected.has(ref))
        obsolete.push(ref);
  return { plan, diagnostics, unreadable: input.unreadable, standing, obsolete };
}

/** True where neither a scheduler nor the ledger nor a status has to be told anything. */
export function nothingToDeploy({ plan, standing, obsolete }: DeployPlan): boolean {
  return !attempts(plan) && standing.length === 0 && obsolete.length === 0;
}

/** True where the pass belongs into the ledger: it sends something, or settles what an earlier pass left open. */
export function attempts(plan: Plan): boolean {
  return changesSomething(plan) || plan.changes.some((c) => c.action === 'none' && c.unresolved);
}

function standingOf(change: Change, now: JobStatus | undefined): StandingStatus | undefined {
  if (change.action === 'blocked') {
    return now?.state === 'blocked' && now.message === change.reason
      ? undefined
      : { change, state: 'blocked', message: change.reason };
  }
  if (change.action !== 'none' || change.unresolved || change.desired === undefined) return undefined;
  return now?.state === 'applied' ? undefined : { change, state: 'applied', message: change.reason };
}
