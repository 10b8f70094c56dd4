import { changesToSend, intentEntry, outcomeEntry, type PassFacts } from '../../domain/record/entries.js';
import type { LedgerEntry, LedgerState, RecordedPlan } from '../../domain/record/ledger-entry.js';
import type { Outcome } from '../../domain/record/outcome.js';
import type { Plan } from '../../domain/plan/plan.js';
import type { PlanInput } from '../../domain/plan/plan-input.js';
import type { GatePolicy } from '../../domain/plan/policy.js';
import { recordedPlan } from '../../domain/record/recorded-plan.js';
import type { JobRef } from '../../domain/job/job-ref.js';
import { sameStatus, type JobStatus } from '../../domain/record/status.js';
import { kvJson, type KvLayout } from '../../domain/source/kv-layout.js';
import { isoTime } from '../../ports/clock.js';
import type { KvOperation, KvStore } from '../../ports/kv-store.js';
import type { Ledger } from '../../ports/ledger.js';
import type { HeldLock } from '../../ports/lock.js';
import { kindOf, TowlineError } from '../../runtime/errors.js';
import { retry } from '../../runtime/retry.js';
import { dropAnchor } from '../anchor.js';
import { appendAnew } from '../append.js';
import type { PassContext } from '../pass.js';
import type { DeployObserved, DeployPlan } from './plan.js';

/** How long recording may take once the pass itself was told to stop. */
export const RECORD_MS = 20_000;

/** What is kept of a plan's input, in bytes of JSON, where nothing else is configured. */
const KEEP_INPUT_BYTES = 4 * 1024 * 1024;

export interface RecordTargets {
  layout: KvLayout;
  kv: KvStore;
  ledger: Ledger;
  lock: HeldLock;
  /** What a plan was made of is kept up to this size, in bytes of JSON. */
  keepInputBytes?: number;
  /** The person or the machine that it runs as. */
  actor: string;
  /** What a person allowed for this pass alone. */
  adopt: PlanInput['adopt'];
  retry: PlanInput['retry'];
  policy: Pick<GatePolicy, 'prune'>;
}

/** Announces what is about to be sent. What can't be recorded is not done. */
export async function recordIntent(
  { plan }: DeployPlan,
  observed: DeployObserved,
  targets: RecordTargets,
  context: PassContext,
): Promise<void> {
  if (changesToSend(plan).length === 0) return;
  const facts = { ...factsOf(observed, targets, context), plan: planOf(plan, observed, targets) };
  await recorded(targets, context.signal, (state) => intentEntry(plan, state, facts));
}

/** Puts on record how the pass ended: the ledger first, then KV status. Runs on its own signal, also after a stop. */
export async function recordOutcome(
  deployPlan: DeployPlan,
  outcomes: readonly Outcome[],
  observed: DeployObserved,
  targets: RecordTargets,
  context: PassContext,
): Promise<StatusChanges> {
  const signal = AbortSignal.timeout(RECORD_MS);
  const { plan } = deployPlan;
  const announced = changesToSend(plan).length > 0;
  const belongs = outcomes.length > 0 || announced;
  if (belongs) {
    // With the first entry of the pass, which is this one where there was nothing to announce.
    const made = announced ? {} : { plan: planOf(plan, observed, targets) };
    const facts = { ...factsOf(observed, targets, context), ...made };
    await recorded(targets, signal, (state) =>
      outcomeEntry(plan, outcomes, state, { ...facts, at: isoTime(context.clock) }),
    );
  }
  if (targets.lock.lost.aborted) return new Map();
  if (belongs) await dropAnchor({ ...targets, log: context.log }, isoTime(context.clock), signal);
  const changes = statusChanges(deployPlan, outcomes, observed, context);
  await writeStatuses(
    [...changes].map(([ref, status]) => {
      const at = ref.indexOf(':');
      const key = targets.layout.status(ref.slice(0, at), ref.slice(at + 1));
      return status === undefined ? { verb: 'delete', key } : { verb: 'set', key, value: kvJson(status) };
    }),
    targets,
    signal,
  );
  return changes;
}

/** Statuses to write by their jobs; undefined: to remove. */
export type StatusChanges = Map<JobRef, JobStatus | undefined>;

async function recorded(
  { ledger }: RecordTargets,
  signal: AbortSignal,
  entry: (state: LedgerState | undefined) => LedgerEntry,
): Promise<void> {
  try {
    await retry(() => appendAnew(ledger, signal, entry), {
      signal,
      attempts: 4,
      minMs: 200,
      maxMs: 3000,
    });
  } catch (error) {
    throw new TowlineError(
      'ledger-unwritable',
      kindOf(error),
      `the ledger ${ledger.branch} can't be written`,
      {
        help: "What can't be recorded is not done. Repair the ledger's repository; see ledger.whenAway for one that is away.",
        cause: error,
      },
    );
  }
}

function statusChanges(
  { plan, standing, obsolete }: DeployPlan,
  outcomes: readonly Outcome[],
  observed: DeployObserved,
  context: PassContext,
): StatusChanges {
  const changes: StatusChanges = new Map();
  const common = { revision: plan.revision, plan: plan.id, pass: context.id, since: isoTime(context.clock) };
  const set = (ref: JobRef, status: JobStatus): void => {
    if (!sameStatus(observed.statuses.get(ref), status)) changes.set(ref, status);
  };
  for (const { change, state, message } of standing)
    set(change.ref, { ref: change.ref, ...common, action: change.action, state, message });
  for (const { ref, action, state, message } of outcomes) {
    const gone = state === 'applied' && plan.changes.some((c) => c.ref === ref && c.desired === undefined);
    if (gone) changes.set(ref, undefined);
    else set(ref, { ref, ...common, action, state, message });
  }
  for (const ref of obsolete) changes.set(ref, undefined);
  return changes;
}

async function writeStatuses(
  operations: readonly KvOperation[],
  { kv, lock }: RecordTargets,
  signal: AbortSignal,
): Promise<void> {
  const size = kv.limits.operations - 1;
  for (let at = 0; at < operations.length; at += size) {
    const result = await kv.transaction([lock.guard(), ...operations.slice(at, at + size)], { signal });
    if (!result.committed) {
      throw new TowlineError(
        'status-unwritable',
        'conflict',
        `KV status was not written: ${result.errors[0]?.message ?? ''}`,
        {
          details: result.errors,
        },
      );
    }
  }
}

function factsOf({ mirrorIndex }: DeployObserved, targets: RecordTargets, context: PassContext): PassFacts {
  const { id: pass, trigger, clock } = context;
  return { pass, trigger, actor: targets.actor, flags: flagsOf(targets), mirrorIndex, at: isoTime(clock) };
}

/** Flags of the command line that let more happen than configuration and orders do. */
function flagsOf({ adopt, retry, policy }: Pick<RecordTargets, 'adopt' | 'retry' | 'policy'>): string[] {
  const named = (flag: string, jobs: PlanInput['adopt']): string[] => {
    if (jobs === 'none') return [];
    return jobs === 'all' ? [`${flag}=*`] : [...jobs].map((ref) => `${flag}=${ref}`);
  };
  return [
    ...named('adopt', adopt),
    ...named('retry', retry),
    ...(policy.prune.allowed ? ['allow-prune'] : []),
  ];
}

function planOf(
  plan: Plan,
  { input, policy }: DeployObserved,
  { keepInputBytes = KEEP_INPUT_BYTES }: RecordTargets,
): RecordedPlan {
  return recordedPlan(input, policy, plan, { keepInputBytes });
}
