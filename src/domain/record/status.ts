import type { ChangeAction } from '../plan/plan.js';
import { isObject, type Json } from '../source/json.js';
import type { OutcomeState } from './outcome.js';

/** The value of `ENV/status/SCHEDULER/ID`: how a job stands, for people and dashboards that only see KV. */
export interface JobStatus {
  ref: string;
  revision: string;
  plan: string;
  pass: string;
  action: ChangeAction;
  state: OutcomeState;
  message: string;
  /** ISO 8601: since when it has been in this state with this message. */
  since: string;
}

/** A status read back; undefined where the value is none (it is only for show, nothing depends on it). */
export function parseStatus(bytes: Uint8Array): JobStatus | undefined {
  let value: Json;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes)) as Json;
  } catch {
    return undefined;
  }
  if (!isObject(value)) return undefined;
  const { ref, revision, plan, pass, action, state, message, since } = value;
  const texts = [ref, revision, plan, pass, action, state, message, since];
  if (!texts.every((text) => typeof text === 'string')) return undefined;
  return value as unknown as JobStatus;
}

/** True where writing `next` over `now` would tell nothing new; keeps `since` and leaves watchers asleep. */
export function sameStatus(now: JobStatus | undefined, next: JobStatus): boolean {
  return (
    now !== undefined &&
    now.state === next.state &&
    now.message === next.message &&
    now.action === next.action
  );
}
