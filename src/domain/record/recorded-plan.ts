import type { SchedulerModel } from '../job/scheduler-model.js';
import type { Plan } from '../plan/plan.js';
import type { PlanInput } from '../plan/plan-input.js';
import type { GatePolicy } from '../plan/policy.js';
import { digestOfText } from '../source/digest.js';
import { canonicalJson, type JsonObject } from '../source/json.js';
import type { RecordedPlan } from './ledger-entry.js';
import { inputJson } from './plan/input-json.js';
import { planJson } from './plan/plan-json.js';
import { reducedInput } from './plan/reduce-input.js';
import { madeAgain } from './plan/replay-plan.js';

export interface RecordLimits {
  /** Of JSON: an input that is larger is only digested. */
  keepInputBytes: number;
}

/**
 * A plan for the record, with what it was made of: the part that it comes from, so that one change among ten thousand jobs
 * costs a few KB. Where that part alone does not give the very same plan, all of it. What is larger than the limit is
 * digested and not kept.
 */
export function recordedPlan(
  input: PlanInput,
  policy: GatePolicy,
  plan: Plan,
  { keepInputBytes }: RecordLimits,
): RecordedPlan {
  const made = planJson(plan);
  const part = textOf(reducedInput(input, plan), policy);
  if (!fits(part, keepInputBytes)) return withoutInput(part, made);
  const kept = sameAgain(part, made, input) ? part : textOf(input, policy);
  if (!fits(kept, keepInputBytes)) return withoutInput(kept, made);
  return {
    version: 1,
    inputDigest: digestOfText(kept),
    input: JSON.parse(kept) as JsonObject,
    plan: made,
  };
}

function textOf(input: PlanInput, policy: GatePolicy): string {
  return canonicalJson(inputJson(input, policy));
}

function fits(text: string, bytes: number): boolean {
  return Buffer.byteLength(text) <= bytes;
}

function withoutInput(text: string, plan: JsonObject): RecordedPlan {
  return { version: 1, inputDigest: digestOfText(text), plan };
}

/** Found out from the text, as it will be read back. */
function sameAgain(text: string, made: JsonObject, { schedulers }: PlanInput): boolean {
  const kinds = new Map<string, SchedulerModel>(
    [...schedulers.values()].map(({ model }) => [model.kind, model]),
  );
  const again = madeAgain(JSON.parse(text) as JsonObject, kinds);
  return 'plan' in again && canonicalJson(again.plan) === canonicalJson(made);
}
