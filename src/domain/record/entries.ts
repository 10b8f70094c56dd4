import type { JobRef } from '../job/job-ref.js';
import type { Change, Plan } from '../plan/plan.js';
import { endsRestart, sendsNothing } from '../plan/obey-orders.js';
import { foundOf, openIntents } from './read-back.js';
import { nextSequence } from './sequence.js';
import { without } from './keyed.js';
import { digest } from '../source/digest.js';
import type { JsonObject } from '../source/json.js';
import {
  ledgerFile,
  type LedgerEntry,
  type LedgerIntent,
  type LedgerJob,
  type LedgerState,
  type RecordedPlan,
} from './ledger-entry.js';
import type { Outcome } from './outcome.js';

/** What is the same for both entries of a pass. */
export interface PassFacts {
  pass: string;
  trigger: string;
  actor: string;
  /** What a person allowed for this pass alone: `adopt=marathon:/shop/web`. */
  flags?: readonly string[];
  /** Index in Consul of the `.ref` that the plan was made from. */
  mirrorIndex?: number;
  /** The plan with what it was made of; for the first entry of the pass. */
  plan?: RecordedPlan;
  /** ISO 8601, UTC. */
  at: string;
}

/** The changes of a plan that will call a scheduler. */
export function changesToSend(plan: Plan): Change[] {
  return plan.changes.filter((c) => c.action !== 'none' && c.action !== 'blocked');
}

/** The entry before the first call: what is about to be done. After a crash it tells the next pass what to read back. */
export function intentEntry(plan: Plan, state: LedgerState | undefined, facts: PassFacts): LedgerEntry {
  const sending = changesToSend(plan);
  const named = new Set<JobRef>(sending.map((c) => c.ref));
  const kept = (state?.intents ?? []).filter((intent) => !named.has(intent.ref));
  const open = openIntents(state);
  return {
    ...common(plan, facts, true),
    phase: 'intent',
    outcomes: [],
    files: {},
    state: {
      ...base(plan, state, facts),
      intents: [...kept, ...sending.map((change) => announcedAgain(intentOf(change), open.get(change.ref)))],
    },
  };
}

/**
 * The entry after the last call: how each change ended. An intent stays open only where the end is not known. The tree
 * gets exactly what was sent.
 */
export function outcomeEntry(
  plan: Plan,
  outcomes: readonly Outcome[],
  state: LedgerState | undefined,
  facts: PassFacts,
): LedgerEntry {
  const changes = new Map(plan.changes.map((c) => [c.ref, c]));
  const jobs: Record<string, LedgerJob> = { ...state?.jobs };
  const files: Record<string, JsonObject | null> = {};
  const announced = openIntents(state);
  for (const outcome of outcomes) {
    const change = changes.get(outcome.ref);
    if (change === undefined) continue;
    // What is only read back now is the end of what was announced then.
    const intent = outcome.action === 'none' ? announced.get(outcome.ref) : undefined;
    const undone = intent !== undefined && foundOf(intent, change) !== 'done';
    settle(outcome, change, intent?.action ?? outcome.action, {
      plan,
      jobs,
      files,
      entry: { pass: facts.pass, sequence: nextSequence(state) },
      undone,
    });
  }
  const sent = new Set<JobRef>(changesToSend(plan).map((c) => c.ref));
  const open = new Set<JobRef>(outcomes.filter((o) => o.state === 'unknown').map((o) => o.ref));
  const ended = new Set<JobRef>(outcomes.map((o) => o.ref));
  const intents = (state?.intents ?? []).filter(
    ({ ref }) => open.has(ref) || !(sent.has(ref) || ended.has(ref)),
  );
  return {
    ...common(plan, facts, !sent.size),
    phase: 'outcome',
    outcomes: [...outcomes],
    files,
    state: {
      ...base(plan, state, facts),
      ...restartsLeft(outcomes, state, jobs),
      ...runsLeft(outcomes, state, jobs),
      ...approvalsLeft(plan, state),
      jobs,
      intents,
    },
  };
}

/**
 * A restart is done when the job's tasks were replaced, by that or by another change, however that ended. One that was
 * announced and is only judged now was sent.
 */
function restartsLeft(
  outcomes: readonly Outcome[],
  state: LedgerState | undefined,
  jobs: LedgerState['jobs'],
): Pick<LedgerState, 'restarts'> {
  const announced = openIntents(state);
  const done = outcomes.filter(
    (o) =>
      o.state !== 'blocked' &&
      o.state !== 'unknown' &&
      endsRestart(o.action === 'none' ? (announced.get(o.ref) ?? o) : o),
  );
  const restarts = without(state?.restarts, [
    ...done.map(({ ref }) => ref),
    ...ofNobody(state?.restarts, jobs),
  ]);
  return restarts === undefined ? {} : { restarts };
}

/** A run is done with when that was tried, however it ended: nobody wants it hours later. */
function runsLeft(
  outcomes: readonly Outcome[],
  state: LedgerState | undefined,
  jobs: LedgerState['jobs'],
): Pick<LedgerState, 'runs'> {
  const announced = openIntents(state);
  const done = outcomes.filter(({ ref, action, state: end }) => {
    if (end === 'blocked' || end === 'unknown') return false;
    const real = action === 'none' ? (announced.get(ref)?.action ?? action) : action;
    return real === 'trigger' || real === 'kill';
  });
  const runs = without(state?.runs, [...done.map(({ ref }) => ref), ...ofNobody(state?.runs, jobs)]);
  return runs === undefined ? {} : { runs };
}

