import type { JobRef } from '../../domain/job/job-ref.js';
import type { ModelContext } from '../../domain/job/scheduler-model.js';
import type { Validation } from '../../domain/job/validate/index.js';
import type { RulePolicy } from '../../domain/job/validate/rule-policy.js';
import type { GateFacts, GatePolicy } from '../../domain/plan/policy.js';
import type { SecretMask } from '../../domain/plan/secrets/index.js';
import type { PlanInput } from '../../domain/plan/plan-input.js';
import type { LedgerState } from '../../domain/record/ledger-entry.js';
import { parseStatus, type JobStatus } from '../../domain/record/status.js';
import type { Revision } from '../../domain/source/revision.js';
import type { KvLayout } from '../../domain/source/kv-layout.js';
import { placeText } from '../../domain/source/diagnostic.js';
import type { KvStore } from '../../ports/kv-store.js';
import type { Clock } from '../../ports/clock.js';
import type { Ledger } from '../../ports/ledger.js';
import type { Scheduler } from '../../ports/scheduler.js';
import { declaredJobs, mirroredLayers, type Models } from '../../queries/declared.js';
import { readMirror, type MirrorState } from '../../queries/desired.js';
import { readLedger, type OnRecord } from '../../queries/known.js';
import { readLive } from '../../queries/live.js';
import { TowlineError } from '../../runtime/errors.js';
import { refresh, type DeployMemory } from './memory.js';
import type { DeployObserved } from './plan.js';

export interface DeploySources {
  layout: KvLayout;
  kv: KvStore;
  ledger: Ledger;
  schedulers: readonly Scheduler[];
  models: Models;
  rules: RulePolicy;
  /** The folders that the environment is made of, in order. */
  layers: readonly string[];
  policy: GatePolicy;
  /** What the gates have to know beside the plan: on record, and checked. */
  gateFacts: GateFactsReader;
  clock: Clock;
  ignoreFields: PlanInput['ignoreFields'];
  /** Hides what is secret from everything that is planned, shown and recorded. */
  secrets: SecretMask;
  together: PlanInput['together'];
  adopt: PlanInput['adopt'];
  retry: PlanInput['retry'];
}

/** Reads what gates have to know about a revision, from the state of the ledger on. */
export type GateFactsReader = (
  about: { state: LedgerState | undefined; revision: Revision },
  signal: AbortSignal,
) => Promise<GateFacts>;

/** Reads everything that the plan is made of, or what may have changed of it. Undefined where nothing was mirrored yet. */
export async function observeDeploy(
  sources: DeploySources,
  memory: DeployMemory,
  { signal, full }: { signal: AbortSignal; full: boolean },
): Promise<DeployObserved | undefined> {
  const { layout, kv, ledger, policy, adopt, retry } = sources;
  const { mirror: before } = memory;
  const mirror = await readMirror(kv, layout, {
    signal,
    full,
    layers: sources.layers,
    ...(before === undefined ? {} : { cache: before }),
  });
  // The files of a read that did not work out may be half of two revisions.
  memory.mirror = undefined;
  if (mirror.kind === 'absent') return undefined;
  if (mirror.kind !== 'whole') throw notWhole(mirror, sources);
  const { mirrorRef, files, held, refIndex } = mirror;
  memory.mirror = { mirrorRef, held };
  const onRecord = await readLedger(ledger, signal, memory.onRecord);
  memory.onRecord = onRecord;
  const { changed, unresolved, restarts, runs } = onRecord;
  memory.lookAgain(changed ?? [], unresolved, restarts.keys(), runs.keys());
  const models = await modelsNow(sources, memory, { signal, full });
  const declared = declaredJobs(mirroredLayers(mirrorRef.folders, files, memory.manifests), models, {
    cache: memory.manifests,
    rules: sources.rules,
  });
  const { live, unreadable, statuses, since } = await look(sources, memory, declared, {
    signal,
    // Where it is not known what is on record anew, anything may be.
    full: full || changed === undefined,
  });
  // Learned first: what was said of refused jobs may name them.
  for (const job of declared.rejected) sources.secrets.learn(job);
  const input = sources.secrets.input({
    environment: layout.environment,
    revision: mirrorRef.revision,
    trees: mirrorRef.folders.map(({ folder, tree }) => ({ folder, tree })),
    desired: declared.jobs,
    rejected: reasonsOf(declared),
    complete: declared.complete,
    live,
    known: withAnnounced(onRecord),
    unresolved: onRecord.unresolved,
    paused: onRecord.paused,
    restarts: onRecord.restarts,
    runs: onRecord.runs,
    unreadable,
    schedulers: models,
    ...(since === undefined ? {} : { since }),
    ignoreFields: sources.ignoreFields,
    together: sources.together,
    adopt,
    retry,
    now: sources.clock.now(),
    facts: await sources.gateFacts({ state: onRecord.state, revision: mirrorRef.revision }, signal),
  });
  const { diagnostics } = declared;
  return { input, diagnostics, policy, statuses, mirrorIndex: refIndex, state: onRecord.state };
}

/** The models, told the servers' versions; the same object while these are the same, because much is remembered for it. */
async function modelsNow(
  { models, schedulers }: DeploySources,
  memory: DeployMemory,
  { signal, full }: { signal: AbortSignal; full: boolean },
): Promise<Models> {
  const before = memory.models;
  if (!full && before !== undefined) return before;
  const now = await withVersions(models, schedulers, signal);
  const same =
    before !== undefined &&
    [...now].every(([name, { context }]) => before.get(name)?.context.version === context.version);
  return (memory.models = same ? before : now);
}

