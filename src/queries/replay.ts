import type { SchedulerModel } from '../domain/job/scheduler-model.js';
import type { EntryRange } from '../domain/record/entry-range.js';
import { PLAN_FILE, type LedgerRecord } from '../domain/record/ledger-entry.js';
import type { DecisionDiff } from '../domain/record/plan/decision-diff.js';
import { replayPlan, type Planner, type Replayed } from '../domain/record/plan/replay-plan.js';
import { isObject, type JsonObject } from '../domain/source/json.js';
import type { Ledger } from '../ports/ledger.js';
import { entriesBetween, sequenceOf } from './entries-between.js';

/** A recorded plan that did not come out the same, or could not be made again. */
export interface ReplayFinding {
  /** The entry that has it. */
  commit: string;
  sequence: number;
  at: string;
  pass: string;
  revision: string;
  kind: Exclude<Replayed['kind'], 'equal'>;
  /** What is decided otherwise now. */
  differences?: DecisionDiff[];
  /** Why it could not be made again. */
  reason?: string;
}

export interface Replay {
  environment: string;
  /** Plans on record in the range, and how many of them came out how. */
  plans: number;
  equal: number;
  different: number;
  notKept: number;
  refused: number;
  /** Oldest first. */
  findings: ReplayFinding[];
}

export interface ReplayOptions {
  environment: string;
  ledger: Ledger;
  /** Models by the kinds of their schedulers. */
  kinds: ReadonlyMap<string, SchedulerModel>;
  range: EntryRange;
  /** Instead of the one that plans. */
  planner?: Planner;
  signal: AbortSignal;
}

/** Makes every recorded plan of a range again, from the ledger alone, and compares. */
export async function replayLedger(options: ReplayOptions): Promise<Replay> {
  const { environment, ledger, range, signal } = options;
  const replay: Replay = {
    environment,
    plans: 0,
    equal: 0,
    different: 0,
    notKept: 0,
    refused: 0,
    findings: [],
  };
  for await (const record of entriesBetween(ledger, range, signal)) {
    if (trailer(record, 'Towline-Input') === '') continue;
    const result = await replayed(record, options);
    replay.plans += 1;
    replay[COUNTED[result.kind]] += 1;
    if (result.kind !== 'equal') replay.findings.push(findingOf(record, result));
  }
  replay.findings.reverse();
  return replay;
}

const COUNTED = {
  equal: 'equal',
  different: 'different',
  'not-kept': 'notKept',
  refused: 'refused',
} as const;

async function replayed(
  record: LedgerRecord,
  { ledger, kinds, planner, signal }: ReplayOptions,
): Promise<Replayed> {
  const recorded = (await ledger.documents(record.commit, [PLAN_FILE], { signal })).get(PLAN_FILE);
  if (recorded === undefined) return { kind: 'refused', reason: `the entry has no ${PLAN_FILE}` };
  const problem = strayed(record, recorded);
  return problem === undefined ? replayPlan(recorded, kinds, planner) : { kind: 'refused', reason: problem };
}

/** What the message of the entry says of the plan must be so: both are written at once. */
function strayed(record: LedgerRecord, { inputDigest, plan }: JsonObject): string | undefined {
  if (trailer(record, 'Towline-Input') !== inputDigest)
    return `${PLAN_FILE} is not what the entry says that its plan was made of`;
  const digest = isObject(plan) ? plan['digest'] : undefined;
  return trailer(record, 'Towline-Plan') === digest
    ? undefined
    : `${PLAN_FILE} is another plan than the entry says`;
}

function findingOf(record: LedgerRecord, result: Exclude<Replayed, { kind: 'equal' }>): ReplayFinding {
  return {
    commit: record.commit,
    sequence: sequenceOf(record),
    at: record.at,
    pass: trailer(record, 'Towline-Pass'),
    revision: trailer(record, 'Towline-Revision'),
    kind: result.kind,
    ...(result.kind === 'different' ? { differences: result.differences } : {}),
    ...(result.kind === 'refused' ? { reason: result.reason } : {}),
  };
}

function trailer({ trailers }: LedgerRecord, name: string): string {
  return trailers.find(({ key }) => key === name)?.value ?? '';
}
