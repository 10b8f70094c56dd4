import { PLAN_FILE } from '../../domain/record/ledger-files.js';
import { digest } from '../../domain/source/digest.js';
import { isObject, type Json, type JsonObject } from '../../domain/source/json.js';
import type { AuditedEntry } from './entry.js';
import { valueOf } from './entry.js';
import type { Findings } from './findings.js';

/** Plans what a recorded input says once more. */
export type Replay = (recorded: JsonObject) => { digest: string } | { reason: string };

/** The plan that an entry keeps: made of what the entry says that it was made of, and the one that it says was carried out. */
export function checkPlan(
  entry: AuditedEntry,
  planText: string | undefined,
  replay: Replay | undefined,
  findings: Findings,
): void {
  const said = valueOf(entry, 'Towline-Input');
  if (said === undefined) return;
  const recorded = planText === undefined ? undefined : entry.parse(planText);
  if (!isObject(recorded)) {
    findings.add('plan', entry.id, `${PLAN_FILE}, which the entry speaks of, can't be read`);
    return;
  }
  const { inputDigest, input, plan } = recorded;
  findings.same('plan', entry.id, `${PLAN_FILE} was made of another input`, said, textOf(inputDigest));
  if (input !== undefined)
    findings.same('plan', entry.id, `the recorded input is not what its digest says`, said, digest(input));
  const carriedOut = valueOf(entry, 'Towline-Plan');
  const planned = isObject(plan) ? plan['digest'] : undefined;
  if (planned !== undefined)
    findings.same('plan', entry.id, 'the recorded plan is another one', carriedOut, textOf(planned));
  if (replay === undefined || input === undefined) return;
  const again = replay(recorded);
  if ('reason' in again) findings.notes.push(`${entry.id}: its plan can't be made again: ${again.reason}`);
  else findings.same('plan', entry.id, 'its input gives another plan', carriedOut, again.digest);
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