/** Live jobs and statuses: all of them, or of the last look with what may have changed since read anew. */
async function look(
  { schedulers, kv, layout }: DeploySources,
  memory: DeployMemory,
  declared: Validation,
  { signal, full }: { signal: AbortSignal; full: boolean },
): Promise<Pick<PlanInput, 'live' | 'unreadable' | 'since'> & Pick<DeployObserved, 'statuses'>> {
  const { seen } = memory;
  // Until this look is done nothing is known: one that is cut off half-way must not be taken for one.
  memory.seen = undefined;
  const touched = full || seen === undefined ? undefined : await refresh(seen, declared, schedulers, signal);
  if (seen !== undefined && touched !== undefined) {
    memory.seen = seen;
    memory.lookAgain(touched);
    const { live, desired, statuses } = seen;
    const since = { touched: new Set(memory.again), desired, live };
    return { live: [...live.values()], unreadable: new Map(), statuses, since };
  }
  const [{ live, unreadable }, statuses] = await Promise.all([
    readLive(schedulers, signal),
    readStatuses(kv, layout, signal),
  ]);
  if (unreadable.size === 0)
    memory.seen = {
      live: new Map(live.map((job) => [job.ref, job])),
      stale: new Set(),
      desired: new Map(declared.jobs.map((job) => [job.ref, job])),
      mark: declared.mark,
      statuses,
    };
  return { live, unreadable, statuses };
}

/** A job that was announced is on record by that, or nobody would look for one that has come to nothing. */
function withAnnounced({ known, state }: OnRecord): PlanInput['known'] {
  const more = (state?.intents ?? []).filter(({ ref }) => !known.has(ref));
  if (more.length === 0) return known;
  return new Map([
    ...known,
    ...more.map(({ ref, scheduler, kind, id }) => [ref, { scheduler, kind, id }] as const),
  ]);
}

function reasonsOf({ rejected, diagnostics }: Validation): Map<JobRef, string> {
  const reasons = new Map<JobRef, string>();
  for (const { ref, source } of rejected) {
    const first = diagnostics.find((d) => d.severity === 'error' && source.files.includes(d.place.file));
    reasons.set(
      ref,
      first === undefined ? `see ${source.file}` : `${placeText(first.place)}: ${first.message}`,
    );
  }
  return reasons;
}

/** A mirror that is not whole is never acted on. Both cases end by themselves when the mirror has done its pass. */
function notWhole(
  mirror: Exclude<MirrorState, { kind: 'whole' | 'absent' }>,
  { layout, layers }: Pick<DeploySources, 'layout' | 'layers'>,
): TowlineError {
  if (mirror.kind === 'incomplete') {
    return new TowlineError(
      'mirror-incomplete',
      'invalid',
      `the mirror of ${layout.environment} is being written (to ${mirror.to}); nothing is deployed from half a mirror`,
      {
        help: 'It goes on when the mirror has finished. If no mirror is running, start one: towline mirror.',
      },
    );
  }
  if (mirror.kind === 'other-layers') {
    const names = (folders: readonly string[]): string => folders.map((folder) => `"${folder}"`).join(', ');
    return new TowlineError(
      'mirror-layers',
      'invalid',
      `the mirror of ${layout.environment} was made of the folders ${names(mirror.held)}, this worker was told of ${names(layers)}`,
      {
        help: 'Mirror and deployer must have the same configuration: start the one again that has an old one.',
      },
    );
  }
  const keys = mirror.keys.length === 0 ? '' : ` Changed by hand: ${mirror.keys.slice(0, 5).join(', ')}.`;
  return new TowlineError('mirror-tampered', 'invalid', `refused: ${mirror.reason}.${keys}`, {
    help: 'Somebody edited mirrored keys. Change the job repository instead; the next mirror pass puts the keys right.',
    details: mirror.keys,
  });
}

async function readStatuses(
  kv: KvStore,
  layout: KvLayout,
  signal: AbortSignal,
): Promise<Map<JobRef, JobStatus>> {
  const { value } = await kv.list(layout.statusPrefix, { signal });
  const statuses = new Map<JobRef, JobStatus>();
  for (const entry of value) {
    const status = parseStatus(entry.value);
    if (status !== undefined) statuses.set(status.ref as JobRef, status);
  }
  return statuses;
}

/** Models know defaults by server version. A version that can't be asked for is simply not known. */
async function withVersions(
  models: Models,
  schedulers: readonly Scheduler[],
  signal: AbortSignal,
): Promise<Models> {
  const result = new Map(models);
  await Promise.all(
    schedulers.map(async (scheduler) => {
      const entry = models.get(scheduler.name);
      if (entry === undefined) return;
      const version = await versionOf(scheduler, signal);
      const context: ModelContext = version === undefined ? entry.context : { ...entry.context, version };
      result.set(scheduler.name, { model: entry.model, context });
    }),
  );
  return result;
}

async function versionOf(scheduler: Scheduler, signal: AbortSignal): Promise<string | undefined> {
  try {
    return (await scheduler.describe({ signal })).version;
  } catch (error) {
    // The scheduler's own reading reports why it does not answer; here only the version is missing.
    if (signal.aborted) throw error;
    return undefined;
  }
}