/** What was ordered for jobs that are no longer on record: another job of the same name must not inherit it. */
function ofNobody(
  ordered: Readonly<Record<string, unknown>> | undefined,
  jobs: LedgerState['jobs'],
): string[] {
  return Object.keys(ordered ?? {}).filter((ref) => !Object.hasOwn(jobs, ref));
}

function settle(
  outcome: Outcome,
  change: Change,
  action: Change['action'],
  {
    plan,
    jobs,
    files,
    entry,
    undone,
  }: {
    plan: Plan;
    jobs: Record<string, LedgerJob>;
    files: Record<string, JsonObject | null>;
    entry: { pass: string; sequence: number };
    undone: boolean;
  },
): void {
  if (outcome.state === 'blocked') return;
  const path = ledgerFile(outcome.scheduler, outcome.kind, outcome.id);
  const gone = change.desired === undefined && outcome.state === 'applied';
  if (gone) {
    if (jobs[outcome.ref]?.file !== undefined) files[jobs[outcome.ref]?.file ?? path] = null;
    delete jobs[outcome.ref];
    return;
  }
  const before = jobs[outcome.ref];
  // Where no definition is sent, or none arrived, what was sent last stays what it is.
  const document =
    sendsNothing(action) || (undone && before?.file !== undefined)
      ? undefined
      : (outcome.sent ?? (outcome.state === 'applied' ? change.desired?.spec : undefined));
  if (document !== undefined) files[path] = document;
  const file = document === undefined ? before?.file : path;
  const stated = document === undefined ? before?.stated : outcome.stated;
  const failed = !sendsNothing(action) && (outcome.state === 'failed' || outcome.state === 'rolled-back');
  jobs[outcome.ref] = {
    scheduler: outcome.scheduler,
    kind: outcome.kind,
    id: outcome.id,
    ...(file === undefined ? {} : { file }),
    ...(stated === undefined ? {} : { stated }),
    revision: plan.revision,
    outcome: outcome.state,
    message: outcome.message,
    ...(outcome.version === undefined ? {} : { version: outcome.version }),
    ...(outcome.deploymentId === undefined ? {} : { deploymentId: outcome.deploymentId }),
    ...(outcome.httpStatus === undefined ? {} : { httpStatus: outcome.httpStatus }),
    action: outcome.action,
    ...entry,
    startedAt: outcome.startedAt,
    at: outcome.endedAt,
    ...(failed && change.desired !== undefined ? { failedDigest: digest(change.desired.spec) } : {}),
  };
}

function intentOf(change: Change): LedgerIntent {
  return {
    ref: change.ref,
    scheduler: change.scheduler,
    kind: change.kind,
    id: change.id,
    action: change.action,
    ...(change.desired === undefined ? {} : { desiredDigest: digest(change.desired.spec) }),
    ...(change.live?.version === undefined ? {} : { liveVersion: change.live.version }),
  };
}

/** What was live before the first try of the same counts, however often it is announced. */
function announcedAgain(intent: LedgerIntent, before: LedgerIntent | undefined): LedgerIntent {
  const same = before?.action === intent.action && before.desiredDigest === intent.desiredDigest;
  return !same || before.liveVersion === undefined ? intent : { ...intent, liveVersion: before.liveVersion };
}

function base(plan: Plan, state: LedgerState | undefined, { pass }: PassFacts): LedgerState {
  return {
    version: 1,
    environment: plan.environment,
    sequence: nextSequence(state),
    revision: plan.revision,
    trees: plan.trees,
    pass,
    jobs: state?.jobs ?? {},
    intents: [],
    ...(state?.paused === undefined ? {} : { paused: state.paused }),
    ...(state?.restarts === undefined ? {} : { restarts: state.restarts }),
    ...(state?.runs === undefined ? {} : { runs: state.runs }),
    ...(state?.mirror === undefined ? {} : { mirror: state.mirror }),
    ...(state?.approvals === undefined ? {} : { approvals: state.approvals }),
    ...(state?.vetoes === undefined ? {} : { vetoes: state.vetoes }),
    ...(state?.breakGlass === undefined ? {} : { breakGlass: state.breakGlass }),
  };
}

/** An approval is for one plan; once that has been carried out it is used up. */
function approvalsLeft(plan: Plan, state: LedgerState | undefined): Pick<LedgerState, 'approvals'> {
  if (state?.approvals === undefined) return {};
  return { approvals: state.approvals.filter((approval) => approval.plan !== plan.digest) };
}

function common(
  plan: Plan,
  { pass, trigger, actor, flags = [], mirrorIndex, plan: recorded, at }: PassFacts,
  isFirst: boolean,
): Omit<LedgerEntry, 'phase' | 'outcomes' | 'files' | 'state'> {
  return {
    environment: plan.environment,
    pass,
    planDigest: plan.digest,
    revision: plan.revision,
    trees: plan.trees,
    trigger,
    actor,
    ...(flags.length === 0 ? {} : { flags }),
    ...(mirrorIndex === undefined ? {} : { mirrorIndex }),
    decisions: plan.decisions,
    ...(recorded === undefined || !isFirst ? {} : { plan: recorded }),
    at,
  };
}
