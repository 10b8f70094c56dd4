import type { SchedulerModel } from '../../job/scheduler-model.js';
import { schemaCheck } from '../../job/validate/schema-check.js';
import { makePlan } from '../../plan/make-plan.js';
import type { Plan } from '../../plan/plan.js';
import type { PlanInput } from '../../plan/plan-input.js';
import type { GatePolicy } from '../../plan/policy.js';
import { digest } from '../../source/digest.js';
import { canonicalJson, isObject, type Json, type JsonObject } from '../../source/json.js';
import { decisionDiff, type DecisionDiff } from './decision-diff.js';
import { inputOfJson } from './input-of-json.js';
import { planJson } from './plan-json.js';
import { ledgerPlanSchema } from './schema.js';

/** What came of making a recorded plan again. */
export type Replayed =
  | { kind: 'equal'; plan: JsonObject }
  | { kind: 'different'; plan: JsonObject; differences: DecisionDiff[] }
  /** Only the digest of what it was made of is on record. */
  | { kind: 'not-kept' }
  /** It can't be made again, for what is on record is not what was recorded, or not understood. */
  | { kind: 'refused'; reason: string };

export type Planner = (input: PlanInput, policy: GatePolicy) => Plan;

const check = schemaCheck(ledgerPlanSchema, 'plan');

/** Makes a recorded plan again, from what is on record of what it was made of, and compares the two byte for byte. */
export function replayPlan(
  recorded: Json,
  kinds: ReadonlyMap<string, SchedulerModel>,
  planner: Planner = makePlan,
): Replayed {
  const problem = problemOf(recorded);
  if (problem !== undefined || !isObject(recorded)) return { kind: 'refused', reason: problem ?? NO_OBJECT };
  const { input, plan } = recorded;
  if (!isObject(input) || !isObject(plan)) return { kind: 'not-kept' };
  if (digest(input) !== recorded['inputDigest'])
    return { kind: 'refused', reason: 'what it was made of does not have the digest that is on record' };
  const again = madeAgain(input, kinds, planner);
  if ('reason' in again) return { kind: 'refused', reason: again.reason };
  return canonicalJson(again.plan) === canonicalJson(plan)
    ? { kind: 'equal', plan: again.plan }
    : { kind: 'different', plan: again.plan, differences: decisionDiff(plan, again.plan) };
}

/** The plan of a recorded input, or why there is none. */
export function madeAgain(
  input: JsonObject,
  kinds: ReadonlyMap<string, SchedulerModel>,
  planner: Planner = makePlan,
): { plan: JsonObject } | { reason: string } {
  const read = inputOfJson(input, kinds);
  if ('reason' in read) return read;
  try {
    return { plan: planJson(planner(read.input, read.policy)) };
  } catch (error) {
    // The ledger is a branch that people can push to: what has the right form may still be no input.
    return { reason: `no plan can be made of it: ${error instanceof Error ? error.message : String(error)}` };
  }
}

const NO_OBJECT = 'it is no JSON object';

function problemOf(recorded: Json): string | undefined {
  if (!isObject(recorded)) return NO_OBJECT;
  const { version } = recorded;
  if (version !== 1)
    return `it has the form of version ${JSON.stringify(version ?? null)}, this program reads 1`;
  const [first] = check(recorded, (at) => ({ file: 'plan.json', pointer: at }));
  return first === undefined ? undefined : `${first.place.pointer ?? ''}: ${first.message}`;
}
