import type { Job, ValidatedJob } from '../../job/job.js';
import type { JobRef } from '../../job/job-ref.js';
import type { ModelContext, SchedulerModel } from '../../job/scheduler-model.js';
import type { LiveJob } from '../../plan/plan.js';
import type { KnownJob, PlanInput } from '../../plan/plan-input.js';
import type { GatePolicy } from '../../plan/policy.js';
import type { JsonObject } from '../../source/json.js';

type Pairs<V> = [name: string, value: V][];
type WhichJobs = 'none' | 'all' | string[];

/** As `inputJson` writes it. */
interface KeptInput extends Omit<
  PlanInput,
  | ('desired' | 'rejected' | 'known' | 'unresolved' | 'unreadable' | 'schedulers' | 'since' | 'paused')
  | ('restarts' | 'runs' | 'adopt' | 'retry')
> {
  desired: (Omit<Job, 'source'> & { source: Omit<Job['source'], 'placeOf'> })[];
  rejected: Pairs<string>;
  known: Pairs<KnownJob>;
  unresolved: string[];
  unreadable: Pairs<string>;
  schedulers: Pairs<{ kind: string; context: ModelContext }>;
  since?: { touched: string[] };
  paused: PlanInput['paused'] extends ReadonlyMap<string, infer V> ? Pairs<V> : never;
  restarts: PlanInput['restarts'] extends ReadonlyMap<JobRef, infer V> ? Pairs<V> : never;
  runs: PlanInput['runs'] extends ReadonlyMap<JobRef, infer V> ? Pairs<V> : never;
  adopt: WhichJobs;
  retry: WhichJobs;
  policy: GatePolicy;
}

/**
 * What a plan was made of, read back; `json` has the form of the schema. The jobs were validated when that was recorded.
 * Says why not where a scheduler is of a kind that is not known here.
 */
export function inputOfJson(
  json: JsonObject,
  kinds: ReadonlyMap<string, SchedulerModel>,
): { input: PlanInput; policy: GatePolicy } | { reason: string } {
  const { policy, since, ...kept } = json as unknown as KeptInput;
  const schedulers = new Map<string, { model: SchedulerModel; context: ModelContext }>();
  for (const [name, { kind, context }] of kept.schedulers) {
    const model = kinds.get(kind);
    if (model === undefined) return { reason: `there is no scheduler of the kind "${kind}"` };
    schedulers.set(name, { model, context });
  }
  const desired = kept.desired.map(jobOf);
  const input: PlanInput = {
    ...kept,
    desired,
    schedulers,
    rejected: mapOf(kept.rejected),
    known: mapOf(kept.known),
    unresolved: setOf(kept.unresolved),
    unreadable: new Map(kept.unreadable),
    paused: new Map(kept.paused),
    restarts: mapOf(kept.restarts),
    runs: mapOf(kept.runs),
    adopt: typeof kept.adopt === 'string' ? kept.adopt : setOf(kept.adopt),
    retry: typeof kept.retry === 'string' ? kept.retry : setOf(kept.retry),
    ...(since === undefined ? {} : { since: sinceOf(since.touched, desired, kept.live) }),
  };
  return { input, policy };
}

function sinceOf(
  touched: readonly string[],
  desired: readonly ValidatedJob[],
  live: readonly LiveJob[],
): NonNullable<PlanInput['since']> {
  return {
    touched: setOf(touched),
    desired: new Map(desired.map((job) => [job.ref, job])),
    live: new Map(live.map((job) => [job.ref, job])),
  };
}

function jobOf({ source, ...job }: KeptInput['desired'][number]): ValidatedJob {
  const stated: Job = {
    ...job,
    source: { ...source, placeOf: (at) => ({ file: source.file, pointer: source.pointer + at }) },
  };
  return stated as ValidatedJob;
}

function mapOf<V>(pairs: Pairs<V>): Map<JobRef, V> {
  return new Map(pairs.map(([name, value]) => [name as JobRef, value]));
}

function setOf(names: readonly string[]): Set<JobRef> {
  return new Set(names.map((name) => name as JobRef));
}
