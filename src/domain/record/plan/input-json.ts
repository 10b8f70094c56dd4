import type { ValidatedJob } from '../../job/job.js';
import type { LiveJob } from '../../plan/plan.js';
import type { PlanInput } from '../../plan/plan-input.js';
import type { GatePolicy } from '../../plan/policy.js';
import type { Json, JsonObject } from '../../source/json.js';
import { plain, plainObject } from './plain.js';

/** What a plan is made of, as JSON. Every member of the input is named here, so that none can be forgotten. */
type InputJson = Record<keyof PlanInput | 'policy', Json | undefined>;

/** Everything that a plan is made of, and the policy of its gates. Maps and sets are lists, sorted. */
export function inputJson(input: PlanInput, policy: GatePolicy): JsonObject {
  const json: InputJson = {
    environment: input.environment,
    revision: input.revision,
    trees: plain(input.trees),
    desired: input.desired.map(jobJson),
    rejected: entries(input.rejected, String),
    complete: input.complete,
    live: input.live.map(liveJson),
    counts: input.counts === undefined ? undefined : plain(input.counts),
    known: entries(input.known),
    unresolved: refs(input.unresolved),
    unreadable: entries(input.unreadable, String),
    schedulers: entries(input.schedulers, ({ model, context: { now: _now, ...context } }) => ({
      kind: model.kind,
      context: plain(context),
    })),
    since: input.since === undefined ? undefined : { touched: refs(input.since.touched) },
    ignoreFields: plain(input.ignoreFields),
    together: plain(input.together),
    paused: entries(input.paused),
    restarts: entries(input.restarts),
    runs: entries(input.runs),
    adopt: typeof input.adopt === 'string' ? input.adopt : refs(input.adopt),
    retry: typeof input.retry === 'string' ? input.retry : refs(input.retry),
    now: input.now,
    facts: plain(input.facts),
    policy: plain(policy),
  };
  return plainObject(json);
}

/** A job of Git. Where exactly in its file each field stands is for people who mend it, and no plan depends on it. */
function jobJson({ ref, scheduler, kind, id, spec, source }: ValidatedJob): JsonObject {
  const { file, files, document, pointer } = source;
  return plainObject({ ref, scheduler, kind, id, spec, source: { file, files, document, pointer } });
}

function liveJson(job: LiveJob): JsonObject {
  const { ref, kind, id, spec, version, ownerLabel, beside, deploying, copy } = job;
  const json: Record<keyof LiveJob, Json | undefined> = {
    ref,
    kind,
    id,
    spec,
    version,
    ownerLabel,
    beside,
    deploying,
    copy,
  };
  return plainObject(json);
}

/** Pairs in the order of their names. */
function entries<V>(map: ReadonlyMap<string, V>, value: (each: V) => Json = plain): Json {
  return [...map].sort(byName).map(([name, each]) => [name, value(each)]);
}

function refs(set: ReadonlySet<string>): string[] {
  return [...set].sort();
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
